"""Started, stopped, crashed and started again: the data stays, and nobody gets in who should not."""

import asyncio
import os
import shutil
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest

from embedded.cluster import find_binaries, within_reach
from embedded.postgres import EmbeddedPostgres, PostgresRefused
from embedded.processes import ChildFailed

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")


@pytest.fixture(scope="module")
def durable(module_directory):
    """As in a local run."""
    started = EmbeddedPostgres(module_directory / "durable")
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def server(module_directory):
    started = EmbeddedPostgres(module_directory / "loose", fast_and_loose=True)
    started.start()
    yield started
    started.stop()


@pytest.fixture
def loose(directory):
    """For tests that end it in their own way; started by them."""
    made = EmbeddedPostgres(directory / "pg", fast_and_loose=True)
    yield made
    made.stop()


async def ask(url, *statements):
    """The first value of the last one's answer."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def test_it_is_durable_lean_and_local(durable):
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "io_method": "sync",
        "jit": "off",
        "TimeZone": "UTC",
    }

    found = {name: await ask(durable.admin_url, f"SHOW {name}") for name in expected}

    assert found == expected


def test_it_is_our_own_child_and_never_root(server):
    status = Path(f"/proc/{server.child.process.pid}/status").read_text()

    assert f"PPid:\t{os.getpid()}\n" in status
    assert "Uid:\t0" not in status


async def test_a_wrong_password_does_not_get_in(server):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres", "SELECT 1")


def test_its_password_is_its_owners_alone(server):
    assert stat.S_IMODE((server.directory / "passwords.json").stat().st_mode) == 0o600


def test_a_second_server_on_the_same_directory_is_refused(server):
    second = EmbeddedPostgres(server.directory)

    with pytest.raises(PostgresRefused, match=rf"already \(process {server.child.process.pid}\)"):
        second.start()


async def test_the_owner_owns_and_the_serving_role_may_only_enter(server):
    urls = await server.create_service_database("inventory")
    await server.create_service_database("targets")
    elsewhere = [server.urls("inventory", database=name) for name in ("targets", "postgres", "template1")]

    assert await ask(urls.owner, "CREATE TABLE fact (id int)", "SELECT current_user") == "inventory_owner"
    assert await ask(urls.serving, "SHOW statement_timeout") == "30s"
    assert await ask(urls.serving, "SHOW idle_in_transaction_session_timeout") == "15s"
    rights = "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"
    assert await ask(urls.serving, f"{rights} WHERE rolname = current_user") is False
    for url in (url for place in elsewhere for url in (place.owner, place.serving)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(url, "SELECT 1")
    for statement in ("CREATE TABLE mine (id int)", "CREATE TEMP TABLE mine (id int)", "SELECT id FROM fact"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(urls.serving, statement)


async def test_making_a_service_database_again_keeps_its_data_and_mends_its_rights(server):
    before = await server.create_service_database("offsets")
    await ask(before.owner, "CREATE TABLE fact AS SELECT 7 AS id", "SELECT 1")
    await ask(server.admin_url, "REVOKE CONNECT ON DATABASE offsets FROM offsets_serving", "SELECT 1")

    again = await server.create_service_database("offsets")

    assert again == before
    assert await ask(again.owner, "SELECT id FROM fact") == 7
    assert await ask(again.serving, "SELECT 1") == 1


def test_several_processes_make_databases_of_one_service_at_once(server):
    def make(number):
        other = EmbeddedPostgres.attach(server.directory, port=server.port)
        urls = asyncio.run(other.create_service_database("reporting", database=f"reporting_{number}"))
        return asyncio.run(ask(urls.serving, "SELECT current_database()"))

    with ThreadPoolExecutor(6) as processes:
        assert list(processes.map(make, range(6))) == [f"reporting_{number}" for number in range(6)]


async def test_a_copy_has_the_templates_tables_and_is_dropped_while_in_use(server):
    template = await server.create_service_database("targets", database="template")
    await ask(template.owner, "CREATE TABLE fact AS SELECT 7 AS id", "SELECT 1")

    await server.copy_database("targets", template="template", name="copy")
    copy = server.urls("targets", database="copy")
    assert await ask(copy.owner, "SELECT id FROM fact") == 7
    assert await ask(copy.serving, "SELECT 1") == 1
    connected = await asyncpg.connect(copy.serving)
    await server.drop_database("copy")

    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await ask(copy.owner, "SELECT 1")
    connected.terminate()


def test_what_was_committed_survives_a_crash(durable):
    asyncio.run(ask(durable.admin_url, "CREATE TABLE kept AS SELECT 7 AS id", "SELECT 1"))

    durable.kill()
    durable.start()

    assert asyncio.run(ask(durable.admin_url, "SELECT id FROM kept")) == 7


def test_it_starts_though_the_crashed_servers_number_is_another_processs_now(loose):
    loose.start()
    runs_as = Path(f"/proc/{loose.child.process.pid}").stat().st_uid
    loose.kill()
    pid_file = loose.directory / "data" / "postmaster.pid"
    other = subprocess.Popen(["sleep", "600"], user=runs_as)
    pid_file.write_text("\n".join([str(other.pid), *pid_file.read_text().splitlines()[1:]]) + "\n")

    loose.start()

    assert loose.child.running
    other.kill()
    other.wait()


def test_a_creation_that_was_cut_short_begins_anew(loose):
    half = loose.directory / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    loose.start()

    assert loose.child.running
    assert not half.exists()


def test_data_without_their_password_are_refused_and_left_alone(loose):
    loose.start()
    loose.stop()
    (loose.directory / "passwords.json").unlink()

    with pytest.raises(PostgresRefused, match=r"its password in passwords\.json is gone"):
        loose.start()
    assert (loose.directory / "data" / "PG_VERSION").exists()


def test_a_port_that_was_taken_meanwhile_is_replaced(loose):
    with socket.create_server(("127.0.0.1", loose.port)):
        taken = loose.port

        loose.start()

        assert loose.port != taken
        assert asyncio.run(ask(loose.admin_url, "SELECT 1")) == 1


def test_a_port_that_was_asked_for_is_not_replaced(server, directory):
    wanted = EmbeddedPostgres(directory / "pg", port=server.port, fast_and_loose=True)

    with pytest.raises(ChildFailed, match="could not create any TCP/IP sockets"):
        wanted.start()
    assert wanted.child is None


def test_stopping_is_quick_with_a_client_connected(loose):
    loose.start()
    with socket.create_connection(("127.0.0.1", loose.port)):
        pid = loose.child.process

        loose.stop()

    assert pid.returncode == 0


@as_root
def test_as_root_a_directory_out_of_reach_is_named(directory):
    (directory / "closed").mkdir(mode=0o700)

    with pytest.raises(PostgresRefused, match=f"{directory}/closed can't be entered"):
        EmbeddedPostgres(directory / "closed" / "pg").start()


@as_root
def test_as_root_programs_out_of_reach_are_lent_to_the_server(directory, monkeypatch):
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    install = find_binaries().parent
    package = install.parent
    shutil.copytree(install, closed / package.name / install.name, symlinks=True)
    shutil.copytree(f"{package}.libs", closed / f"{package.name}.libs", symlinks=True)
    binaries = closed / package.name / install.name / "bin"
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    directory.chmod(0o755)

    lent = within_reach(binaries, "nobody")
    done = subprocess.run([lent / "initdb", "--version"], user="nobody", capture_output=True, text=True, check=True)

    assert within_reach(binaries, "nobody") == lent
    assert lent.is_relative_to(directory)
    assert "PostgreSQL) 18" in done.stdout
    lent.parents[2].chmod(0o777)
    with pytest.raises(PostgresRefused, match="not ours alone"):
        within_reach(binaries, "nobody")


@as_root
def test_as_root_the_data_of_an_ordinary_user_stay_that_users(directory):
    (directory / "pg").mkdir()
    os.chown(directory / "pg", 2, 2)  # bin, everywhere on Linux
    server = EmbeddedPostgres(directory / "pg", fast_and_loose=True)

    server.start()

    assert (directory / "pg" / "data").stat().st_uid == 2
    assert Path(f"/proc/{server.child.process.pid}").stat().st_uid == 2
    server.stop()


@as_root
def test_an_ordinary_user_runs_it_as_itself_and_is_refused_anothers_directory(server, directory):
    directory.chmod(0o777)
    script = (
        "import sys; from pathlib import Path; from embedded.postgres import EmbeddedPostgres as P\n"
        "with_it = P(Path(sys.argv[1]) / 'pg', fast_and_loose=True); with_it.start()\n"
        "print(Path(f'/proc/{with_it.child.process.pid}').stat().st_uid); with_it.stop(); P(Path(sys.argv[2])).start()"
    )

    done = subprocess.run(
        [python_for_everyone(), "-c", script, directory, server.directory],
        user=2,
        group=2,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.defpath},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "2\n", done.stderr
    assert f"{server.directory} belongs to nobody" in done.stderr


def python_for_everyone():
    """Root's own Python may be in root's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (Path(sys.executable).resolve(), Path("/usr/bin") / version):
        try:
            subprocess.run([python, "--version"], user=2, group=2, capture_output=True, check=True)
        except OSError:
            continue
        return python
    return pytest.skip(f"no {version} that an ordinary user can reach")
