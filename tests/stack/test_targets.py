"""Prometheus finds the services of a running stack."""

from pathlib import Path

import yaml

from deploy.local.home import CHECKOUT, Home
from deploy.local.service import Service
from deploy.local.targets import FILE, targets


def test_each_service_is_a_target_with_its_name(tmp_path: Path) -> None:
    services = [
        Service(Home(tmp_path), name, "none", port, {}) for name, port in (("registry", 8001), ("console", 8002))
    ]
    assert targets(services) == [
        {"targets": ["127.0.0.1:8001"], "labels": {"service": "registry"}},
        {"targets": ["127.0.0.1:8002"], "labels": {"service": "console"}},
    ]


def test_the_configuration_reads_the_file_that_the_stack_writes() -> None:
    """Of a stack in the checkout's own folder."""
    path = CHECKOUT / "deploy" / "dashboards" / "prometheus" / "prometheus.yml"
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["scrape_configs"]
    (named,) = job["file_sd_configs"][0]["files"]
    assert (path.parent / named).resolve() == CHECKOUT / ".local" / FILE
    assert job.get("metrics_path", "/metrics") == "/metrics"
