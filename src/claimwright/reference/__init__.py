"""What a reference page says beside the tables: callouts, scenarios, history and comparison, all derived from data."""
