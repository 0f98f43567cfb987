"""The flags of CMS's Medicare Code Editor. Apart from the reader: a check needs the names, never the file."""

from __future__ import annotations

FLAGS = (
    "ecodepdx", "unspecified", "unacceptable", "maternity", "adult", "pediatric", "newborn",
    "manifestation", "diabtypeI", "qadm", "delout", "ncov6", "ncov7", "ncov_z302", "clintrial",
    "wrngproc", "reqsdx", "female", "male",
)  # fmt: skip
"""Every diagnosis flag of MCE v44, in the order of its bit in the book."""

PROCEDURE_FLAGS = (
    "noncovered", "lcov", "ncov_z302", "ncov6", "ncov7", "ncov45", "ncov12agele60", "kidneyxp", "lcov_artheartxpa",
    "lcov_artheartxpb", "vagdel", "csect", "los", "female", "male",
)  # fmt: skip
"""Every procedure flag of MCE v44, in the order of its bit in the book."""
