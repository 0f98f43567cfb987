"""Layouts of the editorial database, one step after the other."""
