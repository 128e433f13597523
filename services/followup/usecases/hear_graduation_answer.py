"""The owner of the assistance answered: ended, refused, or restored what was ended."""

from collections.abc import Sequence

from chassis.consumer import Delivered
from chassis.transaction import Transaction
from contracts.registry import AssistanceEndedV1, AssistanceEndRefusedV1, AssistanceRestoredV1
from services.followup.domain.facts import PlanFact
from services.followup.domain.graduation import Graduation
from services.followup.domain.plan import MentoringPlan
from services.followup.outgoing import publish_facts, when_heard
from services.followup.store.graduations import find_plan_id, insert_answer, lock_graduation, save_graduation
from services.followup.store.plans import save_plan

Answer = AssistanceEndedV1 | AssistanceEndRefusedV1 | AssistanceRestoredV1


async def hear_graduation_answers(tx: Transaction, events: Sequence[Delivered[Answer]]) -> None:
    """Keep every answer as it came, and apply it where the graduation still waits for it.

    A graduation unknown here can only be another deployment's, or lie behind a restored backup: the answer is kept.
    """
    for event in sorted(events, key=lambda each: each.data.graduation_id):
        await _hear(tx, event)


async def _hear(tx: Transaction, event: Delivered[Answer]) -> None:
    answer = event.data
    found = None
    if await find_plan_id(tx, answer.graduation_id) is not None:
        found = await lock_graduation(tx, answer.graduation_id)
    kind, codes = _kind_and_codes(answer)
    state = found[1].state if found else None
    await insert_answer(tx, event.id, answer.graduation_id, kind, answer.occurred_on, codes, state)
    if found is not None:
        plan, graduation = found
        fact = _apply(plan, graduation, event)
        await save_graduation(tx, graduation)
        await save_plan(tx, plan)
        publish_facts(tx, plan, fact, cause=event)


def _kind_and_codes(answer: Answer) -> tuple[str, list[str]]:
    match answer:
        case AssistanceEndedV1():
            return "ended", [scheme.value for scheme in answer.schemes]
        case AssistanceRestoredV1():
            return "restored", [scheme.value for scheme in answer.schemes]
        case _:
            return "refused", [answer.reason.value]


def _apply(plan: MentoringPlan, graduation: Graduation, event: Delivered[Answer]) -> PlanFact | None:
    answer, when = event.data, when_heard(event)
    match answer:
        case AssistanceEndedV1():
            return graduation.assistance_ended(plan, answer.ended_on, [each.value for each in answer.schemes], when)
        case AssistanceEndRefusedV1():
            return graduation.end_refused(plan, answer.reason.value, when)
        case _:
            graduation.assistance_restored(answer.restored_on)
            return None
