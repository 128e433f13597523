"""Who needs to see names: the officers who keep the data, not everybody who may see that a person exists."""

from chassis.auth import Officer, Role

_WITH_NEED = frozenset({Role.PETUGAS, Role.VERIFIKATOR})


def sees_names(officer: Officer) -> bool:
    """Whether names, birth dates and addresses are shown in clear (UU 27/2022: the minimum for the purpose)."""
    return bool(officer.roles & _WITH_NEED)
