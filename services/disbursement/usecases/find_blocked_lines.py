"""Lines of a proposal that no longer meet a criterion, with the explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.paging import BEFORE_ALL
from chassis.transaction import Transaction
from services.disbursement.domain.eligibility import Judgement, judge
from services.disbursement.domain.grant import Grant
from services.disbursement.domain.programme import Programme
from services.disbursement.domain.proposal import LinesBlocked, Proposal, ProposalKind
from services.disbursement.store import proposals as store
from services.disbursement.store.grants import line_keys, waiting_candidates
from services.disbursement.store.programmes import load_programme
from services.disbursement.store.projections import alike, load_cases

ALIKE_LIMIT = 20_000
"""Lines compared in one statement."""


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line of a proposal and what its criteria say today."""

    grant: Grant
    judgement: Judgement

    @property
    def blocked(self) -> bool:
        """Whether a decree may not name this recipient."""
        return not self.judgement.eligible


async def judge_lines(tx: Transaction, programme: Programme, grants: Sequence[Grant]) -> list[JudgedLine]:
    """Every criterion of every line."""
    cases = await load_cases(tx, programme.rules, [(grant.person_id, grant.package_code) for grant in grants])
    return [
        JudgedLine(grant, judge(programme.rules, cases[grant.person_id], frozenset({grant.id}))) for grant in grants
    ]


async def refuse_blocked_lines(tx: Transaction, proposal: Proposal) -> None:
    """Raises LinesBlocked naming up to 20 grants (recipients) or people (substitutes) and how many there are."""
    programme = await load_programme(tx, proposal.programme_id)
    if proposal.kind is ProposalKind.AMENDMENT:
        blocked = await _blocked_substitutes(tx, programme, proposal)
    else:
        blocked = await _blocked_grants(tx, programme, proposal)
    if blocked:
        raise LinesBlocked(
            proposal_id=proposal.id, blocked_count=len(blocked), blocked=[str(each) for each in blocked[:20]]
        )


async def _blocked_grants(tx: Transaction, programme: Programme, proposal: Proposal) -> list[UUID]:
    """Judges one of all lines that are alike: the criteria can say nothing else of the others."""
    blocked: list[UUID] = []
    after = BEFORE_ALL
    while lines := await line_keys(tx, proposal.id, after, ALIKE_LIMIT):
        for facts, grant_ids in await alike(tx, programme.rules, lines):
            if not judge(programme.rules, facts).eligible:
                blocked += grant_ids
        after = lines[-1].id
    return sorted(blocked)


async def _blocked_substitutes(tx: Transaction, programme: Programme, proposal: Proposal) -> list[UUID]:
    lines = await store.amendment_lines(tx, proposal.id)
    # A substitute may be of the family whose grant this amendment cancels.
    given_up = frozenset(line.grant_id for line in lines)
    people = [line.substitute_person_id for line in lines if line.substitute_person_id is not None]
    waiting = await waiting_candidates(tx, programme.id, people)
    cases = await load_cases(tx, programme.rules, [(each, row.package_code) for each, row in waiting.items()])
    return [each for each in people if each not in cases or not judge(programme.rules, cases[each], given_up).eligible]
