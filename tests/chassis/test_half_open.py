"""What a client locked that fell silent between a statement's text and its values becomes free."""

from typing import Any

import asyncpg
import pytest

from chassis import half_open
from deploy.local.provision import DatabaseUrls
from tests.chassis.kafka import MakeSample, running, until

TEXT_WITHOUT_VALUES = b"P\x00\x00\x00\x10\x00SELECT 1\x00\x00\x00" + b"H\x00\x00\x00\x04"
"""Parse and Flush, without the Sync that would end the statement: what asyncpg sends first."""
LOCK = 4712


async def test_a_session_in_the_middle_of_a_statement_is_ended(
    make_sample: MakeSample, sample_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the limit for idle transactions nor the one for statements ends it: tried with a second for each."""
    monkeypatch.setattr(half_open, "LOOK_SECONDS", 0.5)
    limits = {"idle_in_transaction_session_timeout": "1000", "statement_timeout": "1000"}
    other = await asyncpg.connect(sample_urls.worker)
    for url in (sample_urls.worker, sample_urls.app):
        silent: Any = await asyncpg.connect(url, server_settings=limits)
        await silent.execute("BEGIN")
        await silent.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
        silent._transport.write(TEXT_WITHOUT_VALUES)
        with pytest.raises(AssertionError):
            await until(lambda: other.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK), 3)
        monkeypatch.setattr(half_open, "SILENT_SECONDS", 3.0)
        async with running(make_sample()):
            await until(lambda: other.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK), 20)
        silent.terminate()
    await other.close()
