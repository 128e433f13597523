"""The jars of Kafka and Zipkin: fetched once per user, pinned by `jars.lock`, checked before use.

`SINERGI_MAVEN_REPOSITORY` names another repository than Maven Central (a mirror inside an office, for example).
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError
from deploy.local.home import user_cache, write_json

LOCK_FILE = Path(__file__).with_name("jars.lock")
DOWNLOAD_TIMEOUT_SECONDS = 120
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Jar:
    """One pinned jar."""

    group: str
    artifact: str
    version: str
    classifier: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name in the cache; begins with the group, because artifact names alone are not unique."""
        return "-".join(filter(None, (self.group, self.artifact, self.version, self.classifier))) + ".jar"


def pinned(lock: Path = LOCK_FILE) -> list[Jar]:
    """The jars of the lock file."""
    return [_parse(line) for line in lock.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


def kafka_jars(folder: Path) -> list[Path]:
    """Kafka's class path among the ensured jars of this folder."""
    return [folder / jar.file_name for jar in pinned() if jar.group != "io.zipkin"]


def zipkin_jar(folder: Path) -> Path:
    """The executable Zipkin jar."""
    return next(folder / jar.file_name for jar in pinned() if jar.group == "io.zipkin")


def ensure(jars: Sequence[Jar], cache: Path | None = None, progress: Progress = lambda done, total: None) -> Path:
    """Return the folder that holds all `jars`, fetched if missing and verified.

    A jar is hashed when it is fetched and whenever its size or time of change differs from the last check.
    Raises StackError when one cannot be fetched, or has not the pinned hash.
    """
    folder = (cache or user_cache()) / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(folder / ".lock"):
        stamps = _read_stamps(folder)
        missing = [jar for jar in jars if not _is_good(folder / jar.file_name, jar, stamps)]
        if missing:
            _fetch_all(missing, folder, progress)
        fresh = {jar.file_name: _stamp(folder / jar.file_name, jar) for jar in jars}
        if any(stamps.get(name) != stamp for name, stamp in fresh.items()):
            write_json(folder / "verified.json", stamps | fresh)
    return folder


def _parse(line: str) -> Jar:
    coordinate, digest = line.split()
    group, artifact, version, *classifier = coordinate.split(":")
    return Jar(group, artifact, version, "".join(classifier), digest.removeprefix("sha256:"))


def _fetch_all(jars: Sequence[Jar], folder: Path, progress: Progress) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as temporary, ThreadPoolExecutor(6) as pool:
        progress(0, len(jars))
        for done, _ in enumerate(pool.map(lambda jar: _fetch(jar, folder, Path(temporary)), jars), start=1):
            progress(done, len(jars))


def _fetch(jar: Jar, folder: Path, temporary: Path) -> None:
    try:
        downloaded = _download(jar, temporary)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StackError(f"No space left for {jar.artifact} in {folder}: free some, then run it again.") from error
        raise _unavailable(jar) from error
    except RuntimeError as error:
        raise _unavailable(jar) from error
    if _sha256(downloaded) != jar.sha256:
        raise StackError(
            f"{jar.artifact} {jar.version} has not the pinned SHA-256: it was changed on its way. It is not used. "
            "Check the network or the mirror, then run it again."
        )
    shutil.move(downloaded, folder / jar.file_name)


def _download(jar: Jar, temporary: Path) -> Path:
    from jgo.maven import MavenContext  # imported only for a download: it costs half a second

    remote = os.environ.get("SINERGI_MAVEN_REPOSITORY")
    context = MavenContext(
        repo_cache=temporary,
        remote_repos={"mirror": remote.rstrip("/")} if remote else None,
        timeout=DOWNLOAD_TIMEOUT_SECONDS,
    )
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    return Path(component.artifact(classifier=jar.classifier).resolve())


def _unavailable(jar: Jar) -> StackError:
    return StackError(
        f"{jar.artifact} {jar.version} could not be fetched. Check the network, or name a mirror of Maven Central in "
        "SINERGI_MAVEN_REPOSITORY; after the first run none is needed."
    )


def _is_good(path: Path, jar: Jar, stamps: dict[str, list[object]]) -> bool:
    if not path.exists():
        return False
    if stamps.get(path.name) == _stamp(path, jar) or _sha256(path) == jar.sha256:
        return True
    path.unlink()
    return False


def _stamp(path: Path, jar: Jar) -> list[object]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, jar.sha256]


def _read_stamps(folder: Path) -> dict[str, list[object]]:
    try:
        stamps = json.loads((folder / "verified.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Two starts at once wait for one another instead of fetching twice."""
    with path.open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
