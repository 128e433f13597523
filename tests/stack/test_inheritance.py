"""A service gets of the starter's environment what it needs, and asks our own addresses without a proxy."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local.environment import Addresses, gateway_environment, service_environment
from deploy.local.home import Home
from deploy.local.inheritance import COMMON_SETTINGS, OWN_SETTINGS, inherited
from deploy.local.loopback import get_json, is_healthy, without_proxy
from deploy.local.options import SERVICES, SMS_GATEWAY, from_environment
from deploy.local.provision import DatabaseUrls
from deploy.local.service import Service
from deploy.local.supervisor import SelfReporting
from simulators.gateway_settings import GatewaySettings

SHELL = {
    "PATH": "/bin", "LANG": "C.UTF-8", "LC_TIME": "id_ID.UTF-8", "HOME": "/home/siti", "https_proxy": "http://proxy:3128",
    "SSL_CERT_FILE": "/etc/ca.pem", "OTEL_RESOURCE_ATTRIBUTES": "a=b", "RELAY_BATCH_SIZE": "10",
    "GITHUB_TOKEN": "hunter2", "PGPASSWORD": "hunter2", "SINERGI_TOKEN": "hunter2", "SMTP_URL": "smtps://u:hunter2@host",
    "POSTGRES_URL": "postgresql://postgres:hunter2@host/postgres", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/health/live" else 200)
        self.end_headers()
        self.wfile.write(b'{"zipkin": {}}')

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    """A server on the loopback address."""
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_our_own_addresses_are_asked_without_the_proxy(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert is_healthy(url)
    assert get_json(url) == {"zipkin": {}}


def test_a_service_that_answers_503_is_not_live(url: str, tmp_path: Path) -> None:
    service = Service(Home(tmp_path), "registry", "services.registry.main", urlsplit(url).port or 0, {})
    assert isinstance(service, SelfReporting)
    assert not service.is_live()
    assert replace(service, live_path="/simulator").is_live()


def test_what_is_exempt_from_the_proxy_stays_so() -> None:
    assert without_proxy({"NO_PROXY": "intranet.example"}) == {
        "no_proxy": "intranet.example,127.0.0.1,localhost",
        "NO_PROXY": "intranet.example,127.0.0.1,localhost",
    }


def environments(home: Home) -> dict[str, dict[str, str]]:
    options = from_environment(SHELL)
    addresses = Addresses("k", "z", dict.fromkeys((*SERVICES, SMS_GATEWAY), "u"))
    urls = DatabaseUrls("a", "w", "o")
    made = {name: service_environment(home, options, name, urls, addresses) for name in SERVICES}
    return made | {SMS_GATEWAY: gateway_environment(home, options, addresses)}


def test_the_shells_secrets_stay_in_the_shell(tmp_path: Path) -> None:
    for process, environment in environments(Home(tmp_path)).items():
        leaked = {name for name, value in environment.items() if "hunter2" in value}
        assert leaked == ({"SMTP_URL"} if process == "notifications" else set())
        assert "PYTHONDONTWRITEBYTECODE" not in environment


def test_what_a_process_needs_it_gets(tmp_path: Path) -> None:
    needed = {"PATH", "LANG", "LC_TIME", "HOME", "https_proxy", "SSL_CERT_FILE", "OTEL_RESOURCE_ATTRIBUTES"}
    for process, environment in environments(Home(tmp_path)).items():
        assert {name: environment[name] for name in needed} == {name: SHELL[name] for name in needed}
        assert environment["no_proxy"] == "127.0.0.1,localhost"
        assert ("RELAY_BATCH_SIZE" in environment) is (process != SMS_GATEWAY)


def test_a_socks_proxy_is_not_passed_on() -> None:
    assert "ALL_PROXY" not in inherited({"ALL_PROXY": "socks5://proxy:1080"}, "registry")


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_of_a_service_can_be_given(service: str, tmp_path: Path) -> None:
    fields = {name.upper() for name in import_module(f"services.{service}.settings").Settings.model_fields}
    of_the_stack = {"HTTP_HOST", "HTTP_PORT", "STOP_WHEN_STDIN_CLOSES"}
    given = set(environments(Home(tmp_path))[service]) | COMMON_SETTINGS | OWN_SETTINGS[service] | of_the_stack
    assert fields <= given
    assert OWN_SETTINGS[service] | COMMON_SETTINGS <= fields


def test_every_setting_of_the_simulator_can_be_given() -> None:
    fields = {f"SMS_GATEWAY_{name.upper()}" for name in GatewaySettings.model_fields} - {"SMS_GATEWAY_RECEIPTS_URL"}
    assert OWN_SETTINGS[SMS_GATEWAY] == fields - {"SMS_GATEWAY_SECRET"}
