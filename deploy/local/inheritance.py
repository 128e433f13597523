"""What a process of the stack keeps of the environment the stack was started in: what it needs, nothing else.

A shell holds secrets of its user that are none of a service's business.
"""

from collections.abc import Mapping
from typing import Final

from deploy.local.loopback import without_proxy

_SYSTEM: Final = frozenset({"PATH", "LANG", "LANGUAGE", "TZ", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"})
_OUTSIDE: Final = frozenset(
    {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
)
_PYTHON: Final = frozenset(
    {"PYTHONPATH", "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONASYNCIODEBUG", "PYTHONFAULTHANDLER", "PYTHONTRACEMALLOC"}
)
"""Not PYTHONDONTWRITEBYTECODE, which would double the time of every start."""
_PREFIXES: Final = ("LC_", "OTEL_")

COMMON_SETTINGS: Final = frozenset(
    {"REQUEST_LIMIT_BYTES", "RELAY_BATCH_SIZE", "CONSUMER_BATCH_SIZE", "OUTBOX_DEPTH_LIMIT", "FAILPOINTS_FOLDER"}
)
OWN_SETTINGS: Final[Mapping[str, frozenset[str]]] = {
    "registry": frozenset({"LIST_LIMIT_BYTES", "LIST_LIMIT_ROWS", "ASSISTANCE_OWNERS"}),
    "training": frozenset(),
    "disbursement": frozenset({"REGISTRY_TIMEOUT_SECONDS"}),
    "followup": frozenset(),
    "notifications": frozenset(
        {
            "REGISTRY_TIMEOUT_SECONDS", "SMS_TIMEOUT_SECONDS", "SMS_CONCURRENCY", "SMTP_TIMEOUT_SECONDS",
            "EMAIL_SENDER", "SEND_BATCH_SIZE", "SENDING_STALE_SECONDS", "RECEIPT_DEADLINE_SECONDS",
        }
    ),
    "console": frozenset({"REGISTRY_TIMEOUT_SECONDS", "SESSION_COOKIE_SECURE"}),
    "sms_gateway": frozenset(
        {
            "SMS_GATEWAY_STATUS_FILE", "SMS_GATEWAY_SENT_FILE",
            "SMS_GATEWAY_SEED", "SMS_GATEWAY_RECEIPT_AFTER_SECONDS", "SMS_GATEWAY_LATE_AFTER_SECONDS",
            "SMS_GATEWAY_HANG_SECONDS", "SMS_GATEWAY_LATE_PER_MILLE", "SMS_GATEWAY_REPEATED_PER_MILLE",
            "SMS_GATEWAY_LOST_PER_MILLE", "SMS_GATEWAY_FAILED_PER_MILLE", "SMS_GATEWAY_MESSAGES_KEPT",
        }
    ),
}  # fmt: skip
"""The fields of each process's settings that the stack does not set itself."""


def inherited(environment: Mapping[str, str], process: str) -> dict[str, str]:
    """What `process`, a service or the simulator, keeps; its own addresses are never asked through a proxy."""
    wanted = _SYSTEM | _OUTSIDE | _PYTHON | OWN_SETTINGS[process]
    if process != "sms_gateway":
        wanted |= COMMON_SETTINGS
    kept = {
        name: value
        for name, value in environment.items()
        if (name.upper() in wanted or name.upper().startswith(_PREFIXES)) and not _socks(name, value)
    }
    return kept | without_proxy(environment)


def _socks(name: str, value: str) -> bool:
    # The HTTP client has no SOCKS and refuses to be made where one is named.
    return name.upper().endswith("_PROXY") and value.startswith("socks")
