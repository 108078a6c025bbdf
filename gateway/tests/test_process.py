"""The process: settings, explorer, health, telemetry, and how it ends."""

import gzip
import json
import threading

import psutil
import pytest
from gateway_harness import client, node, served, until
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

pytestmark = pytest.mark.ours

HTML = {"accept": "text/html"}


def test_health_is_told(gateway):
    assert client.get(f"{gateway.url}/health/live").json() == {"status": "live"}
    assert client.get(f"{gateway.url}/health/ready").json() == {"status": "ready"}
    assert client.get(f"{gateway.url}/elsewhere").status_code == 404


def test_a_browser_gets_the_explorer_with_a_query_to_begin_with(gateway):
    response = client.get(f"{gateway.url}/graphql", headers=HTML)

    assert response.status_code == 200
    assert "query Locations" in response.text
    assert "YogaGraphiQL.renderYogaGraphiQL" in response.text


def test_the_explorer_may_fetch_nothing_from_elsewhere(gateway):
    policy = client.get(f"{gateway.url}/graphql", headers=HTML).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_production_has_no_explorer(production):
    assert client.get(f"{production.url}/graphql", headers=HTML).status_code == 405


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LICHEN_ISSUER": "http://identity.example.org/realms/lichen"}, "LICHEN_ISSUER must be https"),
        ({"LICHEN_ISSUER": "https://localhost/realms/lichen"}, "LICHEN_ISSUER must be https"),
        ({"LICHEN_ISSUER": "https://127.0.0.1/realms/lichen"}, "LICHEN_ISSUER must be https"),
        ({"LICHEN_ISSUER": "https://[::1]/realms/lichen"}, "LICHEN_ISSUER must be https"),
        ({"LICHEN_ISSUER": "https://id.example.org/realms/lichen-local"}, "name the local realm"),
        ({"LICHEN_AUDIENCE": "lichen-api-local"}, "name the local realm"),
        ({"LICHEN_ISSUER": ""}, "LICHEN_ISSUER is not set"),
        ({"LICHEN_ENV": "test"}, "LICHEN_ENV"),
        ({"LICHEN_GATEWAY_PORT": "http"}, "LICHEN_GATEWAY_PORT"),
        ({"LICHEN_SUBGRAPH_OFFSETS_URL": ""}, "LICHEN_SUBGRAPH_OFFSETS_URL is not set"),
        ({"LICHEN_SUBGRAPH_OFFSETS_URL": "offsets:80"}, "LICHEN_SUBGRAPH_OFFSETS_URL"),
    ],
)
def test_production_does_not_start_with(environment, variables, said):
    good = {
        "LICHEN_ENV": "production",
        "LICHEN_ISSUER": "https://id.example.org/realms/lichen",
        "LICHEN_AUDIENCE": "lichen-api",
    }

    ended = node("server.mjs", env=environment | good | variables)

    assert ended.returncode == 2
    assert said in ended.stderr


def test_unknown_settings_are_refused(environment, tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"limits": {"depht": 3}}))

    ended = node("server.mjs", env=environment | {"LICHEN_GATEWAY_SETTINGS": str(path)})

    assert ended.returncode == 2
    assert "limits.depht is not a setting" in ended.stderr


def test_a_stop_finishes_what_is_under_way(start):
    gateway = start()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(gateway.ask("{ slow(seconds: 0.5) }")))
    asking.start()
    until(lambda: connections(gateway) >= 1)

    gateway.process.terminate()
    asking.join()

    assert answers == [{"data": {"slow": "done"}}]
    assert gateway.process.wait(timeout=10) == 0


def connections(gateway) -> int:
    """Established connections from the gateway to the subgraphs: the question has arrived there."""
    port = int(gateway.url.rsplit(":", 1)[1])
    links = psutil.Process(gateway.process.pid).net_connections("tcp")
    return sum(link.status == psutil.CONN_ESTABLISHED and link.laddr.port != port for link in links)


def test_a_stop_without_work_is_prompt(start):
    gateway = start()
    gateway.process.terminate()

    assert gateway.process.wait(timeout=2) == 0


def test_no_token_is_logged(gateway, issuer):
    token = issuer.token(sub="logged")
    gateway.ask("{ caller { authorization } }", headers={"authorization": f"Bearer {token}"})
    gateway.ask("{ caller { authorization } }", headers={"authorization": f"Bearer {token}x"})

    assert token not in gateway.log.read_text()


def test_the_span_of_a_request_is_exported(start):
    exported = []

    async def collect(request: Request) -> Response:
        body = await request.body()
        exported.append(
            (request.url.path, request.headers["content-type"], request.headers.get("content-encoding"), body)
        )
        return Response()

    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    with served(Starlette(routes=[Route("/v1/traces", collect, methods=["POST"])])) as port:
        gateway = start(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
        caller = gateway.ask("query Who { caller { traceparent } }", headers=headers)["data"]["caller"]
        until(lambda: exported)

    path, content_type, encoding, body = exported[0]
    body = gzip.decompress(body) if encoding == "gzip" else body
    assert (path, content_type) == ("/v1/traces", "application/json")
    [span] = json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert (span["name"], span["traceId"], span["parentSpanId"]) == ("graphql Who", trace, "00f067aa0ba902b7")
    assert caller["traceparent"] == f"00-{trace}-{span['spanId']}-01"


def test_composition_says_what_does_not_fit(tmp_path):
    folder = tmp_path / "schemas"
    folder.mkdir()
    (folder / "a.graphql").write_text("type Query { one: Int }")
    (folder / "b.graphql").write_text("type Query { one: String }")

    ended = node("compose.mjs", "--from", folder, "--to", tmp_path / "x")

    assert ended.returncode == 1
    assert "do not compose" in ended.stderr
    assert "one" in ended.stderr
    assert not (tmp_path / "x").exists()


def test_composition_is_the_same_again_and_stale_copies_are_found(schemas, supergraph, tmp_path):
    copy = tmp_path / "supergraph.graphql"
    copy.write_text(supergraph.read_text())
    arguments = ["compose.mjs", "--check", "--from", schemas, "--to", copy]

    fresh = node(*arguments)
    copy.write_text(copy.read_text() + "# changed\n")
    stale = node(*arguments)

    assert (fresh.returncode, stale.returncode) == (0, 1)


def test_the_router_is_configured_from_the_same_settings():
    assert node("render.mjs", "--check").returncode == 0
