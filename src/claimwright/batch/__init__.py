"""Claims by the million: the same rules as `check`, in columns. Imports pyarrow where a file is read or written."""
