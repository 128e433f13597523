"""Query parameters of keyset pages, and who may read."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.auth import Permission, Role

After = Annotated[UUID | None, Query(description="Last id of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]

READ = Permission("training.read", {Role.PETUGAS, Role.VERIFIKATOR, Role.PENETAP, Role.PENDAMPING})
