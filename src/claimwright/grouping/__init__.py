"""Groupers: the MS-DRG of an inpatient claim, the CMS-HCC score of a person, and why."""
