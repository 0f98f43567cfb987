"""The first layout: users, sessions, keys, articles, versions, transitions, audit."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_WORKING = "state IN ('draft', 'submitted', 'under review', 'returned')"
_STANDING = "state IN ('approved', 'needs review')"


def _moment(name: str, empty: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=empty)


def _words(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _of(name: str, table: str, rule: str, empty: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.id", ondelete=rule), nullable=empty)


def upgrade() -> None:
    """Make every table."""
    _people()
    _articles()


def _people() -> None:
    op.create_table(
        "users",
        _number(),
        _words("name", 100),
        sa.Column("key", sa.String(200), nullable=False, unique=True),
        _words("password", 300),
        _words("role", 20),
        sa.Column("active", sa.Boolean, nullable=False),
        _moment("created"),
    )
    op.create_table(
        "sessions",
        _number(),
        sa.Column("token", sa.String(64), nullable=False, unique=True),
        _of("user_id", "users", "CASCADE"),
        _moment("created"),
        _moment("seen"),
        _moment("expires"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table("failures", _number(), _words("about", 64), _moment("at"))
    op.create_index("ix_failures_about_at", "failures", ["about", "at"])
    op.create_table(
        "api_keys",
        _number(),
        _of("user_id", "users", "CASCADE"),
        _words("label", 100),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        _moment("created"),
        _moment("revoked", empty=True),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])
    op.create_table("audit", _number(), _moment("at"), _words("who", 100), _words("what", 60), _words("subject", 200))
    op.create_index("ix_audit_at", "audit", ["at"])


def _articles() -> None:
    op.create_table(
        "articles",
        _number(),
        sa.Column("slug", sa.String(100), nullable=False, unique=True),
        _words("kind", 40),
        _words("code", 20),
        _words("procedure", 20),
        _words("title", 300),
        sa.Column("review_due", sa.Date, nullable=True),
        _moment("created"),
    )
    op.create_table(
        "versions",
        _number(),
        _of("article_id", "articles", "CASCADE"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _words("sha256", 64),
        _of("author_id", "users", "RESTRICT", empty=True),
        _words("author", 100),
        sa.Column("seed", sa.Boolean, nullable=False),
        _moment("created"),
        _words("state", 20),
        _moment("approved", empty=True),
        sa.UniqueConstraint("article_id", "number", name="uq_versions_article_id"),
    )
    op.create_index("ix_versions_article_id", "versions", ["article_id"])
    for name, where in (("one_worked_on", _WORKING), ("one_standing", _STANDING)):
        op.create_index(
            name, "versions", ["article_id"], unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        "transitions",
        _number(),
        _of("version_id", "versions", "CASCADE"),
        _words("before", 20),
        _words("after", 20),
        _words("action", 20),
        _of("user_id", "users", "RESTRICT", empty=True),
        _words("who", 100),
        _moment("at"),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("ix_transitions_version_id", "transitions", ["version_id"])


def downgrade() -> None:
    """Drop every table, and all that people wrote."""
    for table in ("transitions", "versions", "articles", "audit", "api_keys", "failures", "sessions", "users"):
        op.drop_table(table)
