"""Let verified attendance count, and decide what it settles: common to single and bulk verification."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from chassis.transaction import Transaction
from services.training import outgoing
from services.training.domain.enrolment import Enrolment
from services.training.domain.occasion import Occasion
from services.training.domain.sheet import Sheet
from services.training.domain.training_class import TrainingClass
from services.training.store import classes, enrolments, sheets


async def lock_concerned(tx: Transaction, training_class: TrainingClass, concerned: Iterable[Sheet]) -> list[Enrolment]:
    """Everybody whose outcome the sheets may touch: the class, and make-up guests of its sister classes.

    Locked before anything is counted: a sister class that is decided at the same moment either sees these lines or
    is seen as decided here.
    """
    ids = set(await enrolments.ids_of_class(tx, training_class.class_id))
    named = {enrolment_id for sheet in concerned for enrolment_id in sheet.entries}
    ids |= await enrolments.ids_of_course(tx, training_class.programme_id, training_class.course_code, named)
    return await enrolments.lock_enrolments(tx, ids)


async def verify_and_count(
    tx: Transaction,
    training_class: TrainingClass,
    sheet: Sheet,
    replaced: Sheet | None,
    known_ids: frozenset[UUID],
    occasion: Occasion,
    *,
    version: int,
    accept_unresolved: bool,
) -> None:
    """Verify one sheet in place of the verified one before it; raises what `Sheet.verify` refuses, touching nothing."""
    session = training_class.session(sheet.session_id)
    resolved = {key: value for key, value in sheet.entries.items() if key in known_ids}
    sheet.verify(
        tx.officer.identity,
        version,
        occasion.occurred_on,
        session,
        unresolved=len(sheet.entries) - len(resolved),
        accept_unresolved=accept_unresolved,
    )
    if replaced is not None:
        replaced.supersede()
        await sheets.save_sheet(tx, replaced)
        await sheets.stop_counting(tx, replaced.sheet_id)
    await sheets.save_sheet(tx, sheet)
    await sheets.count_attendance(tx, sheet.sheet_id, session.number, resolved)


async def settle_outcomes(
    tx: Transaction, training_class: TrainingClass, concerned: list[Enrolment], occasion: Occasion
) -> None:
    """Decide each enrolment whose class has all its sessions verified, for the first time or anew."""
    verified = await sheets.verified_session_ids(tx, training_class.class_id)
    if training_class.decided_on is None and len(verified) == len(training_class.sessions):
        training_class.decided_on = occasion.occurred_on
        await classes.save_class(tx, training_class)
    own_classes = await classes.load_classes(tx, list({each.class_id for each in concerned}))
    attended = await enrolments.sessions_attended(tx, [each.enrolment_id for each in concerned])
    changed = list(_decide(tx, concerned, own_classes, attended, occasion))
    await enrolments.save_enrolments(tx, changed, occasion)


def _decide(
    tx: Transaction,
    concerned: list[Enrolment],
    own_classes: Mapping[UUID, TrainingClass],
    attended: Mapping[UUID, int],
    occasion: Occasion,
) -> Iterable[Enrolment]:
    for each in concerned:
        own = own_classes[each.class_id]
        if own.decided_on is None:
            continue
        fact = each.decide(attended[each.enrolment_id], own.last_on)
        if fact is not None:
            told = outgoing.outcome(each, fact, occasion)
            tx.publish(told, sequence=each.version, case=outgoing.case_of(each))
            yield each
