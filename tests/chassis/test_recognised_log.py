"""Which log it is, is asked once on each connection by which records come, and on no other."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.client import ConnectionGroup

from chassis.broker import LogReplaced, Recognised


class Connection:
    """One connection, to a process that holds this log."""

    def __init__(self, log_identity: str = "log") -> None:
        self.log_identity = log_identity
        self.open = True

    def connected(self) -> bool:
        return self.open


class Client:
    """What of the library's client is asked here: one node, and its connection, made anew when it is closed."""

    def __init__(self) -> None:
        self.asked: list[Connection] = []
        self.next = Connection()
        self.coordination = Connection("not asked here")
        self._conns: dict[tuple[int | str, int], Connection] = {}

    def connect(self, connection: Connection) -> None:
        """Records come by this connection now."""
        self._conns = {(1, ConnectionGroup.COORDINATION): self.coordination, (1, ConnectionGroup.DEFAULT): connection}

    def get_random_node(self) -> int:
        return 1

    async def send(self, node: int, _request: Any) -> Any:
        found = self._conns.get((node, ConnectionGroup.DEFAULT))
        if found is None or not found.connected():
            found = self._conns[node, ConnectionGroup.DEFAULT] = self.next
        self.asked.append(found)
        return SimpleNamespace(cluster_id=found.log_identity)


def _recognised(client: Client) -> Recognised:
    return Recognised("log", lambda: cast(AIOKafkaConsumer, SimpleNamespace(_client=client)))


async def test_the_log_is_asked_for_once_on_each_connection() -> None:
    client, first, second = Client(), Connection(), Connection()
    recognised = _recognised(client)
    for connection in (first, first, second, second, first):
        client.connect(connection)
        await recognised.refuse_other_log()
    assert client.asked == [first, second, first]


async def test_a_batch_whose_connection_is_closed_by_now_waits_for_a_new_one() -> None:
    """What came last may have come from what a new one leads to, and not from what was recognised before."""
    client, closed = Client(), Connection()
    recognised = _recognised(client)
    client.connect(closed)
    await recognised.refuse_other_log()
    closed.open, client.next = False, Connection("other")
    with pytest.raises(LogReplaced):
        await recognised.refuse_other_log()


async def test_a_connection_that_changes_while_it_is_asked_is_asked_again() -> None:
    client, second = Client(), Connection("other")
    recognised = _recognised(client)
    client.connect(Connection())
    answer = client.send

    async def change_after(node: int, _request: Any) -> Any:
        answered = await answer(node, _request)
        client.connect(second)
        return answered

    client.send = change_after  # type: ignore[method-assign]
    with pytest.raises(LogReplaced):
        await recognised.refuse_other_log()
    assert client.asked[-1] is second


async def test_another_log_is_refused_until_the_reading_begins_anew() -> None:
    """Not only at the first batch: what was not recognised is asked for again."""
    client = Client()
    recognised = _recognised(client)
    client.connect(Connection("other"))
    for _ in range(2):
        with pytest.raises(LogReplaced):
            await recognised.refuse_other_log()
    assert len(client.asked) == 2


async def test_a_consumer_that_is_stopped_is_not_asked() -> None:
    await Recognised("log", lambda: None).refuse_other_log()
