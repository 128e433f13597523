"""Set-up of a checkout with nothing but Python: `.venv` with the locked packages, and the `sinergi` program in it.

Only the standard library is used, and only old syntax, so that an old Python gets a clear answer instead of a
SyntaxError. Downloads go to the user's cache; a second run, or a second checkout, needs no network.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv"
STAMP = VENV / "sinergi-stamp"
LOCK = CHECKOUT / "requirements.lock"
INSTALLER_LOCK = Path(__file__).with_name("installer.lock")
OLDEST = (3, 11)
UNREACHABLE = ("dns error", "error sending request", "connect", "timed out", "max retries")


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


def main() -> int:
    """Set the checkout up; 0 when it is ready."""
    try:
        if sys.version_info < OLDEST:
            raise SetupError(
                f"Python {sys.version.split()[0]} is too old: Sinergi needs {OLDEST[0]}.{OLDEST[1]} or later. "
                "Install one, or name it: make PYTHON=/path/to/python3.11"
            )
        with _one_at_a_time():
            if not is_current():
                install()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {_explain_os_error(error)}", file=sys.stderr)
        return 1
    return 0


def is_current() -> bool:
    """Whether `.venv` holds what the lock says, for the Python that was asked for."""
    python = VENV / "bin" / "python"
    if not python.exists() or not STAMP.exists():
        return False
    lock_digest, version = [*STAMP.read_text(encoding="utf-8").split(), "", ""][:2]
    asked_for = bool(os.environ.get("PYTHON"))
    return lock_digest == _digest(LOCK) and (not asked_for or version == _python_version())


def install() -> None:
    """Make `.venv` (again) as the lock says. Raises SetupError."""
    uv = installer()
    python = VENV / "bin" / "python"
    if not python.exists() or _version_of(python) != _python_version():
        _say(f"Making .venv with Python {_python_version()}")
        shutil.rmtree(VENV, ignore_errors=True)
        _run([str(uv), "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)], uv_environment({}))
    STAMP.unlink(missing_ok=True)
    _say("Installing the locked packages")
    _sync(uv)
    _install_checkout()
    STAMP.write_text(f"{_digest(LOCK)} {_python_version()}\n", encoding="utf-8")


def _sync(uv: Path) -> None:
    """Install from the cache alone if it has everything, otherwise from the user's package index."""
    command = [
        str(uv),
        "pip",
        "sync",
        "--quiet",
        "--compile-bytecode",
        "--require-hashes",
        "--python",
        str(VENV / "bin" / "python"),
        str(LOCK),
    ]
    # The cache is kept per index: both tries must name the same one.
    environment = uv_environment(pip_settings())
    offline = subprocess.run(  # noqa: S603 - fixed command
        [*command, "--offline"], check=False, capture_output=True, env=environment
    )
    if offline.returncode != 0:
        _run(command, environment)


