"""Tools for people who work on claimwright; not part of the package."""
