"""The bulk job: what a filter finds is collected first; then each row is done by itself, in order, once."""

import time
from typing import Any

from opentelemetry.trace import SpanKind
from pydantic import BaseModel
from sqlalchemy import Row

from chassis.bulk.acts import OneAct
from chassis.bulk.calls import do_act, read_list
from chassis.bulk.inside import Answer, Inside
from chassis.bulk.items import (
    Fields,
    NewItem,
    Outcome,
    add_found,
    add_items,
    next_items,
    opened,
    settle_items,
    take_failed,
)
from chassis.bulk.orders import Plan
from chassis.ids import derived_id
from chassis.jobs import Job, JobStep
from chassis.paging import LIMIT_MAX
from chassis.telemetry import span
from chassis.transaction import Transaction

PAGE_ITEMS = LIMIT_MAX
CHUNK_ITEMS = 50
CHUNK_SECONDS = 1.0
"""A chunk ends after so long, however few it has done: progress shows, and a cancellation waits no longer."""

_IN_PROGRESS = "urn:sinergi:problem:request-in-progress"
"""What was sent by a worker that died may stand open in the database for a moment, and is not refused by that."""


class ActUnavailable(ConnectionError):
    """The act could not be tried; the job stands aside and tries it again."""


class ListRefused(Exception):
    """The list that was shown when the order was taken is no longer."""


class Place(BaseModel):
    """Where a bulk job is."""

    collected: int | None = None
    """Rows so far, while it collects."""
    after: str | None = None
    settled: int = 0
    """The last number done or failed."""


class Bulk:
    """The handler of the job kind `BULK_JOB`; acts in the name of the officer who ordered it, as they may then."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside

    async def __call__(self, tx: Transaction, job: Job) -> JobStep:
        """One chunk. Each row commits by itself: what was committed before a crash is not done twice."""
        plan = Plan.model_validate(job.parameters)
        collects = plan.each_of is not None or plan.failed_of is not None
        place = Place.model_validate(job.cursor or ({"collected": 0} if collects else {}))
        if place.collected is not None:
            return await self._collect(tx, job, plan, place.collected, place.after)
        return await self._act(tx, job, self._inside.acts[plan.act], place.settled)

    async def _collect(self, tx: Transaction, job: Job, plan: Plan, collected: int, after: str | None) -> JobStep:
        if plan.failed_of is not None:
            items, following = await _failed(tx, job, plan, int(after or 0))
            await add_items(tx, job.id, collected, items)
            collected += len(items)
        else:
            # What moves to another village while the pages are read may stand on two of them.
            requests, following = await self._listed(tx, plan, after)
            collected += await add_found(tx, job.id, collected, requests)
        if following is not None:
            return JobStep(done=0, cursor={"collected": collected, "after": following}, finished=False, aside=True)
        return JobStep(done=0, cursor={"settled": 0}, total=collected, finished=collected == 0, aside=True)

    async def _listed(self, tx: Transaction, plan: Plan, after: str | None) -> tuple[list[Fields], str | None]:
        chosen = plan.chosen(tx.vault)
        source = self._inside.lists[plan.each_of or ""]
        answer = await read_list(self._inside, tx.officer, source, chosen.where, after, limit=PAGE_ITEMS)
        if not answer.ok:
            raise ActUnavailable if answer.status == 503 else ListRefused
        shown = answer.read()
        items, following = (shown, None) if isinstance(shown, list) else (shown["items"], shown["next"])
        taken = {name: str(field) for name, field in chosen.take.items()}
        requests = [chosen.same | {name: item[field] for name, field in taken.items()} for item in items]
        return requests, None if following is None else str(following)

    async def _act(self, tx: Transaction, job: Job, act: OneAct, settled: int) -> JobStep:
        rows = await next_items(tx, job.id, settled, CHUNK_ITEMS + 1)
        outcomes: list[Outcome] = []
        end = time.monotonic() + CHUNK_SECONDS
        for row in rows[:CHUNK_ITEMS]:
            answer = await self._do(tx, job, act, row)
            if answer is None and not outcomes:
                raise ActUnavailable
            if answer is None:
                break
            outcomes.append(_outcome(row.number, answer))
            if time.monotonic() > end:
                break
        await settle_items(tx, job.id, outcomes)
        failed = sum(one.failed for one in outcomes)
        return JobStep(
            done=len(outcomes) - failed,
            failed=failed,
            cursor={"settled": outcomes[-1].number},
            finished=len(outcomes) == len(rows),
            aside=True,
        )

    async def _do(self, tx: Transaction, job: Job, act: OneAct, row: Row[Any]) -> Answer | None:
        """The act's answer; None where it could not be tried. Its key is the row's, so that its ids are, too."""
        with span(f"bulk {act.path}", SpanKind.INTERNAL, job_id=str(job.id)):
            key = derived_id(job.id, "item", row.number)
            answer = await do_act(self._inside, tx.officer, act, opened(tx.vault, row), key)
        untried = answer.status == 503 or (answer.status == 409 and answer.read().get("type") == _IN_PROGRESS)
        return None if untried else answer


async def _failed(tx: Transaction, job: Job, plan: Plan, after: int) -> tuple[list[NewItem], str | None]:
    assert plan.failed_of is not None
    rows = await take_failed(tx, plan.failed_of, job.id, after, job.rows_limit)
    same = plan.chosen(tx.vault).same
    items = [NewItem(opened(tx.vault, row) | same, repeats_row=row.first_number) for row in rows]
    return items, str(rows[-1].number) if len(rows) == job.rows_limit else None


def _outcome(number: int, answer: Answer) -> Outcome:
    told = answer.read()
    if answer.ok:
        return Outcome(number, answer.status, resource_id=told["id"])
    return Outcome(number, answer.status, problem=told)
