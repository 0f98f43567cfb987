"""Rules on procedures: one module a rule."""
