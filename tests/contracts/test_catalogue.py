"""The catalogue names a route, an owner and a listener for every event, and the check of it sees what is wrong."""

from dataclasses import replace
from uuid import UUID

import pytest

from contracts.catalogue import CATALOGUE, TOPICS, Entry, Topic, heard_by
from contracts.envelope import Fact
from contracts.fields import Id
from contracts.tooling.parties import PARTIES, check_catalogue

ENROLLED = CATALOGUE["training.enrolled.v1"]


class EnrolledV3(Fact):
    """A version that skips one."""

    event_type = "training.enrolled.v3"
    person_id: Id
    enrolment_id: Id


class RemovedV1(Fact):
    """Published by nobody known."""

    event_type = "warehouse.removed.v1"
    person_id: Id
    enrolment_id: Id


class SeenV1(Fact):
    """The console publishes nothing."""

    event_type = "console.seen.v1"
    person_id: Id
    enrolment_id: Id


class WrongV1(Fact):
    """A model under the name of another fact."""

    event_type = "training.enrolled.v1"
    person_id: Id
    enrolment_id: Id


class OptionalKeyV1(Fact):
    """Its key may be absent."""

    event_type = "training.optional_key.v1"
    person_id: Id | None = None
    enrolment_id: Id


class DefaultKeyV1(Fact):
    """Its key may be left out."""

    event_type = "training.default_key.v1"
    person_id: Id = UUID(int=0)
    enrolment_id: Id


def test_the_catalogue_is_sound() -> None:
    assert check_catalogue(CATALOGUE) == []


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=lambda entry: entry.type)
def test_every_event_has_a_listener_and_an_owner(entry: Entry) -> None:
    assert entry.consumers
    assert {*entry.consumers, entry.owner} <= PARTIES.keys()
    assert {entry.key, entry.subject} <= entry.model.model_fields.keys()


WRONG: dict[str, tuple[Entry, str]] = {
    "no listener": (replace(ENROLLED, consumers=()), "heard by nobody"),
    "unknown listener": (replace(ENROLLED, consumers=("warehouse",)), "warehouse, which is unknown"),
    "its own listener": (replace(ENROLLED, consumers=("training",)), "its own publisher"),
    "listener twice": (replace(ENROLLED, consumers=("console", "console")), "twice"),
    "key outside the model": (replace(ENROLLED, key="family_id"), "key family_id"),
    "key that is no id": (replace(ENROLLED, key="course_code"), "key course_code"),
    "optional key": (replace(ENROLLED, model=OptionalKeyV1), "key person_id"),
    "key with a default": (replace(ENROLLED, model=DefaultKeyV1), "key person_id"),
    "subject outside the model": (replace(ENROLLED, subject="grant_id"), "subject grant_id"),
    "topic of another service": (replace(ENROLLED, topic=Topic("registry.people")), "instead of training"),
    "topic without owner": (replace(ENROLLED, topic=Topic("enrolments")), "instead of training"),
    "topic in another style": (replace(ENROLLED, topic=Topic("training.Enrolments_v1")), "instead of training"),
    "unknown owner": (replace(ENROLLED, model=RemovedV1), "owned by warehouse"),
    "owner that publishes nothing": (replace(ENROLLED, model=SeenV1), "owned by console"),
    "version skipped": (replace(ENROLLED, model=EnrolledV3), "without its version 2"),
    "model of another name": (replace(ENROLLED, model=WrongV1), "model WrongV1 instead of EnrolledV1"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_entry_is_seen(case: str) -> None:
    entry, reason = WRONG[case]
    found = check_catalogue({entry.type: entry})
    assert any(reason in line for line in found), found


def test_an_entry_under_another_type_is_seen() -> None:
    found = check_catalogue({"training.enrolled.v2": ENROLLED})
    assert found == ["training.enrolled.v2 $: is not named <owner>.<fact>.v<N> as in its model."]


def test_two_publishers_on_one_topic_are_seen() -> None:
    shared = Topic("inbound.partners")
    entries = [
        replace(CATALOGUE[name], topic=shared)
        for name in ("dinas-koperasi.assistance_given.v1", "training-provider.attendance_reported.v1")
    ]
    found = check_catalogue({entry.type: entry for entry in entries})
    assert len(found) == 1
    assert "on the topic of dinas-koperasi" in found[0]


def test_topics_keep_their_name_partitions_and_retention() -> None:
    assert {topic.name: (topic.partitions, topic.retention_ms) for topic in TOPICS} == {
        "disbursement.grants": (12, -1),
        "disbursement.programmes": (12, -1),
        "followup.mentoring": (12, -1),
        "inbound.dinas-koperasi": (12, 34_560_000_000),
        "inbound.training-providers": (12, 34_560_000_000),
        "notifications.messages": (12, -1),
        "registry.assistance": (12, -1),
        "registry.imports": (12, -1),
        "registry.people": (12, -1),
        "training.classes": (12, -1),
        "training.enrolments": (12, -1),
    }


def test_a_service_hears_what_names_it() -> None:
    assert {entry.type for entry in heard_by("registry")} == {
        "followup.graduation_proposed.v1",
        "followup.graduation_withdrawn.v1",
    }
