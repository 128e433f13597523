"""The guards that are taken out, and the tests that must notice. docs/guarantees.md lists the same."""

from typing import Final

from tests.faults.honesty import Mutation

_CONSUMING: Final = "tests/chassis/test_consuming.py::"
_ORDERS: Final = "tests/chassis/test_orders_of_writing.py::"
_TOO_LARGE: Final = "tests/chassis/test_relay.py::test_an_event_too_large_holds_only_its_key_until_it_is_released"
_EDGE: Final = "tests/chassis/test_http_edge.py::"

QUICK: Final = (
    Mutation(
        name="inbox off: every delivery counts as fresh",
        file="chassis/processing.py",
        guard="            if item.identity not in seen:\n",
        without="            if True:\n",
        tests=(f"{_CONSUMING}test_an_event_takes_effect_once_however_often_it_arrives",),
        shows="!= {1: 5}",
    ),
    Mutation(
        name="key parking off: later messages of a parked key are processed",
        file="chassis/admission.py",
        guard="    held = await parking.parked_keys(tx, [place for _, place in placed if place[1]])\n",
        without="    held: set[Place] = set()\n",
        tests=(f"{_CONSUMING}test_a_failing_message_stops_only_its_own_key",),
        shows="{2: 15}",
    ),
    Mutation(
        name="consumer order broken: the offset commits before the effects",
        file="chassis/processing.py",
        guard="            arrived = [self.reader.read(record) for record in records]\n",
        without="""\
            async with self.database.transaction() as first:
                self._store_offsets(first, records)
            arrived = [self.reader.read(record) for record in records]
""",
        tests=(f"{_ORDERS}test_a_consumer_that_dies_after_its_handlers_leaves_nothing",),
        shows="stored_offset",
    ),
)
"""Without a broker: a few seconds each, in every run of the tests."""

