"""Ports, jars, set-up and modes: what a user can get wrong, and what is said then."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import bootstrap, jars
from deploy.local.errors import StackError
from deploy.local.home import CHECKOUT, Home
from deploy.local.installation import Mode, mark, mode_of, require_demo
from deploy.local.issuer import Issuer
from deploy.local.options import from_environment
from deploy.local.ports import choose_port, free_port


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert choose_port(port) != port


def test_a_port_is_given_out_once() -> None:
    port, taken = free_port(), set[int]()
    assert choose_port(port, taken) == port
    assert choose_port(port, taken) != port


def test_ports_come_from_base_and_environment() -> None:
    ports = from_environment({"SINERGI_PORT_BASE": "9000", "SINERGI_KAFKA_PORT": "19092"}).ports
    assert (ports["registry"], ports["console"], ports["kafka"]) == (9000, 9005, 19092)
    with pytest.raises(StackError, match="SINERGI_PORT_BASE=many"):
        from_environment({"SINERGI_PORT_BASE": "many"})


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jars.Jar:
    """A jar in a mirror, served by name; the fetching itself is the library's."""
    content = b"a jar"

    def fetch(jar: jars.Jar, temporary: Path) -> Path:
        path = temporary / jar.file_name
        path.write_bytes(content)
        return path

    monkeypatch.setattr(jars, "_download", fetch)
    return jars.Jar("g", "a", "1", "", hashlib.sha256(content).hexdigest())


def test_a_jar_with_another_hash_is_refused(repository: jars.Jar, tmp_path: Path) -> None:
    changed = jars.Jar("g", "a", "1", "", "0" * 64)
    with pytest.raises(StackError, match="has not the pinned SHA-256"):
        jars.ensure([changed], tmp_path)
    assert not (tmp_path / "jars" / changed.file_name).exists()


def test_a_jar_that_changes_in_the_cache_is_fetched_again(repository: jars.Jar, tmp_path: Path) -> None:
    path = jars.ensure([repository], tmp_path) / repository.file_name
    path.write_bytes(b"another jar")
    jars.ensure([repository], tmp_path)
    assert path.read_bytes() == b"a jar"


def test_all_jars_are_pinned() -> None:
    assert len(jars.pinned()) == len({jar.file_name for jar in jars.pinned()})
    assert all(len(jar.sha256) == 64 for jar in jars.pinned())


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("No space left on device (os error 28)", "The disk is full"),
        ("Hash mismatch for `x==1`", "has not the pinned hash"),
        ("x==1 doesn't have a source distribution or wheel for the current platform", "no wheel for this system"),
        ("error sending request for url", "cannot be reached"),
    ],
)
def test_set_up_says_what_to_do(output: str, advice: str) -> None:
    assert advice in bootstrap._explain(output)


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (9, 9))
    assert bootstrap.main() == 1
    assert "is too old: Sinergi needs 9.9 or later" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "-C", str(CHECKOUT), "help"], check=True, capture_output=True, text=True).stdout
    for target in ("demo", "up", "test", "lint", "lock", "clean", "help"):
        assert f"make {target}" in listed


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_refuses_a_python_that_is_none() -> None:
    environment = os.environ | {"PYTHON": "/nowhere/python"}
    result = subprocess.run(
        ["make", "-C", str(CHECKOUT), "setup"], check=False, capture_output=True, text=True, env=environment
    )
    assert result.returncode != 0
    assert "PYTHON=/nowhere/python is not a Python 3.11 or later" in result.stderr


def test_live_stays_live_and_refuses_the_demo(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert mode_of(home) is Mode.DEMO
    require_demo(home, "The demo")
    mark(home, Mode.LIVE)
    with pytest.raises(StackError, match="this installation is live"):
        require_demo(home, "The demo")
    with pytest.raises(StackError, match="cannot become a demo"):
        mark(home, Mode.DEMO)


def test_secrets_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    home = Home(tmp_path)
    Issuer(home).ensure_key()
    assert home.secret("postgres") == home.secret("postgres")
    for path in (tmp_path / "issuer" / "private.json", tmp_path / "secrets" / "postgres"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["status"], {}, "No stack runs in"),
        (["up", "--only", "bank"], {}, "No such service: bank"),
        (["demo"], {"POSTGRES_URL": "postgresql://elsewhere/x"}, "plays on the embedded stack only"),
        (
            ["token", "--subject", "a", "--role", "petugas", "--agency", "dinsos"],
            {"AUTH_ISSUER": "https://id.example"},
            "ask that issuer",
        ),
        (["token", "--subject", "service:registry", "--role", "service", "--agency", "*"], {}, "Service identities"),
        (["restore", "/nowhere", "--yes"], {}, "holds no complete backup"),
    ],
)
def test_a_mistake_gets_one_line(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], message: str
) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        check=False, capture_output=True, text=True, cwd=CHECKOUT,
        env=os.environ | {"SINERGI_HOME": str(tmp_path)} | environment,
    )  # fmt: skip
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr
