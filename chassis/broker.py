"""Which log a broker holds, and a producer that sends into that one only, and only while it may."""

from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest

BATCH_LIMIT_BYTES = 512 * 1024
"""Half of what a broker takes. A thousand events that a consumer causes go to few partitions: those whose records it
heard together; what does not fit into a partition's batch waits for another answer of the broker."""


class LogReplaced(KafkaError):  # type: ignore[misc]
    """The broker holds another log than before: it was rebuilt from nothing."""


class LeadershipLapsed(KafkaError):  # type: ignore[misc]
    """This process was frozen, or cut off from its database, for so long that another one may lead by now."""


async def cluster_id(client: AIOKafkaClient, node_id: Any = None) -> str:
    """Identity of the log behind this client: the id a cluster gets when it is made. Raises KafkaError."""
    node_id = client.get_random_node() if node_id is None else node_id
    answer = await client.send(node_id, MetadataRequest([]))
    return str(answer.cluster_id)


async def refuse_other_log(client: AIOKafkaClient, log_identity: str, node_id: Any = None) -> None:
    """Raise `LogReplaced` when the broker, or this node of it, has another log. Raises KafkaError."""
    if await cluster_id(client, node_id) != log_identity:
        raise LogReplaced


async def log_identity_of(bootstrap_servers: str) -> str:
    """The same, asked of a broker to which there is no connection yet. Raises KafkaError, OSError."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        return str((await admin.describe_cluster())["cluster_id"])
    finally:
        await admin.close()


class Recognised:
    """The log that a consumer reads, asked for once on each connection: the process behind one is always the same.

    On a connection by which records were asked for, a broker answers nothing else until it has some, or has waited in
    vain: asked for each batch, each would wait for that.
    """

    def __init__(self, log_identity: str, consumer: Callable[[], AIOKafkaConsumer | None]) -> None:
        self._log_identity = log_identity
        self._consumer = consumer
        self._known: dict[Any, Any] = {}
        """By node, the connection on which the log was recognised."""

    async def refuse_other_log(self) -> None:
        """Raise `LogReplaced` when what came last is of another log. Raises KafkaError when nobody answers.

        A consumer that is being stopped has nothing to ask with any more.
        """
        if (consumer := self._consumer()) is None:
            return
        # Without any, what came last came on one that is closed by now: a new one tells what it would lead to.
        while not (found := _connections(consumer._client)) or found != self._known:
            for node_id in found or [None]:
                await refuse_other_log(consumer._client, self._log_identity, node_id)
            # Only what stood before and after is what was asked on.
            self._known = {place: each for place, each in _connections(consumer._client).items()
                           if found.get(place) is each}  # fmt: skip


def _connections(client: AIOKafkaClient) -> dict[Any, Any]:
    """By node, the living connection by which records come."""
    return {
        node_id: found
        for (node_id, group), found in client._conns.items()
        if group == ConnectionGroup.DEFAULT and isinstance(node_id, int) and found.connected()
    }


class RelayProducer(AIOKafkaProducer):  # type: ignore[misc]
    """An idempotent producer that asks before every request, also before one it repeats, whether it still may.

    The log is asked for once on each connection: a broker that was built anew is another process.

    The library repeats a request until it succeeds, for hours if need be. Without the questions a leader that was
    frozen would wake up and send what its successor has long sent, behind newer events of the same key; and what was
    on its way to a broker that died would be the first thing in the log of the one built in its place.
    """

    def __init__(self, *, may_send: Callable[[], bool], **options: Any) -> None:
        super().__init__(
            enable_idempotence=True,
            acks="all",
            linger_ms=5,
            max_batch_size=BATCH_LIMIT_BYTES,
            request_timeout_ms=10_000,
            **options,
        )
        self._may_send = may_send
        self._send_request = self.client.send
        self.client.send = self._send_if_allowed
        self._lapsed = False
        self._known: dict[Any, Any] = {}
        """By node, the connection on which the log was recognised: the process behind it is the same while it lives."""
        self.log_identity = ""
        """The log that was found at the start, the only one that is written to."""

    async def start(self) -> None:
        """Connect, and learn which log it is."""
        await super().start()
        self.log_identity = await cluster_id(self.client)

    async def refuse_other_log(self, node_id: Any = None) -> None:
        """Raise `LogReplaced` when the broker, or this node of it, has another log than at the start."""
        await refuse_other_log(self.client, self.log_identity, node_id)

    async def _send_if_allowed(self, node_id: Any, request: Any, **options: Any) -> Any:
        if isinstance(request, ProduceRequest):
            while (found := await self.client._get_conn(node_id)) is None or found is not self._known.get(node_id):
                await self.refuse_other_log(node_id)
                self._known[node_id] = found
            # Asked last: a process that is frozen while it waits for the answers above wakes up here. From here to the
            # writing of the request nothing waits, so it is this connection that is written to.
            # Once lapsed it stays so: a later batch must not go out where an earlier one was refused.
            self._lapsed = self._lapsed or not self._may_send()
            if self._lapsed:
                raise LeadershipLapsed
        return await self._send_request(node_id, request, **options)
