"""Texts by people and their review: versions, states, users, and who did what and when."""
