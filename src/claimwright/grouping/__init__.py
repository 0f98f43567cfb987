"""Groupers: the MS-DRG of an inpatient claim, and why."""
