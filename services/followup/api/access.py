"""Who may do what here."""

from chassis.auth import Permission, Role

OFFICE = {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP}

READ = Permission("followup.read", OFFICE | {Role.PENDAMPING})
READ_NOTE = Permission("visit.read_note", {Role.PENDAMPING, Role.PETUGAS, Role.VERIFIKATOR})
READ_RULES = Permission("rule.read", OFFICE | {Role.PENDAMPING, Role.ADMINISTRATOR})
SET_RULES = Permission("rule.set", {Role.ADMINISTRATOR})
RECORD_VISIT = Permission("visit.record", {Role.PENDAMPING})
EXTEND = Permission("mentoring.extend", {Role.PENDAMPING, Role.PETUGAS})
CORRECT_VISIT = Permission("visit.correct", {Role.PENDAMPING, Role.PETUGAS})
CHECK_CORRECTION = Permission("visit.check_correction", {Role.VERIFIKATOR})
CONFIRM_EMPOWERED = Permission("empowerment.confirm", {Role.VERIFIKATOR})
PROPOSE_GRADUATION = Permission("graduation.propose", {Role.PETUGAS})
WITHDRAW_GRADUATION = Permission("graduation.withdraw", {Role.PETUGAS, Role.VERIFIKATOR})
