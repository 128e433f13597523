"""Domain fact to public contract: all that the registry tells the world."""

from uuid import UUID

from contracts import registry as told
from contracts.envelope import LateEntryReason
from services.registry.domain.act import Act
from services.registry.domain.correction import PersonCorrected
from services.registry.domain.end_request import (
    AnswerFact,
    AssistanceEnded,
    AssistanceEndRefused,
    AssistanceRestored,
    EndRequest,
)
from services.registry.domain.list_import import ListImported, PersonRegistered
from services.registry.domain.membership import Scheme
from services.registry.domain.person import Attributes

AssistanceAnswerV1 = told.AssistanceEndedV1 | told.AssistanceEndRefusedV1 | told.AssistanceRestoredV1


def _dated(act: Act) -> dict[str, object]:
    reason = LateEntryReason(act.late_entry_reason) if act.late_entry_reason else None
    return {"occurred_on": act.occurred_on, "late_entry_reason": reason, "agency": act.agency}


def _attributes(attributes: Attributes) -> dict[str, object]:
    source = attributes.decile_source
    return {
        "person_id": attributes.person_id,
        "family_id": attributes.family_id,
        "region_code": attributes.region_code,
        "decile": attributes.decile,
        "list_source": told.ListSource(source.list_source.value),
        "list_version": source.list_version,
        "list_dated_on": source.list_dated_on,
        "population_match": told.PopulationMatch(attributes.population_match.value),
        "status": told.PersonStatus(attributes.status.value),
    }


def person_registered(fact: PersonRegistered, act: Act) -> told.PersonRegisteredV1:
    """A person of an approved list."""
    return told.PersonRegisteredV1.model_validate(
        _dated(act) | _attributes(fact.attributes) | {"import_id": fact.import_id}
    )


def person_corrected(fact: PersonCorrected, act: Act) -> told.PersonCorrectedV1:
    """All attributes as they are now; of identifying fields only the names."""
    changed = tuple(told.PersonField(field.value) for field in fact.changed_fields)
    return told.PersonCorrectedV1.model_validate(
        _dated(act) | _attributes(fact.attributes) | {"correction_id": fact.correction_id, "changed_fields": changed}
    )


def list_imported(fact: ListImported, act: Act) -> told.ListImportedV1:
    """A list was applied to the end."""
    return told.ListImportedV1.model_validate(
        _dated(act)
        | {
            "import_id": fact.import_id,
            "list_source": told.ListSource(fact.decile_source.list_source.value),
            "list_version": fact.decile_source.list_version,
            "list_dated_on": fact.decile_source.list_dated_on,
            "rows_count": fact.rows_count,
            "registered_count": fact.registered_count,
            "known_count": fact.known_count,
            "refused_count": fact.refused_count,
        }
    )


def assistance_answered(fact: AnswerFact, request: EndRequest, act: Act) -> AssistanceAnswerV1:
    """The owner's answer to a graduation proposal, or what was given back after it."""
    ids: dict[str, UUID] = {
        "graduation_id": request.graduation_id,
        "person_id": request.person_id,
        "family_id": request.family_id,
    }
    common = _dated(act) | ids
    match fact:
        case AssistanceEnded():
            ended = {"schemes": _schemes(fact.schemes), "ended_on": fact.ended_on}
            return told.AssistanceEndedV1.model_validate(common | ended)
        case AssistanceEndRefused():
            return told.AssistanceEndRefusedV1.model_validate(
                common | {"reason": told.EndRefusalReason(fact.reason.value)}
            )
        case AssistanceRestored():
            restored = {"schemes": _schemes(fact.schemes), "restored_on": fact.restored_on}
            return told.AssistanceRestoredV1.model_validate(common | restored)


def _schemes(schemes: tuple[Scheme, ...]) -> tuple[told.AssistanceScheme, ...]:
    return tuple(told.AssistanceScheme(scheme.value) for scheme in schemes)
