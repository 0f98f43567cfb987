"""Claims as people write them, and as kernels read them. Nothing here judges."""
