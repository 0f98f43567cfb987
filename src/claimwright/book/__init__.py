"""The book: official tables compiled into one place, opened read-only, answering look-ups."""
