"""Personal columns: sealed by AES-GCM under named keys, found again by a keyed blind index.

A plain SHA-256 of one kecamatan's NIKs is broken in seconds, hence HMAC under a key of its own.
"""

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens personal values. Sealed form: key id, `:`, nonce, ciphertext with tag."""

    current: str
    keys: dict[str, AESGCM]
    index_key: bytes

    @classmethod
    def from_file(cls, path: Path) -> "Vault":
        """Read `{"current", "keys": {id: base64}, "blind_index_key": base64}`; older keys stay for opening."""
        stored = json.loads(path.read_text())
        keys = {key_id: AESGCM(base64.b64decode(key)) for key_id, key in stored["keys"].items()}
        return cls(stored["current"], keys, base64.b64decode(stored["blind_index_key"]))

    def seal_bytes(self, clear: bytes) -> bytes:
        """Encrypt under the current key."""
        nonce = os.urandom(_NONCE_BYTES)
        return self.current.encode() + b":" + nonce + self.keys[self.current].encrypt(nonce, clear, None)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Decrypt; raises `cryptography.exceptions.InvalidTag` when it was tampered with."""
        key_id, _, rest = bytes(sealed).partition(b":")
        return self.keys[key_id.decode()].decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], None)

    def seal(self, clear: str) -> bytes:
        """Encrypt a text under the current key."""
        return self.seal_bytes(clear.encode())

    def open(self, sealed: bytes) -> str:
        """Decrypt a sealed text."""
        return self.open_bytes(sealed).decode()

    def blind_index(self, clear: str) -> bytes:
        """32 bytes by which equal values are found without opening them."""
        return hmac.digest(self.index_key, clear.encode(), hashlib.sha256)
