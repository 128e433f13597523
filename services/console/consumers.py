"""Every event marked for the console, one handler for most kinds: the read model treats them alike."""

from typing import Final

from chassis.consumer import Consumers
from contracts.catalogue import heard_by
from contracts.disbursement import ProgrammeOpenedV1
from contracts.registry import PersonCorrectedV1, PersonRegisteredV1
from services.console.usecases.note_programmes import note_programmes
from services.console.usecases.place_people import place_people
from services.console.usecases.record_events import record_events

_SPECIAL: Final = (PersonRegisteredV1, PersonCorrectedV1, ProgrammeOpenedV1)

consumers = Consumers()
consumers.on(PersonRegisteredV1)(place_people)
consumers.on(PersonCorrectedV1)(place_people)
consumers.on(ProgrammeOpenedV1)(note_programmes)
consumers.on_all((entry for entry in heard_by("console") if entry.model not in _SPECIAL), record_events)
