"""Text to facts with spans, and facts to candidate codes with the path a coder would walk. It suggests and proves."""
