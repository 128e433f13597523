"""The partition of a key, as every Kafka client chooses it by default: murmur2 of its bytes (docs/contracts.md)."""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from aiokafka.partitioner import DefaultPartitioner

_of_any_key: Final = DefaultPartitioner()
_ID_WORDS: Final = Struct("<9I")
"""An id's text as the nine words that the hash mixes."""
_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_WORD: Final = 0xFFFFFFFF


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The one of the sorted partitions that holds the key.

    An id is hashed by words: byte by byte, as the client library does it, took more than its record's way into a batch.
    """
    if len(key) != _ID_WORDS.size:
        return int(_of_any_key(key, partitions, partitions))
    mixed = _SEED ^ _ID_WORDS.size
    for word in _ID_WORDS.unpack(key):
        word = word * _MULTIPLIER & _WORD
        mixed = mixed * _MULTIPLIER & _WORD ^ (word ^ word >> 24) * _MULTIPLIER & _WORD
    mixed = (mixed ^ mixed >> 13) * _MULTIPLIER & _WORD
    return partitions[((mixed ^ mixed >> 15) & 0x7FFFFFFF) % len(partitions)]
