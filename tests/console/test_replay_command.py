"""`sinergi replay` as an operator calls it, in the environment of a service's own process."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from deploy.local.kafka import Kafka
from deploy.local.provision import create_topics
from deploy.local.waiting import run_async
from tests.support.databases import DatabaseFor
from tests.support.service import TestIssuer, settings_for

Replay = Callable[..., tuple[int, str]]


@pytest.fixture
def replay(database_for: DatabaseFor, issuer: TestIssuer, tmp_path: Path) -> Replay:
    """Runs the command for a service on a database of its own; exit code and what it said."""

    def run(service: str, *options: str, bootstrap_servers: str = "127.0.0.1:1") -> tuple[int, str]:
        urls = database_for(service)
        environment = {key.upper(): str(value) for key, value in settings_for(urls, issuer, tmp_path).items()}
        environment |= {"OWNER_DATABASE_URL": urls.owner, "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers}
        result = CliRunner().invoke(app, ["replay", service, *options], env=environment)
        return result.exit_code, " ".join(result.output.split())

    return run


@pytest.mark.parametrize("service", ["registry", "training", "disbursement", "followup", "notifications"])
def test_state_is_no_projection(replay: Replay, service: str) -> None:
    code, said = replay(service)
    assert (code, f"{service} has no declared projection" in said) == (1, True)


def test_without_a_broker_nothing_is_touched(replay: Replay) -> None:
    code, said = replay("console")
    assert code == 1
    assert "Kafka at 127.0.0.1:1 does not answer" in said
    assert "The live generation is as it was." in said


def test_totals_are_shown_before_the_switch_and_there_is_a_way_back(replay: Replay, kafka: Kafka) -> None:
    from contracts.catalogue import TOPICS

    run_async(create_topics(kafka.bootstrap_servers, TOPICS))
    code, said = replay("console", bootstrap_servers=kafka.bootstrap_servers)
    assert code == 0, said
    for line in ("case_event", "person_region", "events heard", "messages parked", "Equal."):
        assert line in said


def test_there_is_no_way_back_before_the_first_switch(replay: Replay) -> None:
    code, said = replay("console", "--back")
    assert (code, "There is no generation of cases before the live one" in said) == (1, True)
