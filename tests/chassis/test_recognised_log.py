"""Which log it is, is asked once on each connection, and never behind the question for records."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup

from chassis.broker import ASIDE, LogReplaced, Recognised

FIRST, SECOND = object(), object()


class Client:
    """What of the library's client is asked here, and the questions it was asked."""

    def __init__(self, log_identity: str) -> None:
        self.log_identity = log_identity
        self.groups: list[int] = []
        self._conns: dict[tuple[int, int], object] = {}

    def connect(self, connection: object | None) -> None:
        """Records come by this connection now; None: it is closed already."""
        self._conns = {(1, ConnectionGroup.COORDINATION): object()}
        if connection is not None:
            self._conns[1, ConnectionGroup.DEFAULT] = connection

    def get_random_node(self) -> int:
        return 1

    async def send(self, _node: int, _request: Any, *, group: int) -> Any:
        self.groups.append(group)
        self._conns[1, group] = object()
        return SimpleNamespace(cluster_id=self.log_identity)


def _recognised(client: Client) -> Recognised:
    return Recognised("log", lambda: cast(AIOKafkaConsumer, SimpleNamespace(_client=client)))


@pytest.mark.parametrize(
    ("connections", "asked"),
    [
        ([FIRST, FIRST, FIRST], 1),
        ([FIRST, SECOND, SECOND], 2),
        ([FIRST, SECOND, FIRST], 3),
        ([None, None], 2),
        ([FIRST, None, FIRST], 3),
    ],
)  # fmt: skip
async def test_the_log_is_asked_for_whenever_records_may_have_come_by_another_connection(
    connections: list[object | None], asked: int
) -> None:
    client = Client("log")
    recognised = _recognised(client)
    for connection in connections:
        client.connect(connection)
        await recognised.refuse_other_log()
    assert client.groups == [ASIDE] * asked


async def test_another_log_is_refused_until_the_reading_begins_anew() -> None:
    """Not only at the first batch: what was not recognised is asked for again."""
    client = Client("other")
    recognised = _recognised(client)
    client.connect(FIRST)
    for _ in range(2):
        with pytest.raises(LogReplaced):
            await recognised.refuse_other_log()
    assert len(client.groups) == 2


def test_the_question_has_a_connection_of_its_own() -> None:
    """A broker answers one connection's questions in turn: behind that for records each batch would wait."""
    assert ASIDE not in set(ConnectionGroup)


async def test_a_consumer_that_is_stopped_is_not_asked() -> None:
    await Recognised("log", lambda: None).refuse_other_log()