def _install_checkout() -> None:
    """Make this checkout importable from everywhere, and `sinergi` a program: no build, so no network."""
    site_packages = next((VENV / "lib").glob("python3.*/site-packages"))
    (site_packages / "sinergi.pth").write_text(f"{CHECKOUT}\n", encoding="utf-8")
    program = VENV / "bin" / "sinergi"
    quoted = "'" + str(VENV / "bin" / "python").replace("'", "'\\''") + "'"
    program.write_text(f'#!/bin/sh\nexec {quoted} -m cli.main "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def installer() -> Path:
    """The pinned installer in the user's cache, fetched with pip and checked by hash when it is not there."""
    folder = _cache() / "tools" / f"installer-{_digest(INSTALLER_LOCK)[:16]}"
    uv = folder / "bin" / "uv"
    if uv.exists():
        return uv
    _say("Fetching the installer")
    partial = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    requirements = ["--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(INSTALLER_LOCK)]
    try:
        _run(
            [*_pip(), "install", "--quiet", "--disable-pip-version-check", "--target", str(partial), *requirements],
            dict(os.environ),
        )
        if not (partial / "bin" / "uv").exists():
            raise SetupError(
                f"pip put no `uv` into {partial}: report this with the output of `python -m pip --version`."
            )
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return uv


def _pip() -> list[str]:
    """A pip to run: this Python's own, or one in a small environment in the cache."""
    if _works([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip"]
    folder = _cache() / "tools" / f"pip-{_python_version()}"
    python = folder / "bin" / "python"
    if not _works([str(python), "-m", "pip", "--version"]) and not _works(
        [sys.executable, "-m", "venv", "--clear", str(folder)]
    ):
        raise SetupError(
            f"{sys.executable} has neither pip nor ensurepip. Install one of them (Debian, Ubuntu: the package "
            "python3-venv), or name another Python: make PYTHON=/path/to/python3"
        )
    return [str(python), "-m", "pip"]


def pip_settings() -> dict[str, str]:
    """The user's pip configuration (files and PIP_ variables) as uv's environment variables."""
    listing = subprocess.run([*_pip(), "config", "list"], check=False, capture_output=True, text=True)  # noqa: S603 - fixed command
    found: dict[str, str] = {}
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in {"global", "install", ":env:"} and value:
            found[key] = str(ast.literal_eval(value))
    links = [link for link in found.get("find-links", "").split() if "://" in link or Path(link).is_dir()]
    settings = {
        "UV_DEFAULT_INDEX": found.get("index-url", ""),
        "UV_INDEX": found.get("extra-index-url", ""),
        "UV_FIND_LINKS": ",".join(links),
        "UV_INSECURE_HOST": found.get("trusted-host", ""),
        "SSL_CERT_FILE": found.get("cert", ""),
        "HTTPS_PROXY": found.get("proxy", ""),
        "UV_NO_INDEX": "1" if found.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
        "UV_HTTP_TIMEOUT": found.get("default-timeout", found.get("timeout", "60")),
    }
    return {key: value for key, value in settings.items() if value}


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """uv must not see the project's or user's own uv configuration, except variables that the user has set."""
    fixed = {"UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(_cache() / "uv"), "UV_PYTHON_DOWNLOADS": "never"}
    return {**fixed, **settings, **os.environ, "VIRTUAL_ENV": str(VENV)}


def _run(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True, env=environment)  # noqa: S603 - fixed command
    if result.returncode != 0:
        raise SetupError(_explain(result.stderr))


def _explain(output: str) -> str:
    """What to do about an installer's failure, with its own last lines."""
    lowered = output.lower()
    end = "\n".join(output.strip().splitlines()[-8:])
    if "no space left" in lowered or "disk quota" in lowered:
        advice = f"The disk is full. Free some space (the cache is {_cache()}), then run it again."
    elif "hash mismatch" in lowered or "do not match the hashes" in lowered:
        advice = "A package has not the pinned hash and was refused. Check your package index or mirror."
    elif (
        "no wheel" in lowered
        or "doesn't have a source distribution" in lowered
        or "no matching distribution" in lowered
    ):
        advice = (
            "A package has no wheel for this system. Sinergi's embedded servers run on Linux (glibc) and macOS, "
            "on x86-64 and arm64; elsewhere use deploy/compose."
        )
    elif any(sign in lowered for sign in UNREACHABLE):
        advice = "The package index cannot be reached. The first run needs a network, or a mirror in pip's settings."
    else:
        advice = "The set-up failed."
    return f"{advice}\n{end}"


def _explain_os_error(error: OSError) -> str:
    if error.errno in {28, 122}:
        return f"The disk is full ({error.filename or CHECKOUT}). Free some space, then run it again."
    return f"{error.strerror}: {error.filename}. The checkout and the cache ({_cache()}) must be writable."


class _one_at_a_time:  # noqa: N801 - used as a function in `with`
    """A lock per checkout: of two set-ups at once, the second waits and then finds the work done."""

    def __enter__(self) -> None:
        folder = _cache() / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:16]).open("w", encoding="utf-8")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed command
    except OSError:
        return False


def _version_of(python: Path) -> str:
    code = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
    return subprocess.run([str(python), "-c", code], check=False, capture_output=True, text=True).stdout.strip()  # noqa: S603 - fixed command


def _python_version() -> str:
    return "{}.{}.{}".format(*sys.version_info[:3])


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cache() -> Path:
    explicit = os.environ.get("SINERGI_CACHE")
    if explicit:
        return Path(explicit).expanduser().resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sinergi"


def _say(message: str) -> None:
    print(f"{message} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
