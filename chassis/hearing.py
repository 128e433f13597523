"""Whether a consumer that goes on asking still gets what the log holds: the client library may have lost its way.

Seen while connections were silent: the client waits for news of the cluster that nobody fetches, so it never finds its
group's coordinator again; the group forgets the member, and its partitions may be given to others or to nobody.
"""

import time
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.assignment import SeekToStored
from chassis.polling import Poll, positions_of

DEAF_SECONDS = 30.0
"""Nothing was heard for so long: look whether there is anything."""
JOINING_SECONDS = 60.0
"""Longer than a group waits for its members before it shares out its partitions."""
COORDINATOR_SECONDS = 20.0
"""The group's coordinator is looked for so long, though the broker answers: a client that looks finds it within one."""
GAP_SECONDS = 5.0
"""Longer between two questions the broker was away."""


class Hearing:
    """Watches one consumer, from its start to its end."""

    def __init__(self, poll: Poll, listener: SeekToStored) -> None:
        self._poll = poll
        self._listener = listener
        self._looked_at = time.monotonic()
        self._asked_at = time.monotonic()
        self._answers_since = time.monotonic()
        self._alone_since: float | None = None
        """Since when the client looks for its coordinator."""
        self._waiting: Mapping[TopicPartition, int] = {}
        """Where records lay ahead at the last look."""

    async def lost(self, consumer: AIOKafkaConsumer) -> str | None:
        """Why a fresh consumer must take its place; None while all is well. Raises KafkaError.

        Asked each second while the broker answers. Asks it itself only when nothing was heard for long, and says `deaf`
        only when nothing moved between two looks.
        """
        now = time.monotonic()
        if now - self._asked_at > GAP_SECONDS:
            self._alone_since, self._answers_since = None, now
        if consumer._coordinator.coordinator_id is not None:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > COORDINATOR_SECONDS:
            return "coordinator_lost"
        self._asked_at = now
        if (since := self._listener.waits_since) is not None:
            self._waiting = {}
            return "group_not_joined" if now - max(since, self._answers_since) > JOINING_SECONDS else None
        if self._poll.heard_at > self._looked_at:
            self._waiting = {}
        quiet_since = max(self._poll.heard_at, self._looked_at)
        if self._poll.hears or now - quiet_since < DEAF_SECONDS:
            return None
        self._looked_at = now
        before, self._waiting = self._waiting, await _ahead(consumer)
        still = [place for place, offset in self._waiting.items() if before.get(place) == offset]
        return "deaf" if still else None


async def _ahead(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    """The positions of the partitions that hold more."""
    positions = positions_of(consumer)
    ends = await consumer.end_offsets(list(positions)) if positions else {}
    return {place: offset for place, offset in positions.items() if ends[place] > offset}
