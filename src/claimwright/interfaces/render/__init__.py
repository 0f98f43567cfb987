"""A record as a page: `page` says what stands on it, one module for each form writes it down."""
