"""Memberships in social assistance, and the requests to end them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.paging import PageRows, fetch_scoped_page
from chassis.rows import insert_rows, one_of, written
from chassis.transaction import Transaction
from services.registry.domain.end_request import (
    Answer,
    AnswerState,
    EndRefusalReason,
    EndRequest,
    EndRequestNotFound,
    ProposedAnswer,
    RequestState,
)
from services.registry.domain.membership import Membership, MembershipChange, MembershipState, Scheme
from services.registry.store.tables import end_answer, end_request, membership, membership_change

_INSERT_MEMBERSHIPS = text(
    """
    INSERT INTO membership (id, agency, region_code, family_id, scheme, since, state, version)
    SELECT DISTINCT ON (given.family_id, given.scheme)
           given.id, given.agency, given.region_code, given.family_id, given.scheme, given.since, 'active', 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:agencies AS text[]), CAST(:regions AS text[]),
                CAST(:families AS uuid[]), CAST(:schemes AS text[]), CAST(:dates AS date[]))
        AS given (id, agency, region_code, family_id, scheme, since)
    ORDER BY given.family_id, given.scheme
    ON CONFLICT (family_id, scheme) DO UPDATE
        SET state = 'active', since = excluded.since, ended_on = NULL, ended_by = NULL, version = membership.version + 1
        WHERE membership.ended_on < CAST(:again_after AS date)
    RETURNING id, since, version
    """
)


async def insert_memberships(
    tx: Transaction, starting: Sequence[tuple[Membership, str, str]], cause_id: UUID, again_after: date | None = None
) -> frozenset[UUID]:
    """Keep (membership, owner agency, region) that start; returns the ids of those that did.

    What a family holds stays as it is. What it held starts again, under the id it had, if it ended before the day
    `again_after`; without a day never.
    """
    if not starting:
        return frozenset()
    rows = await tx.fetch_all(
        _INSERT_MEMBERSHIPS,
        {
            "ids": [member.id for member, _, _ in starting],
            "agencies": [agency for _, agency, _ in starting],
            "regions": [region_code for _, _, region_code in starting],
            "families": [member.family_id for member, _, _ in starting],
            "schemes": [member.scheme.value for member, _, _ in starting],
            "dates": [member.since for member, _, _ in starting],
            "again_after": again_after,
        },
    )
    await _note_changes(tx, ((row.id, row.version, MembershipChange.STARTED, row.since) for row in rows), cause_id)
    return frozenset(row.id for row in rows)


async def load_memberships(tx: Transaction, family_id: UUID, for_update: bool = False) -> list[Membership]:
    """All memberships of a family, by scheme."""
    query = select(membership).where(membership.c.family_id == family_id).order_by(membership.c.scheme)
    rows = await tx.fetch_all(query.with_for_update() if for_update else query)
    return [
        Membership(
            row.id, row.family_id, Scheme(row.scheme), row.since, MembershipState(row.state), row.ended_on,
            row.ended_by, row.version,
        )
        for row in rows
    ]  # fmt: skip


async def ended_memberships(tx: Transaction, family_ids: Sequence[UUID]) -> frozenset[tuple[UUID, Scheme]]:
    """What of their assistance these families no longer hold."""
    query = select(membership.c.family_id, membership.c.scheme).where(
        one_of(membership.c.family_id, family_ids), membership.c.state == MembershipState.ENDED.value
    )
    return frozenset((row.family_id, Scheme(row.scheme)) for row in await tx.fetch_all(query))


async def save_memberships(
    tx: Transaction, changed: Sequence[Membership], change: MembershipChange, occurred_on: date | None, cause_id: UUID
) -> None:
    """Write changed memberships back, each with a line in its history."""
    for member in changed:
        values = {
            "since": member.since,
            "state": member.state.value,
            "ended_on": member.ended_on,
            "ended_by": member.ended_by,
            "version": member.version,
        }
        await tx.execute(update(membership).where(membership.c.id == member.id).values(values))
    lines = ((member.id, member.version, change, occurred_on) for member in changed)
    await _note_changes(tx, lines, cause_id)


async def _note_changes(
    tx: Transaction, lines: Iterable[tuple[UUID, int, MembershipChange, date | None]], cause_id: UUID
) -> None:
    values = [
        {
            "membership_id": membership_id,
            "version": version,
            "change": change.value,
            "occurred_on": occurred_on,
            "cause_id": cause_id,
            "recorded_at": tx.now,
        }
        for membership_id, version, change, occurred_on in lines
    ]
    await insert_rows(tx, membership_change, values)


async def open_request(tx: Transaction, row: Mapping[str, Any]) -> None:
    """Keep a request heard; one heard already stays as it is."""
    statement = upsert(end_request).values({**row, "version": 1, "opened_at": tx.now})
    await tx.execute(statement.on_conflict_do_nothing(index_elements=["graduation_id"]))


async def load_request(tx: Transaction, graduation_id: UUID) -> EndRequest:
    """The aggregate, locked; raises `EndRequestNotFound`."""
    query = select(end_request).where(end_request.c.graduation_id == graduation_id).with_for_update()
    row = await tx.fetch_one(query)
    if row is None:
        raise EndRequestNotFound(graduation_id=graduation_id)
    waiting = await tx.fetch_one(
        select(end_answer).where(
            end_answer.c.graduation_id == graduation_id, written(end_answer.c.state, AnswerState.PROPOSED.value)
        )
    )
    return EndRequest(
        row.graduation_id, row.person_id, row.family_id, row.agency, RequestState(row.state),
        _answer(waiting) if waiting else None, row.version,
    )  # fmt: skip


def _answer(row: Row[Any]) -> ProposedAnswer:
    return ProposedAnswer(
        id=row.id,
        answer=Answer(row.answer),
        maker=row.maker,
        occurred_on=row.occurred_on,
        late_entry_reason=row.late_entry_reason,
        ended_on=row.ended_on,
        refusal_reason=EndRefusalReason(row.refusal_reason) if row.refusal_reason else None,
        checker=row.checker,
        state=AnswerState(row.state),
    )


async def insert_answer(tx: Transaction, request: EndRequest, answer: ProposedAnswer, region_code: str) -> None:
    """Keep a proposed answer."""
    row = {
        "id": answer.id,
        "graduation_id": request.graduation_id,
        "agency": request.agency,
        "region_code": region_code,
        "answer": answer.answer.value,
        "ended_on": answer.ended_on,
        "refusal_reason": answer.refusal_reason,
        "occurred_on": answer.occurred_on,
        "late_entry_reason": answer.late_entry_reason,
        "maker": answer.maker,
        "state": answer.state.value,
        "proposed_at": tx.now,
    }
    await tx.execute(insert(end_answer).values(row))


async def save_request(tx: Transaction, request: EndRequest) -> None:
    """Write the request back, and the answer it settled."""
    values = {"state": request.state.value, "version": request.version}
    of_request = end_request.c.graduation_id == request.graduation_id
    await tx.execute(update(end_request).where(of_request).values(values))
    if request.decided is not None:
        settled = {"state": request.decided.state.value, "checker": request.decided.checker}
        await tx.execute(update(end_answer).where(end_answer.c.id == request.decided.id).values(settled))


async def request_scope(tx: Transaction, graduation_id: UUID) -> Row[Any]:
    """Case, person and region of a request; raises `EndRequestNotFound`."""
    columns = (end_request.c.case_id, end_request.c.person_id, end_request.c.region_code)
    row = await tx.fetch_one(select(*columns).where(end_request.c.graduation_id == graduation_id))
    if row is None:
        raise EndRequestNotFound(graduation_id=graduation_id)
    return row


async def find_requests(
    tx: Transaction, after: str | None, limit: int, state: RequestState | None
) -> PageRows[Row[Any], str]:
    """A page of requests with the answer that waits, by village and graduation id."""
    waiting = end_answer.alias("waiting")
    of_request = (waiting.c.graduation_id == end_request.c.graduation_id) & (
        waiting.c.state == AnswerState.PROPOSED.value
    )
    query = select(
        end_request,
        waiting.c.id.label("answer_id"),
        waiting.c.answer,
        waiting.c.ended_on,
        waiting.c.refusal_reason,
    ).join(waiting, of_request, isouter=True)
    equal = {"state": state and state.value}
    return await fetch_scoped_page(tx, query, end_request, after, limit, equal=equal, then=("graduation_id",))
