"""Made-up lives as events: what all publishers would tell of some people, each subject in its own order."""

import random
from datetime import date
from typing import Any, TypeAlias
from uuid import UUID

from aiokafka import ConsumerRecord

from contracts.disbursement import PackageOffered, ProgrammeOpenedV1
from contracts.envelope import Fact, to_body
from contracts.registry import ListImportedV1, ListSource
from tests.faults.disorder_lives import COURSE, PACKAGE, PRICE_RUPIAH, Deck, Life, Programme, identity, on
from tests.support.service import record_of

Record: TypeAlias = ConsumerRecord[Any, Any]


def stories(lot: random.Random, events_count: int, programme_id: UUID | None = None) -> list[Record]:
    """At least so many events about people of one programme, in an order in which they could have happened."""
    programme, deck = Programme(programme_id or identity(lot), import_id=identity(lot)), Deck(lot)
    told = [_record(lot, _opened(programme.id), programme.id, 1)]
    lives = 0
    while len(told) < events_count:
        told += _life(lot, Life(lot, programme, deck))
        lives += 1
    return [*told, _record(lot, _list_imported(programme.import_id, lives), programme.import_id, 1)]


def type_of(record: Record) -> str:
    """CloudEvents type of what a record tells."""
    return str(dict(record.headers)["ce_type"].decode())


def _life(lot: random.Random, life: Life) -> list[Record]:
    """By day; what one day brings, and what one subject tells, stays in its order."""
    told = [(fact, sequence) for subject in life.subjects() for sequence, fact in enumerate(subject, start=1)]
    told.sort(key=lambda each: each[0].occurred_on)
    return [_record(lot, fact, life.case, sequence) for fact, sequence in told]


def _record(lot: random.Random, fact: Fact, case: UUID, sequence: int) -> Record:
    type(fact).model_validate_json(to_body(fact))  # strictly, as a publisher would
    told: Record = record_of(fact, case=case, sequence=sequence, event_id=identity(lot))
    return told


def _opened(programme_id: UUID) -> ProgrammeOpenedV1:
    package = PackageOffered(package_code=PACKAGE, course_code=COURSE, unit_price_rupiah=PRICE_RUPIAH)
    return ProgrammeOpenedV1(
        **on(0), programme_id=programme_id, programme_code="uji", region_code="33.28", fiscal_year=2023,
        budget_rupiah=1000 * PRICE_RUPIAH, highest_decile=4, packages=(package,),
    )  # fmt: skip


def _list_imported(import_id: UUID, people_count: int) -> ListImportedV1:
    return ListImportedV1(
        **on(0), import_id=import_id, list_source=ListSource.P3KE, list_version="2022-tahap-2",
        list_dated_on=date(2022, 12, 1), rows_count=people_count, registered_count=people_count, known_count=0,
        refused_count=0,
    )  # fmt: skip
