"""Whose lists an officer works with: the one limit that the database's own agency rule does not draw here."""

from chassis.auth import ALL_AGENCIES, Officer, Role

_ACROSS_AGENCIES = frozenset({Role.KEPALA_DESA, Role.PENDAMPING})


def only_agency(officer: Officer) -> str | None:
    """The agency whose messages and lists the officer is limited to; None: those of every agency.

    Village heads and mentors belong to others than the agency that invites, and go to the people for all of them.
    """
    if officer.roles & _ACROSS_AGENCIES or officer.agency == ALL_AGENCIES:
        return None
    return officer.agency


def reaches(officer: Officer, agency: str) -> bool:
    """Whether the officer may work with what this agency has to tell; the region is the database's own rule."""
    return only_agency(officer) in {None, agency}
