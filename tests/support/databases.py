"""A fresh, migrated database for each test, cloned from a template that is migrated once."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from deploy.local.home import CHECKOUT
from deploy.local.postgres import Postgres
from deploy.local.provision import ROLE_KINDS, DatabaseUrls, own_schema, provision_database
from deploy.local.waiting import run_async


class DatabaseFor(Protocol):
    """The fixture `database_for`."""

    def __call__(self, service: str, *, migrated: bool = True) -> DatabaseUrls:
        """A database of the test's own."""


_numbers = itertools.count(1)


def role_passwords(postgres: Postgres, service: str) -> dict[str, str]:
    """Passwords of a service's roles on this server, by kind."""
    return {kind: postgres.home.secret(f"{service}_{kind}") for kind in ROLE_KINDS}


@dataclass
class Databases:
    """Makes databases on one server and drops them again."""

    postgres: Postgres
    migrate: Callable[[str, str], None]
    _prepared: dict[str, DatabaseUrls] = field(default_factory=dict)
    _migrated: set[str] = field(default_factory=set)

    def create(self, service: str, *, migrated: bool = True) -> DatabaseUrls:
        """A new database with the service's schema (or, not migrated, none), and its three addresses."""
        template = service if migrated else "template1"
        urls = self._prepare(service)
        if migrated and service not in self._migrated and (CHECKOUT / "services" / service / "migrations").is_dir():
            self.migrate(service, urls.owner)
            self._migrated.add(service)
        name = f"test_{service}_{next(_numbers)}"
        run_async(
            self._execute(
                f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER "{service}_owner"',
                f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
                f'GRANT CONNECT ON DATABASE "{name}" TO "{service}_app", "{service}_worker"',
            )
        )
        if not migrated:
            run_async(own_schema(self.postgres.url(name), service))
        return urls.for_database(name)

    def drop(self, urls: DatabaseUrls) -> None:
        """Remove a database, also when connections to it were left open."""
        run_async(self._execute(f'DROP DATABASE IF EXISTS "{urls.owner.rsplit("/", 1)[1]}" WITH (FORCE)'))

    def _prepare(self, service: str) -> DatabaseUrls:
        if service not in self._prepared:
            passwords = role_passwords(self.postgres, service)
            self._prepared[service] = run_async(provision_database(self.postgres.url(), service, passwords))
        return self._prepared[service]

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.postgres.url())
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
