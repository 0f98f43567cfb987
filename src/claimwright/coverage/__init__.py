"""Policies as data, judged in three values: met, not met, not documented. It asks for facts by id and reads no note."""
