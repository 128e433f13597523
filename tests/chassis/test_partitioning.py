"""Our events lie where every other client would put them."""

import random
from uuid import UUID

import pytest
from aiokafka.partitioner import DefaultPartitioner

from chassis.partitioning import partition_of

_dice = random.Random(2)
KEYS = [_dice.randbytes(length) for length in range(64)] + [
    str(UUID(int=_dice.getrandbits(128))).encode() for _ in range(1000)
]


@pytest.mark.parametrize("partitions_count", [1, 3, 12, 48])
def test_a_key_lies_where_the_client_library_puts_it(partitions_count: int) -> None:
    everywhere = list(range(partitions_count))
    chosen = DefaultPartitioner()
    assert [partition_of(key, partitions_count) for key in KEYS] == [
        chosen(key, everywhere, everywhere) for key in KEYS
    ]


def test_a_key_lies_where_the_java_client_puts_it() -> None:
    # From UtilsTest.testMurmur2 of Apache Kafka's Java client: the hash of "21" is -973932308.
    assert partition_of(b"21", 0x7FFFFFFF) == -973932308 & 0x7FFFFFFF
