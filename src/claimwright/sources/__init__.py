"""Official files as typed rows: one module per format, each refusing what it does not know."""
