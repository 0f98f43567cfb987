"""Rules over claims that bring their note: one module a rule. Wording is "the note does not show", never "wrong"."""