REST: Final = (
    Mutation(
        name="outbox key lock off: a position may be taken before the key's other writer committed",
        file="chassis/outbox.py",
        guard="        FROM locked CROSS JOIN\n             unnest(",
        without="        FROM unnest(",
        tests=(f"{_ORDERS}test_events_of_one_key_appear_in_the_order_of_their_positions",),
        shows="appeared after",
    ),
    Mutation(
        name="outbox key lock after the positions",
        file="chassis/outbox.py",
        guard="async def write(connection: AsyncConnection, events: list[Outgoing], others: Sequence[Write] = ())",
        without="""\
_INSERT = _INSERT.replace("locked CROSS JOIN", "")


async def write(connection: AsyncConnection, events: list[Outgoing], others: Sequence[Write] = ()) -> None:
    await _write(connection, events, others)
    await connection.execute(text("SELECT pg_sleep(random() / 100)"))
    keys = sorted({f"outbox/{event.topic}/{event.key}" for event in events})
    locks = text("SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest(CAST(:keys AS text[])) AS k")
    await connection.execute(locks, {"keys": keys})


async def _write(connection: AsyncConnection, events: list[Outgoing], others: Sequence[Write])""",
        tests=(f"{_ORDERS}test_events_of_one_key_appear_in_the_order_of_their_positions",),
        shows="appeared after",
    ),
    Mutation(
        name="budget's condition off",
        file="services/disbursement/store/programmes.py",
        guard="        .where(columns.id == programme_id, columns.available_rupiah >= amount_rupiah)\n",
        without="        .where(columns.id == programme_id)\n",
        tests=("tests/disbursement/test_allocation.py::test_the_budget_is_never_overspent",),
        shows="never_overspent",
    ),
    Mutation(
        name="aggregate lock off: a class is read without FOR UPDATE",
        file="services/training/store/classes.py",
        guard="        statement = statement.with_for_update(key_share=True)\n",
        without="        pass\n",
        tests=("tests/training/test_enrolment.py::test_the_last_place_is_given_once",),
        shows="[201",
    ),
    Mutation(
        name="ledger guard off: an unbalanced posting is written",
        file="services/disbursement/migrations/data/0001_tables.sql",
        guard="HAVING sum(amount_rupiah) <> 0",
        without="HAVING false",
        tests=("tests/disbursement/test_trust.py::test_the_database_refuses_an_unbalanced_posting",),
        shows="DID NOT RAISE",
    ),
    Mutation(
        name="idempotency off: a repeated request is not recognised",
        file="chassis/http.py",
        guard="            if earlier is not None:\n",
        without="            if False:\n",
        tests=(f"{_EDGE}test_a_repeated_request_takes_effect_once",),
        shows="== (201, 201, 422)",
    ),
    Mutation(
        name="order within a batch off: an event may overtake an earlier one of its key",
        file="chassis/runs.py",
        guard="        if place < 0 or place < newest_with_key.get(key, -1):\n",
        without="        if place < 0:\n",
        tests=("tests/chassis/test_consuming.py::test_runs_keep_the_order_of_each_key[a1 b1 a1-runs3]",),
        shows="['a1', 'a1', 'b1'] == ['a1', 'b1', 'a1']",
    ),
    Mutation(
        name="stored offset off: a consumer goes on from Kafka's own offset",
        file="chassis/assignment.py",
        guard="                consumer.seek(partition, stored.get(partition, 0))\n",
        without="                stored.get(partition, 0)\n",
        tests=("tests/chassis/test_kafka_path.py::test_a_database_behind_its_offsets_catches_up",),
        shows="did not come true in time",
    ),
    Mutation(
        name="assignment not paused: records are heard before the database said from where",
        file="chassis/assignment.py",
        guard="            consumer.pause(*assigned)\n",
        without="",
        tests=("tests/chassis/test_kafka_path.py::test_nothing_is_heard_before_the_database_said_from_where",),
        shows="did not come true in time",
    ),
    Mutation(
        name="offsets not stored with the effects",
        file="chassis/processing.py",
        guard="            reach(AFTER_HANDLER)\n            self._store_offsets(tx, records)\n",
        without="            reach(AFTER_HANDLER)\n",
        tests=(f"{_CONSUMING}test_effect_event_inbox_and_offset_commit_together",),
        shows="stored is not None",
    ),
    Mutation(
        name="relay order broken: rows are marked before the broker acknowledged them",
        file="chassis/relay.py",
        guard="        outcomes = await asyncio.gather(*answers, return_exceptions=True)\n",
        without="""\
        early = [row["event_id"] for batch in batches for row in batch.rows]
        if early:
            await connection.execute(_MARK, early, min(early), max(early))
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
""",
        tests=(f"{_ORDERS}test_an_event_is_marked_only_after_the_broker_has_it",),
        shows="0 == 3",
    ),
    Mutation(
        name="log not recognised: a producer sends into whatever log answers",
        file="chassis/broker.py",
        guard="                await self.refuse_other_log(node_id)\n",
        without="",
        tests=("tests/chassis/test_republish.py::test_what_was_on_its_way_never_enters_the_log_built_in_its_place",),
        # The record went out to the other log, which took it or was still choosing its leaders.
        shows=("DID NOT RAISE", "NotLeaderForPartitionError"),
    ),
    Mutation(
        name="leadership not asked: a leader that was frozen sends what it still holds",
        file="chassis/broker.py",
        guard="            if self._lapsed:\n",
        without="            if False:\n",
        tests=("tests/chassis/test_relay_takeover.py::test_a_leader_that_lapsed_sends_nothing_of_what_it_holds",),
        shows="DID NOT RAISE",
    ),
    Mutation(
        name="silence not given up: a statement may wait for ever",
        file="chassis/database.py",
        guard='"command_timeout": STATEMENT_SECONDS',
        without='"command_timeout": None',
        tests=("tests/faults/test_proxy.py::test_a_connection_that_falls_silent_is_given_up",),
        shows="TimeoutError",
    ),
    Mutation(
        name="open transactions not ended: a vanished client's locks stay",
        file="chassis/database.py",
        guard='"idle_in_transaction_session_timeout": f"{int(IDLE_SECONDS * 1000)}"',
        without="",
        tests=("tests/faults/test_proxy.py::test_what_a_silent_connection_held_becomes_free",),
        shows="the lock was never free",
    ),
    Mutation(
        name="sessions in the middle of a statement not ended: what a vanished client locked stays",
        file="chassis/service.py",
        guard='            Background("half_open", partial(half_open.watch, (self.database, self.api_database))),\n',
        without="",
        tests=("tests/chassis/test_half_open.py::test_a_session_in_the_middle_of_a_statement_is_ended",),
        shows="did not come true in time",
    ),
    Mutation(
        name="deaf consumer kept: the client library gives no records and nobody asks why",
        file="chassis/subscription.py",
        guard="                if lost is not None:\n",
        without="                if False:\n",
        tests=("tests/chassis/test_hearing.py::test_a_consumer_that_hears_nothing_any_more_is_replaced[_deaf]",),
        shows="did not come true in time",
    ),
    Mutation(
        name="a partition's next batch is sent before the one in front of it was taken",
        file="chassis/relay.py",
        guard="            for wave in waves(pack(producer, known, self._one_by_one, shared)):\n",
        without="            for wave in [pack(producer, known, self._one_by_one, shared)]:\n",
        tests=tuple(f"{_TOO_LARGE}[{size}-first of its partition]" for size in ("alone in its batch", "among others")),
        shows="did not come true in time",
    ),
)
"""Seconds to half a minute each: in the full run."""
