"""The embedded issuer of bearer tokens: for trying out and for the demo, never for an installation marked live."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from deploy.local.home import Home, write_json, write_private

ISSUER = "urn:sinergi:embedded-issuer"
AUDIENCE = "sinergi"
ALGORITHM = "RS256"
SERVICE_TOKEN_LIFETIME_SECONDS = 3600


@dataclass(frozen=True)
class Issuer:
    """Signs tokens with a key that is made at the first use and kept in `home`."""

    home: Home

    @property
    def jwks_file(self) -> Path:
        """The public keys, as services read them."""
        return self.home.root / "issuer" / "jwks.json"

    def ensure_key(self) -> None:
        """Make the signing key if there is none."""
        folder = self.jwks_file.parent
        if (folder / "private.json").exists() and self.jwks_file.exists():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, private=True, auto_kid=True)
        write_private(folder / "private.json", json.dumps(key.as_dict(private=True)))
        write_json(self.jwks_file, KeySet([key]).as_dict(private=False))

    def mint(self, subject: str, roles: Sequence[str], agency: str, region: str, lifetime_seconds: int = 3600) -> str:
        """A signed token. `region` is a Kemendagri code prefix, empty for everywhere; `agency` "*" is every agency."""
        self.ensure_key()
        key = RSAKey.import_key(json.loads((self.jwks_file.parent / "private.json").read_text(encoding="utf-8")))
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": subject,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + lifetime_seconds,
            "roles": list(roles),
            "agency": agency,
            "region": region,
        }
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, key)

    def service_token_file(self, service: str) -> Path:
        """Where a service finds the token of its own identity."""
        return self.home.root / "tokens" / f"{service}.jwt"

    def renew_service_token(self, service: str) -> None:
        """Write a fresh token of a service's identity; readers see the old one or the new."""
        path = self.service_token_file(service)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, self.mint(f"service:{service}", ["service"], "*", "", SERVICE_TOKEN_LIFETIME_SECONDS))
