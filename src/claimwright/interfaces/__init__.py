"""Ways in: parse what is asked, call the engine or the book, render the answer. Nothing is decided here."""
