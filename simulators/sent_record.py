"""What really went out, for tests that count it: no number and no text, but marks by which equal ones are known."""

import hashlib
import hmac
import json
from pathlib import Path


def mark(secret: str, value: str) -> str:
    """Stands for a number or a text: equal values have equal marks, and nobody without the secret can guess back."""
    return hmac.digest(secret.encode(), value.encode(), hashlib.sha256).hex()


class SentRecord:
    """One JSON line `[reference, mark of the number, mark of the text]` for each message; without a path, nothing."""

    def __init__(self, path: Path | None, secret: str) -> None:
        self._path = path
        self._secret = secret

    def add(self, reference: str, to: str, text: str) -> None:
        """Record a message that was taken."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([reference, mark(self._secret, to), mark(self._secret, text)]) + "\n")
