"""Transitions of the registry's aggregates: what each act does, and what each state refuses."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from chassis.errors import Refusal, SamePerson, StaleVersion
from chassis.ids import new_id
from services.registry.domain.act import Act
from services.registry.domain.correction import (
    Correction,
    CorrectionNotOpen,
    CorrectionReason,
    CorrectionRejectionReason,
    CorrectionState,
    DecileSourceNeeded,
    PersonField,
    ValueInvalid,
    read_value,
    require_source,
)
from services.registry.domain.end_request import (
    Answer,
    AnswerIncomplete,
    AnswerNotPossible,
    AnswerState,
    AnswerWaiting,
    AssistanceEnded,
    AssistanceEndRefused,
    AssistanceRestored,
    EndRefusalReason,
    EndRequest,
    NoAnswerWaiting,
    ProposedAnswer,
    RequestState,
)
from services.registry.domain.list_import import (
    ImportNotOpen,
    ImportState,
    ListImport,
    ListOutOfDate,
    NothingToApply,
    RejectionReason,
)
from services.registry.domain.membership import Membership, MembershipState, Scheme
from services.registry.domain.person import DecileSource, ListSource

TODAY = date(2024, 7, 1)
ACT = Act(TODAY, None, "dinsos")
SOURCE = DecileSource(ListSource.P3KE, "2022", date(2022, 12, 1))


def a_list(accepted: int = 2, known: int = 0, refused: int = 1) -> ListImport:
    return ListImport(
        new_id(), "dinsos", "33.28", SOURCE, accepted + known + refused, accepted, known, refused, "maker", TODAY
    )


def test_a_list_goes_from_checked_to_applied() -> None:
    imported = a_list()
    imported.approve("checker", 1, ACT, TODAY)
    assert (imported.state, imported.checker, imported.version) == (ImportState.APPROVED, "checker", 2)
    imported.count_applied(registered=1, known=1, refused=0)
    fact = imported.finish()
    assert imported.state is ImportState.APPLIED
    assert (fact.rows_count, fact.registered_count, fact.known_count, fact.refused_count) == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda it: it.approve("maker", 1, ACT, TODAY), SamePerson),
        (lambda it: it.approve("checker", 2, ACT, TODAY), StaleVersion),
        (lambda it: it.approve("checker", 1, ACT, TODAY + timedelta(days=366)), ListOutOfDate),
        (lambda it: it.reject("maker", 1, RejectionReason.WRONG_LIST), SamePerson),
        (lambda it: it.finish(), ImportNotOpen),
    ],
)
def test_what_a_checked_list_refuses(act: Callable[[ListImport], object], refusal: type[Refusal]) -> None:
    imported = a_list()
    with pytest.raises(refusal):
        act(imported)
    assert imported.state is ImportState.CHECKED


def test_a_list_of_refusals_only_cannot_be_approved() -> None:
    with pytest.raises(NothingToApply):
        a_list(accepted=0, known=0, refused=3).approve("checker", 1, ACT, TODAY)


@pytest.mark.parametrize(
    "decide",
    [
        lambda it: it.approve("checker", 1, ACT, TODAY),
        lambda it: it.reject("checker", 1, RejectionReason.WRONG_LIST),
        lambda it: it.withdraw(),
    ],
)
def test_a_decided_list_is_final(decide: Callable[[ListImport], object]) -> None:
    imported = a_list()
    decide(imported)
    with pytest.raises(ImportNotOpen):
        imported.withdraw()
    with pytest.raises(ImportNotOpen):
        imported.approve("checker", imported.version, ACT, TODAY)


def a_correction() -> Correction:
    return Correction(
        new_id(), new_id(), PersonField.NAME, "old", "new", CorrectionReason.TYPING_ERROR, "KTP/1", "maker", TODAY, None
    )


def test_a_correction_is_approved_by_another_officer_only() -> None:
    correction = a_correction()
    with pytest.raises(SamePerson):
        correction.approve("maker", 1)
    with pytest.raises(StaleVersion):
        correction.approve("checker", 7)
    correction.approve("checker", 1)
    assert (correction.state, correction.version) == (CorrectionState.APPROVED, 2)
    with pytest.raises(CorrectionNotOpen):
        correction.withdraw()


def test_a_correction_may_be_refused_or_taken_back() -> None:
    refused, withdrawn = a_correction(), a_correction()
    refused.reject("checker", 1, CorrectionRejectionReason.EVIDENCE_MISSING)
    withdrawn.withdraw()
    assert (refused.state, withdrawn.state) == (CorrectionState.REJECTED, CorrectionState.WITHDRAWN)


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        (PersonField.NAME, "  Siti  Aminah", "Siti Aminah"),
        (PersonField.NAME, " ", None),
        (PersonField.NIK, "3328997101900001", "3328997101900001"),
        (PersonField.NIK, "3328997113900001", None),
        (PersonField.FAMILY_CARD, "123", None),
        (PersonField.BIRTH_DATE, "31-01-1990", "1990-01-31"),
        (PersonField.BIRTH_DATE, "2025-01-01", None),
        (PersonField.PHONE, "0812 3456 7890", "+6281234567890"),
        (PersonField.PHONE, "", ""),
        (PersonField.PHONE, "12", None),
        (PersonField.DECILE, "10", "10"),
        (PersonField.DECILE, "0", None),
        (PersonField.STATUS, "deceased", "deceased"),
        (PersonField.STATUS, "gone", None),
    ],
)
def test_values_of_corrections(field: PersonField, text: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(ValueInvalid) as refused:
            read_value(field, text, TODAY)
        assert refused.value.facts == {"field": field.value}
    else:
        assert read_value(field, text, TODAY) == kept


def test_a_decile_never_comes_without_its_list() -> None:
    require_source(PersonField.DECILE, SOURCE)
    require_source(PersonField.NAME, None)
    with pytest.raises(DecileSourceNeeded):
        require_source(PersonField.DECILE, None)
    with pytest.raises(DecileSourceNeeded):
        require_source(PersonField.NAME, SOURCE)


def a_request(state: RequestState = RequestState.OPEN) -> EndRequest:
    return EndRequest(new_id(), new_id(), new_id(), "dinsos", state)


def an_answer(answer: Answer, **more: object) -> ProposedAnswer:
    return ProposedAnswer(new_id(), answer, "maker", TODAY, None, **more)  # type: ignore[arg-type]


def members(request: EndRequest) -> list[Membership]:
    return [Membership(new_id(), request.family_id, scheme, None) for scheme in Scheme]


def test_assistance_is_ended_and_given_back() -> None:
    request = a_request()
    held = members(request)
    request.propose(an_answer(Answer.END, ended_on=TODAY))
    assert request.approve("checker", 2, held) == AssistanceEnded((Scheme.PKH, Scheme.SEMBAKO), TODAY)
    assert (request.state, request.decided.state if request.decided else None) == (
        RequestState.ENDED,
        AnswerState.APPROVED,
    )
    assert {member.state for member in held} == {MembershipState.ENDED}
    assert request.withdraw(TODAY, held) == AssistanceRestored((Scheme.PKH, Scheme.SEMBAKO), TODAY)
    assert request.state is RequestState.RESTORED
    assert {member.state for member in held} == {MembershipState.ACTIVE}


def test_a_family_without_assistance_graduates_with_an_empty_list() -> None:
    request = a_request()
    request.propose(an_answer(Answer.END, ended_on=TODAY))
    assert request.approve("checker", 2, []) == AssistanceEnded((), TODAY)
    assert request.withdraw(TODAY, []) is None


def test_the_owner_may_keep_the_assistance() -> None:
    request = a_request()
    held = members(request)
    request.propose(an_answer(Answer.REFUSE, refusal_reason=EndRefusalReason.VULNERABLE_MEMBER))
    assert request.approve("checker", 2, held) == AssistanceEndRefused(EndRefusalReason.VULNERABLE_MEMBER)
    assert {member.state for member in held} == {MembershipState.ACTIVE}
    assert request.withdraw(TODAY, held) is None
    assert request.state is RequestState.REFUSED


def test_an_end_by_mistake_is_mended_by_two_officers() -> None:
    request = a_request(RequestState.ENDED)
    held = members(request)[:1]
    held[0].end(request.graduation_id, TODAY)
    request.propose(an_answer(Answer.RESTORE))
    assert request.approve("checker", 2, held) == AssistanceRestored((Scheme.PKH,), TODAY)


def test_a_withdrawal_overtakes_a_waiting_answer() -> None:
    request = a_request()
    request.propose(an_answer(Answer.END, ended_on=TODAY))
    assert request.withdraw(TODAY, []) is None
    assert request.state is RequestState.CANCELLED
    assert request.decided is not None
    assert request.decided.state is AnswerState.OVERTAKEN
    with pytest.raises(NoAnswerWaiting):
        request.approve("checker", request.version, [])


def test_what_a_request_refuses() -> None:
    request = a_request()
    with pytest.raises(AnswerNotPossible):
        request.propose(an_answer(Answer.RESTORE))
    with pytest.raises(AnswerIncomplete):
        request.propose(an_answer(Answer.END))
    with pytest.raises(AnswerIncomplete):
        request.propose(an_answer(Answer.REFUSE, ended_on=TODAY))
    with pytest.raises(NoAnswerWaiting):
        request.approve("checker", 1, [])
    request.propose(an_answer(Answer.END, ended_on=TODAY))
    with pytest.raises(AnswerWaiting):
        request.propose(an_answer(Answer.END, ended_on=TODAY))
    with pytest.raises(SamePerson):
        request.approve("maker", 2, [])
    with pytest.raises(StaleVersion):
        request.approve("checker", 1, [])
    request.return_answer("checker", 2)
    assert (request.state, request.waiting) == (RequestState.OPEN, None)
