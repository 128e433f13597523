"""Django's models of the benchmark's tables, and its settings. `created_at` is left to the database's default."""

import django
from django.conf import settings
from django.db import models

from benchmarks.peers.protocol import given

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, **given()["database"]}},
    USE_TZ=True,
)
django.setup()


class Table(models.Model):
    """A table that the benchmark makes, not Django."""

    class Meta:
        abstract = True
        app_label = "peers"
        managed = False


class Entitlement(Table):
    """What a person is given."""

    id = models.UUIDField(primary_key=True)
    programme_id = models.UUIDField()
    person_id = models.UUIDField()
    amount_rupiah = models.BigIntegerField()
    state = models.TextField()

    class Meta(Table.Meta):
        db_table = "entitlement"


class Payment(Table):
    """That it was paid."""

    id = models.UUIDField(primary_key=True)
    grant_id = models.UUIDField()
    person_id = models.UUIDField()
    amount_rupiah = models.BigIntegerField()
    state = models.TextField()

    class Meta(Table.Meta):
        db_table = "payment"


class Posting(Table):
    """One side of a payment in the ledger."""

    id = models.BigAutoField(primary_key=True)
    transaction_id = models.UUIDField()
    account = models.TextField()
    amount_rupiah = models.BigIntegerField()

    class Meta(Table.Meta):
        db_table = "posting"
