"""A NATS server that keeps what it acknowledged, on the addresses that it had."""

import socket

import httpx
import nats
import pytest

from embedded.locks import AlreadyRunning
from embedded.nats import EmbeddedNats


@pytest.fixture
def server(directory):
    made = EmbeddedNats(directory / 'a "quoted" place', port=0)
    made.start()
    yield made
    made.stop()


def test_it_syncs_each_message_and_listens_locally(server):
    found = httpx.get(f"{server.monitor_url}/varz").json()

    assert found["jetstream"]["config"]["sync_always"] is True
    assert found["jetstream"]["config"]["store_dir"].startswith(str(server.directory))
    assert found["host"] == found["http_host"] == "127.0.0.1"
    assert found["max_payload"] == 1024 * 1024


async def test_a_message_survives_a_crash_at_the_same_address(server):
    address = server.url
    client = await nats.connect(address)
    await client.jetstream().add_stream(name="facts", subjects=["fact.>"])
    await client.jetstream().publish("fact.one", b"1")
    await client.close()

    server.kill()
    server.start()

    assert server.url == address
    client = await nats.connect(address)
    assert (await client.jetstream().stream_info("facts")).state.messages == 1
    await client.close()


def test_a_second_server_on_the_same_directory_is_refused(server):
    with pytest.raises(AlreadyRunning, match=rf"NATS runs in .* already \(process {server.child.process.pid}\)"):
        EmbeddedNats(server.directory).start()


def test_ports_that_were_taken_meanwhile_are_replaced(directory):
    made = EmbeddedNats(directory / "nats")
    with socket.create_server(("127.0.0.1", made.monitor_port)):
        taken = made.monitor_port

        made.start()

        assert made.monitor_port != taken
        assert httpx.get(f"{made.monitor_url}/healthz").status_code == 200
        made.stop()


def test_stopping_is_clean(server):
    process = server.child.process

    server.stop()

    assert process.returncode == 0
