"""The floor: the chain written by hand on asyncpg and aiokafka, with nothing in the way.

In its plain form it is as fast as this machine allows with the guarantees of an outbox and an inbox. In its full form
it does all that the chassis promises as well, by hand: published rows are kept, CloudEvents headers, twelve partitions,
offsets stored with the effects, an inbox by source. Comparing the chassis with the full form shows what its convenience
costs; comparing the two forms shows what its promises cost.
"""
