"""Permissions that several of the chassis's routes ask for."""

from chassis.auth import Permission, Role

OPERATE = Permission("operation.see", {Role.OPERATOR, Role.ADMINISTRATOR})
