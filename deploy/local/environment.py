"""The environment of each service process: the whole contract between the stack and `settings.py` of a service."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.home import Home
from deploy.local.inheritance import inherited
from deploy.local.issuer import AUDIENCE, ISSUER, Issuer
from deploy.local.options import SMS_GATEWAY, Options
from deploy.local.provision import DatabaseUrls


@dataclass(frozen=True)
class Addresses:
    """Where everything is in this run."""

    kafka_bootstrap_servers: str
    zipkin_url: str
    urls: Mapping[str, str]
    """HTTP base addresses by name of service or simulator."""


def service_environment(
    home: Home, options: Options, service: str, database: DatabaseUrls, addresses: Addresses
) -> dict[str, str]:
    """All variables of one service."""
    embedded = not options.issuer
    token_file = Issuer(home).service_token_file(service) if embedded else f"{options.token_folder}/{service}.jwt"
    return inherited(options.environment, service) | {
        "SERVICE_ROLES": "api,worker",
        "DATABASE_URL": database.app,
        "WORKER_DATABASE_URL": database.worker,
        "KAFKA_BOOTSTRAP_SERVERS": addresses.kafka_bootstrap_servers,
        "AUTH_ISSUER": options.issuer or ISSUER,
        "AUTH_AUDIENCE": AUDIENCE if embedded else options.audience,
        "AUTH_JWKS": str(Issuer(home).jwks_file) if embedded else options.jwks,
        "ADMINISTRATORS_FILE": str(home.root / "administrators.json"),
        "SERVICE_TOKEN_FILE": str(token_file),
        "SERVICE_INSTANCE": "1",
        "DEPLOYMENT": options.deployment,
        "REGION_TIMEZONE": options.timezone,
        "ENCRYPTION_KEYS_FILE": encryption_keys_file(home, service),
        "TRACES_EXPORTER": "zipkin",
        "TRACES_ENDPOINT": f"{addresses.zipkin_url}/api/v2/spans",
        "TRACES_SAMPLE_RATIO": options.environment.get("TRACES_SAMPLE_RATIO", "1"),
        "ZIPKIN_UI_URL": f"{addresses.zipkin_url}/zipkin",
        **(_for_messages(home, options) if service == "notifications" else {}),
        **{f"{name.upper()}_URL": url for name, url in addresses.urls.items()},
    }


def _for_messages(home: Home, options: Options) -> dict[str, str]:
    return {
        "SMTP_URL": options.environment.get("SMTP_URL", ""),
        "SMS_GATEWAY_SECRET": home.secret("sms_gateway"),
        # The simulator's latest receipts come after 5 s: without one for longer, asking is worth it.
        "RECEIPT_WAIT_SECONDS": "8",
        # A sender that was killed on the way: on one machine twenty seconds are enough to be sure of it.
        "SENDING_STALE_SECONDS": "20",
    }


def gateway_environment(home: Home, options: Options, addresses: Addresses) -> dict[str, str]:
    """All variables of the simulated SMS gateway."""
    return inherited(options.environment, SMS_GATEWAY) | {
        "SMS_GATEWAY_SECRET": home.secret("sms_gateway"),
        "SMS_GATEWAY_STATUS_FILE": str(home.root / "sms_gateway.jsonl"),
        "SMS_RECEIPTS_URL": f"{addresses.urls.get('notifications', '')}/receipts/sms",
    }


def encryption_keys_file(home: Home, service: str) -> str:
    """Path of the file with a service's own encryption keys, made at its first use.

    It is not part of a database backup: without it the encrypted columns cannot be read.
    """
    home.secret(f"{service}.keys.json", _new_keys)
    return str(home.root / "secrets" / f"{service}.keys.json")


def _new_keys() -> str:
    return json.dumps({"current": "k1", "keys": {"k1": _key()}, "blind_index_key": _key()})


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
