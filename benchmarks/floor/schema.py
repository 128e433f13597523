"""Tables of the floor's three databases, in its two forms."""

from typing import Final

PLAIN_OUTBOX: Final = """
    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        event_id uuid NOT NULL,
        key text NOT NULL,
        body bytea NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
"""
FULL_OUTBOX: Final = """
    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY,
        event_id uuid PRIMARY KEY,
        topic text NOT NULL,
        key text NOT NULL,
        type text NOT NULL,
        subject text NOT NULL,
        correlation_id uuid,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        published_at timestamptz
    );
    CREATE INDEX outbox_position ON outbox (position);
    CREATE INDEX outbox_unpublished ON outbox (position) WHERE published_at IS NULL;
    CREATE INDEX outbox_case ON outbox (correlation_id, position);
"""
PLAIN_INBOX: Final = "CREATE TABLE inbox (event_id uuid PRIMARY KEY);"
FULL_INBOX: Final = """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        source text NOT NULL,
        event_id uuid NOT NULL,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (consumer, source, event_id)
    );
    CREATE TABLE stored_offset (
        topic text NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition)
    );
"""
ENTITLEMENT: Final = """
    CREATE TABLE entitlement (
        id uuid PRIMARY KEY,
        programme_id uuid NOT NULL,
        person_id uuid NOT NULL,
        amount_rupiah bigint NOT NULL,
        state text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        UNIQUE (programme_id, person_id)
    );
"""
PAYMENT: Final = """
    CREATE TABLE payment (
        id uuid PRIMARY KEY,
        grant_id uuid NOT NULL UNIQUE,
        person_id uuid NOT NULL,
        amount_rupiah bigint NOT NULL,
        state text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
"""
POSTING: Final = """
    CREATE TABLE posting (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        transaction_id uuid NOT NULL,
        account text NOT NULL,
        amount_rupiah bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
"""


def tables(role: str, *, full: bool) -> str:
    """The script that makes the tables of one role's database."""
    outbox, inbox = (FULL_OUTBOX, FULL_INBOX) if full else (PLAIN_OUTBOX, PLAIN_INBOX)
    match role:
        case "allocation":
            return ENTITLEMENT + outbox
        case "payment":
            return PAYMENT + inbox + outbox
        case _:
            return POSTING + inbox
