"""What can be chosen about a stack: ports, external servers, the parts to run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local.errors import StackError

SERVICES = ("registry", "training", "disbursement", "followup", "notifications", "console")
SMS_GATEWAY = "sms_gateway"

_DEFAULT_BASE = 8100
_OFFSETS = {name: offset for offset, name in enumerate(SERVICES)} | {SMS_GATEWAY: 10}
_SERVER_DEFAULTS = {"postgres": 5433, "kafka": 9094, "zipkin": 9412}
_SERVER_OFFSETS = {"postgres": 20, "kafka": 21, "zipkin": 22}


@dataclass(frozen=True)
class Options:
    """Choices for one run. Ports are wishes: a taken one is replaced by a free one."""

    ports: Mapping[str, int]
    services: tuple[str, ...] = SERVICES
    postgres_url: str = ""
    """Superuser address of an external PostgreSQL; empty for the embedded one."""
    kafka_bootstrap_servers: str = ""
    """Address of an external Kafka; empty for the embedded one."""
    issuer: str = ""
    """An external OIDC issuer; empty for the embedded one."""
    jwks: str = ""
    audience: str = "sinergi"
    token_folder: str = ""
    """With an external issuer: where `<service>.jwt` files with the services' own tokens are kept fresh."""
    deployment: str = "kab-tegal"
    timezone: str = "Asia/Jakarta"
    environment: Mapping[str, str] = field(default_factory=dict)
    """The environment of the start; services inherit a part of it."""


def from_environment(
    environment: Mapping[str, str] | None = None, *, port_base: int | None = None, services: tuple[str, ...] = SERVICES
) -> Options:
    """Read the choices from the environment; `port_base` wins over SINERGI_PORT_BASE. Raises StackError."""
    env = os.environ if environment is None else environment
    if unknown := set(services) - set(SERVICES):
        raise StackError(f"No such service: {', '.join(sorted(unknown))}. Services: {', '.join(SERVICES)}.")
    if env.get("AUTH_ISSUER") and not (env.get("AUTH_JWKS") and env.get("SERVICE_TOKEN_FOLDER")):
        raise StackError("AUTH_ISSUER names an external issuer: AUTH_JWKS and SERVICE_TOKEN_FOLDER are needed too.")
    return Options(
        ports=_ports(env, port_base),
        services=services,
        postgres_url=env.get("POSTGRES_URL", ""),
        kafka_bootstrap_servers=env.get("KAFKA_BOOTSTRAP_SERVERS", ""),
        issuer=env.get("AUTH_ISSUER", ""),
        jwks=env.get("AUTH_JWKS", ""),
        audience=env.get("AUTH_AUDIENCE", "sinergi"),
        token_folder=env.get("SERVICE_TOKEN_FOLDER", ""),
        deployment=env.get("DEPLOYMENT", "kab-tegal"),
        timezone=env.get("REGION_TIMEZONE", "Asia/Jakarta"),
        environment=dict(env),
    )


def _ports(env: Mapping[str, str], port_base: int | None) -> dict[str, int]:
    chosen = port_base if port_base is not None else _number(env, "SINERGI_PORT_BASE")
    base = _DEFAULT_BASE if chosen is None else chosen
    ports = {name: base + offset for name, offset in _OFFSETS.items()}
    ports |= _SERVER_DEFAULTS if chosen is None else {name: base + offset for name, offset in _SERVER_OFFSETS.items()}
    for name in ports:
        if (explicit := _number(env, f"SINERGI_{name.upper()}_PORT")) is not None:
            ports[name] = explicit
    for name, port in ports.items():
        if not 0 <= port <= 65535:
            raise StackError(f"Port {port} for {name} is not possible: choose 1024 to 65000.")
    return ports


def _number(env: Mapping[str, str], name: str) -> int | None:
    text = env.get(name, "")
    if not text:
        return None
    if not text.isdecimal():
        raise StackError(f"{name}={text} is not a port number.")
    return int(text)
