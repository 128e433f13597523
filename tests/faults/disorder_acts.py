"""What officers did at a service before the shuffled events come: many of these would find nothing to change without.

Who acts after an event has heard it, so the events an act rests on are told first; told again, the inbox knows them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from contracts.disbursement import AidHandedOverV1, ProgrammeOpenedV1
from contracts.envelope import Fact
from contracts.followup import GraduationProposedV1, GraduationWithdrawnV1
from contracts.inbound import AttendanceReportedV1
from contracts.registry import AssistanceRestoredV1, PersonRegisteredV1
from contracts.training import EnrolledV1
from services.followup.domain.graduation import Graduation, GraduationState
from services.followup.store.graduations import insert_graduation
from services.followup.store.plans import lock_plans_of_grants
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.domain.training_class import Session, TrainingClass
from services.training.store.classes import insert_class, insert_course, insert_provider
from services.training.store.enrolments import insert_enrolments
from tests.faults.disorder import once_each
from tests.faults.disorder_lives import COURSE, PROVIDER
from tests.faults.disorder_stories import Record, type_of
from tests.support.service import ServiceUnderTest

OFFICER: Final = "test/officer"
FactT = TypeVar("FactT", bound=Fact)

_ENDED_REQUEST: Final = """
WITH kept AS (
    INSERT INTO family (id, card_index, card_sealed, registered_at)
    VALUES (:family_id, uuid_send(:family_id), '', now())
), held AS (
    INSERT INTO membership (id, agency, region_code, family_id, scheme, state, ended_on, ended_by, version)
    VALUES (:graduation_id, 'dinsos', :region_code, :family_id, 'pkh', 'ended', :ended_on, :graduation_id, 2)
)
INSERT INTO end_request (graduation_id, agency, region_code, person_id, family_id, programme_id, case_id, visits_count,
                         answer_due_on, state, version, opened_at)
VALUES (:graduation_id, 'dinsos', :region_code, :person_id, :family_id, :programme_id, :case_id, :visits_count,
        :answer_due_on, 'ended', 2, now())
"""


async def act(service: ServiceUnderTest, lives: Sequence[Record]) -> None:
    """Do at this service what its officers did in these lives, as far as events that it hears concern it."""
    if (doing := _ACTS.get(service.service.name)) is not None:
        await doing(service, lives)


async def _enrol(service: ServiceUnderTest, lives: Sequence[Record]) -> None:
    """Two of three enrolments: to training, the sheets of the others name no class."""
    enrolled = [fact for number, fact in enumerate(_facts(lives, EnrolledV1)) if number % 3]
    people = {fact.person_id for fact in enrolled}
    sheets = {sheet.class_id: sheet for sheet in _facts(lives, AttendanceReportedV1)}
    await _tell(service, lives, ProgrammeOpenedV1, lambda _: True)
    await _tell(service, lives, PersonRegisteredV1, lambda fact: fact.person_id in people)
    async with service.service.database.transaction() as tx:
        scope = {"agency": "dinsos", "region_code": "33.28"}
        await insert_provider(tx, {"id": tx.new_id(), "code": PROVIDER, "name": "LPK Melati", **scope})
        rule = {"sessions": 1, "share_percent": 100}
        await insert_course(tx, {"id": tx.new_id(), "code": COURSE, "name": "Tata Boga", **rule, **scope})
        for fact in enrolled:
            place = Enrolment(
                fact.enrolment_id, fact.person_id, fact.programme_id, COURSE, fact.class_id, 1, "dinsos",
                fact.place_region_code,
            )  # fmt: skip
            session = Session(sheets[fact.class_id].session_id, 1, fact.session_dates[0])
            held = TrainingClass(
                fact.class_id, fact.programme_id, COURSE, PROVIDER, fact.place_region_code, 20, (session,), 1, "dinsos"
            )
            occasion = Occasion(fact.occurred_on)
            await insert_class(tx, held, occasion)
            await insert_enrolments(tx, [place], fact.session_dates, occasion)


async def _propose(service: ServiceUnderTest, lives: Sequence[Record]) -> None:
    """Graduations, some of them withdrawn before the owner of the assistance answered."""
    proposed = {fact.grant_id: fact for fact in _facts(lives, GraduationProposedV1)}
    seen: set[Any] = set()

    def first_of_proposed(fact: AidHandedOverV1) -> bool:
        first = fact.grant_id in proposed and fact.grant_id not in seen
        seen.add(fact.grant_id)
        return first

    await _tell(service, lives, AidHandedOverV1, first_of_proposed)
    withdrawn_on = {fact.graduation_id: fact.occurred_on for fact in _facts(lives, GraduationWithdrawnV1)}
    async with service.service.database.transaction() as tx:
        for grant_id, plan in sorted((await lock_plans_of_grants(tx, proposed)).items()):
            fact = proposed[grant_id]
            graduation = Graduation(fact.graduation_id, plan.id, OFFICER, fact.answer_due_on, fact.occurred_on)
            if withdrawn_on.get(fact.graduation_id, date.max) < fact.answer_due_on:
                graduation.state = GraduationState.WITHDRAWN
            await insert_graduation(tx, plan, graduation)


async def _end_assistance(service: ServiceUnderTest, lives: Sequence[Record]) -> None:
    """Requests of graduations that were ended, to be given back when the withdrawal is heard."""
    records = {fact.graduation_id: fact for fact in _facts(lives, GraduationProposedV1)}
    for restored in _facts(lives, AssistanceRestoredV1):
        fact = records[restored.graduation_id]
        row: Mapping[str, Any] = fact.model_dump(
            include={
                "graduation_id", "region_code", "person_id", "family_id", "programme_id", "visits_count",
                "answer_due_on",
            },
        )  # fmt: skip
        await service.execute(_ENDED_REQUEST, **row, case_id=fact.plan_id, ended_on=fact.occurred_on)


_ACTS: Final[Mapping[str, Callable[[ServiceUnderTest, Sequence[Record]], Awaitable[None]]]] = {
    "training": _enrol,
    "followup": _propose,
    "registry": _end_assistance,
}


def _facts(lives: Sequence[Record], model: type[FactT]) -> list[FactT]:
    return [model.model_validate_json(each.value) for each in lives if type_of(each) == model.event_type]


async def _tell(
    service: ServiceUnderTest, lives: Sequence[Record], model: type[FactT], wanted: Callable[[FactT], bool]
) -> None:
    told = [each for each in lives if type_of(each) == model.event_type]
    told = [each for each in told if wanted(model.model_validate_json(each.value))]
    await service.processor().process(once_each(told))
