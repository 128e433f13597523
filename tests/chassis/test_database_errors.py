"""Which errors of the database are the outside's, so that the same is tried again, and which are the data's."""

import asyncpg
import httpx
import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.database import is_transient


def _wrapped(cause: Exception) -> DBAPIError:
    """As SQLAlchemy hands on what its driver raised."""
    orig = Exception("of the dialect")
    orig.__cause__ = cause
    return DBAPIError("SELECT 1", None, orig)


@pytest.mark.parametrize(
    ("error", "transient"),
    [
        (ConnectionRefusedError(), True),
        (FileNotFoundError(), False),
        (PoolTimeout(), True),
        (httpx.ConnectError("refused"), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.DeadlockDetectedError(), True),
        (asyncpg.UniqueViolationError(), False),
        (asyncpg.InterfaceError("connection is closed"), True),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True),
        (ValueError(), False),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_may_be_tried_again(error: Exception, transient: bool) -> None:
    assert is_transient(error) is transient
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        assert is_transient(_wrapped(error)) is transient
