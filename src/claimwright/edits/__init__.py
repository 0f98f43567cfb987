"""Rules: each declares a relation over the book and explains one hit of it."""
