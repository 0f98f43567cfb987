"""Plain questions about coverage: what is understood of them, and the answer in sections with its sources."""
