"""Topics that exist already must be such that nothing is lost in them."""

import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from contracts.catalogue import Topic
from deploy.local.errors import StackError
from deploy.local.kafka import Kafka
from deploy.local.provision import create_topics

WEEK_MS = 7 * 24 * 3600 * 1000


@pytest.mark.parametrize(
    ("partitions", "configs", "problem"),
    [
        (1, {"retention.ms": "-1"}, "1 partitions instead of 3"),
        (3, {"retention.ms": str(WEEK_MS)}, "retention.ms"),
        (3, {"retention.ms": "-1", "cleanup.policy": "compact"}, "cleanup.policy compact"),
        (3, {"retention.ms": "-1"}, ""),
    ],
)
async def test_a_topic_that_would_lose_events_is_refused(
    kafka: Kafka, partitions: int, configs: dict[str, str], problem: str
) -> None:
    """As a broker makes them by itself, or somebody by hand."""
    wanted = Topic(f"t{uuid.uuid4().hex[:8]}.credits", partitions=3)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(wanted.name, partitions, 1, topic_configs=configs)])
    finally:
        await admin.close()
    if problem:
        with pytest.raises(StackError, match=problem):
            await create_topics(kafka.bootstrap_servers, [wanted])
    else:
        await create_topics(kafka.bootstrap_servers, [wanted])
