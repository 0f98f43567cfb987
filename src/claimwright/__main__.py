"""`python -m claimwright` is the command `claimwright`."""

from claimwright.interfaces.cli import main

if __name__ == "__main__":
    main()
