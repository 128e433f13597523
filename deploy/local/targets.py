"""Where Prometheus finds the services of a running stack, in the form of its file-based discovery."""

from collections.abc import Iterable
from typing import Any, Final

from deploy.local.ports import LOOPBACK
from deploy.local.service import Service

FILE: Final = "prometheus-targets.json"
"""Beside `stack.json`; `deploy/dashboards/prometheus/prometheus.yml` reads it."""


def targets(services: Iterable[Service]) -> list[dict[str, Any]]:
    """One target for each service, labelled with its name: what a process tells of itself does not repeat it."""
    return [{"targets": [f"{LOOPBACK}:{one.port}"], "labels": {"service": one.name}} for one in services]
