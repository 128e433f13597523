"""Who may read what training holds."""

from chassis.auth import Permission, Role

READ = Permission("training.read", {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING})
