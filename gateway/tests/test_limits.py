"""Requests that are refused before anything is executed, each with its code."""

import json
import time
from collections.abc import Iterator

import pytest
from gateway_harness import Gateway, client
from graphql import build_client_schema, get_introspection_query

pytestmark = pytest.mark.ours

LOCATION = '{ location(id: "unon") { id } }'


def refusal(response):
    error = response.json()["errors"][0]
    assert "data" not in response.json()
    assert error["extensions"]["traceId"]
    return response.status_code, error["extensions"]["code"]


def nested(depth: int) -> str:
    inner = depth - 2
    return '{ location(id: "unon") { id ' + "parent { id " * inner + "}" * inner + "} }"


HIDDEN = """
{ allLocations { ...A } }
fragment A on Location { parent { parent { parent { ...B } } } }
fragment B on Location { parent { parent { parent { ...C } } } }
fragment C on Location { parent { parent { parent { id } } } }
"""
NESTED_PAGES = """
{ locations(first: 100) { edges { node { page(first: 100) { edges { node { page(first: 100) { ...P } } } } } } } }
fragment P on LocationConnection { pageInfo { endCursor } }
"""
DOUBLING = "".join(f"fragment F{n} on Location {{ ...F{n + 1} ...F{n + 1} }} " for n in range(30))
OVERLAPPING = "".join(f"fragment O{n} on Location {{ id name ...O{(n + 1) % 800} }} " for n in range(800))

