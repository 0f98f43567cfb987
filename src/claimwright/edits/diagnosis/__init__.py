"""Rules over the diagnoses of a claim, one module each."""
