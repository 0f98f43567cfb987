"""Runs the steps inside the transaction of the database that calls for them."""

from __future__ import annotations

from alembic import context

from claimwright.editorial.schema import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, transactional_ddl=True
)
context.run_migrations()
