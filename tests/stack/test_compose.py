"""The compose file is the embedded stack: the same services, the same environment, the same versions."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import kafka, zipkin
from deploy.local.environment import Addresses, service_environment
from deploy.local.home import CHECKOUT, Home
from deploy.local.options import SERVICES, SMS_GATEWAY, from_environment
from deploy.local.provision import DatabaseUrls

EMBEDDED_ONLY = {"ADMINISTRATORS_FILE", "NO_PROXY", "no_proxy"}
CONTAINER_ONLY = {"HTTP_HOST", "HTTP_PORT"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy/compose/compose.yaml").read_text(encoding="utf-8"))
    return content


def test_has_the_services_of_the_embedded_stack(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*SERVICES, SMS_GATEWAY, "postgres", "kafka", "zipkin", "prepare"}
    for name in SERVICES:
        assert compose["services"][name]["command"] == ["python", "-m", f"services.{name}.main"]


def test_has_the_same_versions(compose: dict[str, Any]) -> None:
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{kafka.VERSION}"
    assert compose["services"]["zipkin"]["image"] == f"openzipkin/zipkin:{zipkin.VERSION}"


@pytest.mark.parametrize("service", SERVICES)
def test_gives_a_service_the_same_variables(compose: dict[str, Any], service: str, tmp_path: Path) -> None:
    addresses = Addresses("k", "z", dict.fromkeys((*SERVICES, SMS_GATEWAY), "u"))
    urls = DatabaseUrls("a", "w", "o")
    embedded = service_environment(Home(tmp_path), from_environment({}), service, urls, addresses)
    assert set(compose["services"][service]["environment"]) - CONTAINER_ONLY == set(embedded) - EMBEDDED_ONLY


def test_replicas_do_not_share_a_name(compose: dict[str, Any]) -> None:
    assert {compose["services"][name]["environment"]["SERVICE_INSTANCE"] for name in SERVICES} == {""}


def test_every_dependency_and_volume_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert set(service.get("depends_on", {})) <= set(compose["services"])
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source.startswith("./") or source in compose["volumes"]
    assert (CHECKOUT / "deploy/compose/Dockerfile").exists()
    assert import_module("deploy.compose.prepare")
