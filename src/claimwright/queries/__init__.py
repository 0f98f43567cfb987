"""Questions to the clinician, from findings and missing facts, each proved not to lead."""
