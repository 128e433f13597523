"""Who acts and what they may do: bearer JWTs of an OIDC issuer, roles, permissions, scope."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chassis.errors import NotAllowed, NotSignedIn
from chassis.tls import trusted

ALGORITHMS = ["EdDSA", "Ed25519", "ES256", "RS256"]
"""Fixed: a token cannot choose `none` or a symmetric algorithm."""
_CLOCK_LEEWAY_SECONDS = 30
_KEYS_MAX_AGE_SECONDS = 300


class Role(StrEnum):
    """Roles of domain.md, plus an identity per service."""

    PETUGAS = "petugas"
    VERIFIKATOR = "verifikator"
    PENETAP = "penetap"
    PENDAMPING = "pendamping"
    LEMBAGA_PELATIHAN = "lembaga-pelatihan"
    KEPALA_DESA = "kepala-desa"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"


ALL_ROLES = frozenset(Role)
ALL_AGENCIES = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a route requires. `across_agencies` lifts the agency filter for that route, never the region's."""

    operation: str
    roles: frozenset[Role]
    across_agencies: bool = False

    def __init__(
        self,
        operation: str,
        roles: set[Role] | frozenset[Role],
        across_agencies: bool = False,
    ) -> None:
        object.__setattr__(self, "operation", operation)
        object.__setattr__(self, "roles", frozenset(roles))
        object.__setattr__(self, "across_agencies", across_agencies)


@lru_cache(maxsize=1024)
def _opaque_id(identity: str) -> UUID:
    return uuid5(NAMESPACE_URL, identity)


@dataclass(frozen=True, slots=True)
class Officer:
    """Whoever acts: a person or a service. Scope is an agency and a region-code prefix (empty: everywhere)."""

    issuer: str
    subject: str
    roles: frozenset[Role]
    agency: str
    region: str

    @property
    def identity(self) -> str:
        """What four eyes compares: issuer and subject together."""
        return f"{self.issuer}#{self.subject}"

    @property
    def opaque_id(self) -> UUID:
        """What events may carry of the actor."""
        return _opaque_id(self.identity)

    def covers(self, region_code: str) -> bool:
        """Whether the region lies within this officer's scope."""
        return not self.region or region_code == self.region or region_code.startswith(self.region + ".")

    def require_region(self, region_code: str) -> None:
        """Raise `NotAllowed` outside the officer's region."""
        if not self.covers(region_code):
            raise NotAllowed(region_code=region_code)

    def may(self, permission: Permission, reading: bool) -> bool:
        """Whether a role allows it; an auditor reads all and changes nothing."""
        return bool(self.roles & permission.roles) or (reading and Role.AUDITOR in self.roles)

    def require(self, permission: Permission, reading: bool) -> None:
        """Raise `NotAllowed` unless a role allows it."""
        if not self.may(permission, reading):
            raise NotAllowed(operation=permission.operation)


def service_identity(name: str, deployment: str) -> Officer:
    """Identity under which a service's consumers, timers and jobs act."""
    issuer = f"urn:sinergi:{deployment}"
    return Officer(issuer, f"service:{name}", frozenset({Role.SERVICE}), ALL_AGENCIES, "")


_BAD_TOKEN = (JoseError, ValueError, TypeError, KeyError, AttributeError)
"""What a token made by somebody else may provoke: it is nobody's, never an error of ours."""


def _named_administrators(path: Path | None) -> frozenset[tuple[str, str]]:
    """(issuer, subject) of administrators named on the machine itself, before any issuer gives the role."""
    if path is None or not path.exists():
        return frozenset()
    return frozenset((entry["issuer"], entry["subject"]) for entry in json.loads(path.read_text()))


class TokenVerifier:
    """Checks bearer tokens against one issuer's keys; keys are read again when an unknown key id appears."""

    def __init__(self, issuer: str, audience: str, jwks: str, administrators_file: Path | None = None) -> None:
        self._jwks = jwks
        self._administrators = _named_administrators(administrators_file)
        self._issuer = issuer
        self._keys: KeySet | None = None
        self._reading = asyncio.Lock()
        self._keys_read_at = 0.0
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_CLOCK_LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def officer(self, token: str) -> Officer:
        """The officer a token stands for; raises `NotSignedIn` for anything but a valid token."""
        try:
            return self._officer(self._decode(token, await self._key_set()))
        except _BAD_TOKEN:
            pass
        try:
            return self._officer(self._decode(token, await self._key_set(again=True)))
        except _BAD_TOKEN:
            raise NotSignedIn from None

    def _decode(self, token: str, keys: KeySet) -> dict[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
        self._claims.validate(decoded.claims)
        return decoded.claims

    def _officer(self, claims: Mapping[str, Any]) -> Officer:
        known = {role.value for role in Role}
        roles = frozenset(Role(role) for role in claims.get("roles", ()) if role in known)
        subject = str(claims["sub"])
        agency, region = str(claims.get("agency", "")), str(claims.get("region", "none"))
        if (self._issuer, subject) in self._administrators:
            return Officer(self._issuer, subject, roles | {Role.ADMINISTRATOR}, agency or ALL_AGENCIES, region)
        return Officer(self._issuer, subject, roles, agency, region)

    async def _key_set(self, again: bool = False) -> KeySet:
        async with self._reading:
            # A flood of bad tokens must not become a flood of requests to the issuer.
            age_seconds = time.monotonic() - self._keys_read_at
            if self._keys is None or age_seconds > _KEYS_MAX_AGE_SECONDS or (again and age_seconds > 5):
                try:
                    self._keys = KeySet.import_key_set(await self._read_jwks())
                except (httpx.HTTPError, OSError, ValueError):
                    # While the issuer is away its last keys go on; who was never known cannot be checked.
                    if self._keys is None:
                        raise
                self._keys_read_at = time.monotonic()
            return self._keys

    async def _read_jwks(self) -> Any:
        if self._jwks.startswith(("https://", "http://127.0.0.1")):
            async with httpx.AsyncClient(verify=trusted(), timeout=5) as client:
                return (await client.get(self._jwks)).raise_for_status().json()
        return json.loads(await asyncio.to_thread(Path(self._jwks).read_text))
