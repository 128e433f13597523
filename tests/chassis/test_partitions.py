"""The hash of a key by words is the one that every Kafka client takes."""

import random
from uuid import UUID

import pytest
from aiokafka.partitioner import DefaultPartitioner

from chassis.partitions import partition_of

dice = random.Random(20231122)
library = DefaultPartitioner()


@pytest.mark.parametrize("partitions_count", [1, 3, 12, 64])
def test_an_id_goes_where_the_client_library_would_send_it(partitions_count: int) -> None:
    partitions = list(range(partitions_count))
    keys = [str(UUID(int=dice.getrandbits(128))).encode() for _ in range(500)]

    assert [partition_of(key, partitions) for key in keys] == [library(key, partitions, partitions) for key in keys]


@pytest.mark.parametrize("length", [0, 1, 35, 36, 37, 40])
def test_any_other_key_does_too(length: int) -> None:
    partitions = list(range(12))
    keys = [dice.randbytes(length) for _ in range(200)]

    assert [partition_of(key, partitions) for key in keys] == [library(key, partitions, partitions) for key in keys]
