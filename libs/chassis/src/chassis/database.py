"""The service's own PostgreSQL: transactions that can see only what the caller's rights reach.

Row security reads `app.roots`, the locations at which the caller holds the capability in use, `app.sensitive_roots`,
those at which sensitive rows are shown too, and on the audit record `app.subject`. They are set for one transaction, by
bind parameters, here and nowhere else. Without them every protected table is empty.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["DATABASE_TROUBLE", "Database", "DatabaseUnfit"]

DATABASE_TROUBLE = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What comes out while the database is away, restarts or refuses; asyncpg's own while a connection is being made."""


class DatabaseUnfit(RuntimeError):
    """The database is not one that this service may serve from: wrong role, or an old schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A pool of connections of the serving role."""

    engine: AsyncEngine

    @classmethod
    def connect(cls, url: str, *, pool_size: int) -> "Database":
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            # The one given back last first: a connection that has planned a service's statements takes 10 to 25 MB, and
            # in turn each would.
            pool_use_lifo=True,
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False),
            connect_args={"timeout": 10},
        )
        return cls(engine=engine)

    @asynccontextmanager
    async def transaction(
        self, roots: Iterable[str], *, sensitive: Iterable[str] | None = None, subject: str = ""
    ) -> AsyncIterator[AsyncConnection]:
        """One transaction that sees the rows at `roots` and below, and published rows; committed at the end.

        Sensitive rows are seen at `sensitive` and below. A decision is made on all that its right reaches, so without
        `sensitive` they are seen wherever the others are; who reads for a person gives that person's.
        With a `subject` it also sees what that person did, in the audit record.
        """
        kept = sorted(roots)
        settings = {
            "roots": ",".join(kept),
            "sensitive": ",".join(kept if sensitive is None else sorted(sensitive)),
            "subject": subject,
        }
        async with self.engine.connect() as connection, connection.begin():
            await connection.execute(
                text(
                    "SELECT set_config('app.roots', :roots, true), set_config('app.sensitive_roots', :sensitive, true),"
                    " set_config('app.subject', :subject, true)"
                ),
                settings,
            )
            yield connection

    async def verify(self, *, expected_revision: str) -> None:
        """Refuse to serve as a role that row security does not bind, or on another schema than this code's.

        Refuses, in order: a superuser or BYPASSRLS role; a role that owns tables; a schema at another revision.
        """
        async with self.engine.connect() as connection:
            role = (
                await connection.execute(
                    text(
                        "SELECT rolname, rolsuper OR rolbypassrls AS above_rules, EXISTS (SELECT FROM pg_class c"
                        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
                        " AND c.relowner = r.oid) AS owns_tables FROM pg_roles r WHERE rolname = current_user"
                    )
                )
            ).one()
            if role.above_rules:
                message = f"role {role.rolname} is above row security; serve as a role that is bound by it"
                raise DatabaseUnfit(message)
            if role.owns_tables:
                message = f"role {role.rolname} owns tables; the role that migrates must not be the role that serves"
                raise DatabaseUnfit(message)
            found = await connection.scalar(text("SELECT to_regclass('public.alembic_version')"))
            revision = await connection.scalar(text("SELECT version_num FROM alembic_version")) if found else None
            if revision != expected_revision:
                message = f"schema is at revision {revision}, this code needs {expected_revision}: run `migrate` first"
                raise DatabaseUnfit(message)

    async def close(self) -> None:
        await self.engine.dispose()