QUERIES = {
    "depth 11": (nested(12), 400, "QUERY_TOO_DEEP"),
    "depth 50": (nested(50), 400, "QUERY_TOO_DEEP"),
    "depth 3,000": ("{a" * 3000 + "}" * 3000, 400, "TOO_MANY_TOKENS"),
    "depth hidden in fragments": (HIDDEN, 400, "QUERY_TOO_DEEP"),
    "31 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(31)) + "}", 400, "TOO_MANY_ALIASES"),
    "5,000 aliases": ("{" + " ".join(f"a{n}: __typename" for n in range(5000)) + "}", 400, "TOO_MANY_TOKENS"),
    "5,000 directives": ("{ __typename " + "@skip(if: false) " * 5000 + "}", 400, "TOO_MANY_TOKENS"),
    "51 directives": ("{ __typename " + "@skip(if: false) " * 51 + "}", 400, "TOO_MANY_DIRECTIVES"),
    "10 unknown directives": ("{ __typename " + "@a " * 10 + "}", 400, "GRAPHQL_VALIDATION_FAILED"),
    "20,000 repeated fields": ("{" + " __typename" * 20_000 + "}", 400, "TOO_MANY_TOKENS"),
    "11 root fields": ("{" + " __typename" * 11 + "}", 400, "TOO_MANY_ROOT_FIELDS"),
    "800 overlapping fragments": ("{ allLocations { ...O0 } } " + OVERLAPPING, 400, "TOO_MANY_TOKENS"),
    "fragments that double": (
        "{ allLocations { ...F0 } } " + DOUBLING + "fragment F30 on Location { id }",
        400,
        "TOO_MANY_FIELDS",
    ),
    "a fragment cycle": (
        "{ allLocations { ...A } } fragment A on Location { ...B } fragment B on Location { ...A }",
        400,
        "FRAGMENT_CYCLE",
    ),
    "a comment of 300 kB": ("{ __typename } #" + "x" * 300_000, 413, "QUERY_TOO_LONG"),
    "a page too large": ("{ locations(first: 536870911) { edges { node { id } } } }", 400, "PAGE_TOO_LARGE"),
    "a page of 101": ("{ locations(first: 101) { edges { node { id } } } }", 400, "PAGE_TOO_LARGE"),
    "a page of none": ("{ locations(first: 0) { edges { node { id } } } }", 400, "PAGE_SIZE_OUT_OF_RANGE"),
    "a page of -1": ("{ locations(first: -1) { edges { node { id } } } }", 400, "PAGE_SIZE_OUT_OF_RANGE"),
    "no page size": ("{ locations { edges { node { id } } } }", 400, "PAGE_SIZE_REQUIRED"),
    "nested pages of 100": (NESTED_PAGES, 400, "QUERY_TOO_COSTLY"),
    "an alias of every object": ("{ constructor: __typename }", 400, "BAD_NAME"),
    "the prototype as alias": ("{ __proto__: __typename }", 400, "BAD_NAME"),
    "an unknown field": ("{ nothing }", 400, "GRAPHQL_VALIDATION_FAILED"),
    "what is not GraphQL": ("{ a", 400, "GRAPHQL_PARSE_FAILED"),
    "the machinery of federation": ("{ _service { sdl } }", 400, "GRAPHQL_VALIDATION_FAILED"),
    "entities": ("{ _entities(representations: []) { __typename } }", 400, "GRAPHQL_VALIDATION_FAILED"),
    "two operations, none named": ("query A { __typename } query B { __typename }", 400, "OPERATION_NOT_FOUND"),
    "a subscription by POST": ("subscription { silence }", 400, "USE_WEBSOCKET"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_refused_with(gateway, name):
    query, status, code = QUERIES[name]

    began = time.monotonic()
    response = gateway.post(query)

    assert refusal(response) == (status, code)
    assert time.monotonic() - began < 1


def test_a_refusal_for_a_limit_names_it_and_what_was_found(gateway):
    extensions = gateway.post(nested(12)).json()["errors"][0]["extensions"]

    assert (extensions["limit"], extensions["got"]) == (10, 12)
    assert extensions["hint"]


@pytest.mark.parametrize(
    "query",
    [
        nested(10),
        "{" + " ".join(f"a{n}: __typename" for n in range(10)) + "}",
        "{ locations(first: 100) { edges { node { id page(first: 10) { edges { node { id } } } } } } }",
    ],
)
def test_a_query_at_the_limit_passes(gateway, query):
    assert "errors" not in gateway.ask(query)


def test_page_sizes_in_variables_count(gateway):
    query = "query Q($n: Int!) { locations(first: $n) { edges { node { id } } } }"

    assert refusal(gateway.post(query, {"n": 101})) == (400, "PAGE_TOO_LARGE")
    assert gateway.post(query, {"n": 100}).status_code == 200


def test_values_of_the_wrong_type_are_refused_by_the_gateway(gateway):
    query = "query Q($n: Int!) { locations(first: $n) { edges { node { id } } } }"

    assert refusal(gateway.post(query, {"n": "many"})) == (400, "BAD_VARIABLES")


def body(query: str) -> bytes:
    return json.dumps({"query": query}).encode()


BODIES = {
    "5 MB": (body(LOCATION) + b" " * 5_000_000, 413, "BODY_TOO_LARGE"),
    "JSON cut off": (b'{"query": "{ __typename }', 400, "BAD_JSON"),
    "no JSON": (b"query", 400, "BAD_JSON"),
    "nothing": (b"", 400, "BAD_JSON"),
    "no UTF-8": (b'{"query": "{ \xff }"}', 400, "BAD_ENCODING"),
    "100,000 brackets": (b"[" * 100_000, 400, "JSON_TOO_DEEP"),
    "65 objects in each other": (b'{"a":' * 65 + b"1" + b"}" * 65, 400, "JSON_TOO_DEEP"),
    "a batch": (json.dumps([{"query": LOCATION}] * 100).encode(), 400, "BATCHING_NOT_SUPPORTED"),
    "no query": (b"{}", 400, "BAD_REQUEST"),
    "null": (b"null", 400, "BAD_REQUEST"),
    "a number as query": (b'{"query": 1}', 400, "BAD_REQUEST"),
    "a list of variables": (b'{"query": "{ __typename }", "variables": []}', 400, "BAD_REQUEST"),
    "NaN": (b'{"query": "{ __typename }", "variables": {"n": NaN}}', 400, "BAD_JSON"),
    "1e400": (b'{"query": "{ __typename }", "variables": {"n": 1e400}}', 400, "BAD_NUMBER"),
    "a figure that a double would round": (
        b'{"query": "{ __typename }", "variables": {"n": 0.12345678901234567890}}',
        400,
        "BAD_NUMBER",
    ),
    "a prototype": (b'{"query": "{ __typename }", "variables": {"__proto__": {"x": 1}}}', 400, "BAD_NAME"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_refused_with(gateway, name):
    content, status, code = BODIES[name]

    assert refusal(gateway.send(content)) == (status, code)


def test_brackets_inside_strings_are_not_nesting(gateway):
    query = '{ location(id: "' + "[{" * 100 + r"\\\"" + "[" * 100 + '") { id } }'

    assert gateway.post(query).json() == {"data": {"location": None}}


def test_a_body_is_too_large_without_a_stated_length_too(gateway):
    def chunks() -> Iterator[bytes]:
        yield body(LOCATION)
        for _ in range(80):
            yield b" " * 65_536

    assert refusal(
        client.post(f"{gateway.url}/graphql", content=chunks(), headers={"content-type": "application/json"})
    ) == (
        413,
        "BODY_TOO_LARGE",
    )


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=utf-16", ""],
)
def test_only_json_is_read(gateway, content_type):
    assert refusal(gateway.send(body(LOCATION), content_type)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_compressed_body_is_not_read(gateway):
    response = gateway.send(body(LOCATION), headers={"content-encoding": "gzip"})

    assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_refused(gateway, method):
    response = client.request(method, f"{gateway.url}/graphql", params={"query": "{ __typename }"})

    assert refusal(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "POST"


def test_headers_may_not_be_huge(gateway):
    response = gateway.post(LOCATION, headers={"x-filler": "x" * 20_000})

    assert response.status_code == 431


def test_a_page_of_another_site_may_not_ask(gateway):
    assert refusal(gateway.post(LOCATION, headers={"origin": "https://elsewhere.example"})) == (
        403,
        "ORIGIN_NOT_ALLOWED",
    )
    assert gateway.post(LOCATION, headers={"origin": gateway.url}).status_code == 200


def test_a_page_that_the_operator_named_may_ask(start):
    console = "https://console.example"
    named = start(LICHEN_GATEWAY_ORIGINS=f"https://a.example, {console}")

    preflight = client.options(
        f"{named.url}/graphql", headers={"origin": console, "access-control-request-method": "POST"}
    )
    response = named.post(LOCATION, headers={"origin": console})

    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == console
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, console)


def test_names_are_not_suggested_in_production(production, gateway):
    query = '{ location(id: "unon") { nam } }'

    assert 'Cannot query field \\"nam\\"' in production.post(query).text
    assert "Did you mean" not in production.post(query).text
    assert "Did you mean" in gateway.post(query).text


def test_one_validation_error_is_enough_in_production(production):
    assert len(production.ask("{ __typename " + "@a " * 10 + "}")["errors"]) == 1


def test_the_schema_is_not_told_to_the_anonymous_in_production(production, gateway):
    query = "{ __schema { types { name } } }"
    in_fragment = "{ ...S } fragment S on Query { __schema { types { name } } }"

    assert refusal(production.post(query)) == (400, "INTROSPECTION_DISABLED")
    assert refusal(production.post(in_fragment)) == (400, "INTROSPECTION_DISABLED")
    names = [each["name"] for each in gateway.ask(query)["data"]["__schema"]["types"]]
    assert "Location" in names
    assert not [name for name in names if name.startswith(("join__", "_Entity", "_Any"))]


def test_the_standard_question_for_the_schema_is_answered(gateway):
    answer = gateway.ask(get_introspection_query(input_value_deprecation=True))

    assert build_client_schema(answer["data"]).get_type("Location") is not None


def test_schema_and_data_are_asked_for_apart(gateway):
    assert refusal(gateway.post('{ __schema { types { name } } location(id: "unon") { id } }')) == (
        400,
        "INTROSPECTION_ALONE",
    )


def test_a_caller_who_asks_too_often_waits(start, issuer):
    narrow = {"per_second": 1, "burst": 3}
    limited = start(settings={"rates": {"anonymous": narrow, "signed_in": narrow}})

    responses = [limited.post(LOCATION) for _ in range(4)]
    bad = limited.post(LOCATION, headers={"authorization": "Bearer abc"})
    mine, others = issuer.bearer(sub="a"), issuer.bearer(sub="b")
    signed_in = [limited.post(LOCATION, headers=mine).status_code for _ in range(4)]

    assert [response.status_code for response in responses] == [200, 200, 200, 429]
    assert refusal(responses[3]) == (429, "RATE_LIMITED")
    assert responses[3].headers["retry-after"] == "1"
    assert responses[0].headers["ratelimit-policy"] == '"anonymous";q=3;w=3'
    assert responses[0].headers["ratelimit"].startswith('"anonymous";r=2;')
    assert bad.status_code == 429
    assert signed_in == [200, 200, 200, 429]
    assert limited.post(LOCATION, headers=others).status_code == 200


def test_a_system_has_a_rate_of_its_own_whatever_subject_its_tokens_name(start, issuer):
    # Slow enough that nothing comes back into a bucket during the test.
    limited = start(settings={"rates": {"machine": {"per_second": 0.01, "burst": 2}}})

    def asked(times: int, **claims: object) -> list[int]:
        headers = issuer.bearer(**claims)
        return [limited.post(LOCATION, headers=headers).status_code for _ in range(times)]

    assert asked(2, sub="service-account-1", client_id="ext-unep") == [200, 200]
    assert asked(1, sub="service-account-2", client_id="ext-unep") == [429]
    assert asked(2, sub="service-account-1", client_id="ext-undp") == [200, 200]
    assert asked(3, sub="x", client_id="ext-who", requests_per_second="many") == [200, 200, 429]
    assert asked(3, sub="x", requests_per_second=1) == [200, 200, 200]


def test_the_issuer_may_give_one_system_a_rate_and_its_bursts_follow(start, issuer):
    limited = start(settings={"rates": {"machine": {"per_second": 10, "burst": 30}}})

    answer = limited.post(LOCATION, headers=issuer.bearer(client_id="ext-wfp", requests_per_second=2))

    assert answer.headers["ratelimit-policy"] == '"machine";q=6;w=3'


def test_only_counted_proxies_say_who_the_caller_is(start):
    narrow = {"per_second": 1, "burst": 1}
    settings = {"rates": {"anonymous": narrow}}
    direct, behind = start(settings=settings), start(settings=settings, LICHEN_GATEWAY_PROXY_HOPS="1")

    def statuses(gateway: Gateway) -> list[int]:
        return [gateway.post(LOCATION, headers={"x-forwarded-for": f"9.9.9.9, 10.0.0.{n}"}).status_code for n in (1, 2)]

    assert statuses(direct) == [200, 429]
    assert statuses(behind) == [200, 200]
