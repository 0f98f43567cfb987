// Small conveniences of every page; all pages read without them.
