"""E-mail addresses as lists carry them: kept where their syntax is plain, and never guessed at."""

import re
from typing import Final

_LONGEST: Final = 254
_LONGEST_LOCAL_PART: Final = 64
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP_LABEL: Final = r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
_ADDRESS: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_TOP_LABEL}")


def checked(text: str) -> str | None:
    """The address as written, or None when its syntax is not plain.

    Plain is the unquoted form of RFC 5321 (sections 4.1.2 and 4.5.3.1) in ASCII: words joined by single dots before one
    `@`, at most 64 characters; then a domain of two labels or more, the last beginning with a letter; at most 254
    characters in all. Whether a mailbox exists is not asked.
    """
    if len(text) > _LONGEST or not _ADDRESS.fullmatch(text):
        return None
    return text if text.index("@") <= _LONGEST_LOCAL_PART else None
