"""One question to several services: joins, mutations, errors, and what stands when a service is down."""

from typing import Any

import pytest


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def test_a_query_joins_the_services(gateway):
    answer = gateway.ask(
        "{ locations(first: 2) { edges { node { id name offsetPosition { remaining } } } } registries }"
    )

    nodes = [edge["node"] for edge in answer["data"]["locations"]["edges"]]
    assert nodes == [
        {"id": "unon", "name": "Nairobi", "offsetPosition": {"remaining": "12.5"}},
        {"id": "unog", "name": "Geneva", "offsetPosition": {"remaining": "12.5"}},
    ]
    assert answer["data"]["registries"] == ["Gold Standard"]
    assert "errors" not in answer


def test_variables_and_aliases_reach_the_right_service(gateway):
    query = "query Q($id: ID!) { a: location(id: $id) { n: name } b: registryOf(id: $id) }"

    answer = gateway.ask(query, {"id": "unov"})

    assert answer == {"data": {"a": {"n": "Vienna"}, "b": "registry of unov"}}


def test_skipped_fields_stay_out(gateway):
    query = 'query Q($s: Boolean = true) { location(id: "unon") { id name @skip(if: $s) flaky @include(if: false) } }'

    assert gateway.ask(query) == {"data": {"location": {"id": "unon"}}}


def test_a_mutation_gives_what_other_services_add(gateway):
    mutation = """mutation M($input: RegisterLocationInput!) {
      registerLocation(input: $input) {
        __typename ... on Location { id offsetPosition { remaining } } ... on Refusal { code message }
      }
    }"""

    made = gateway.ask(mutation, {"input": {"id": "eca", "name": "Addis Ababa"}})
    refused = gateway.ask(mutation, {"input": {"id": "unon", "name": "Nairobi"}})

    assert made["data"]["registerLocation"] == {
        "__typename": "Location",
        "id": "eca",
        "offsetPosition": {"remaining": "12.5"},
    }
    assert refused["data"]["registerLocation"] == {
        "__typename": "Refusal",
        "code": "LOCATION_EXISTS",
        "message": "unon is registered",
    }
    assert "errors" not in refused


def test_a_large_workbook_goes_through_a_mutation(gateway):
    mutation = "mutation M($i: RegisterLocationInput!) { registerLocation(input: $i) { ... on Location { id } } }"

    answer = gateway.ask(mutation, {"i": {"id": "eca", "name": "Addis Ababa", "workbook": "A" * 3_000_000}})

    assert answer["data"]["registerLocation"]["id"] == "eca"


def test_what_is_not_there_is_null_without_an_error(gateway):
    assert gateway.ask('{ location(id: "nowhere") { id } }') == {"data": {"location": None}}


def test_an_error_in_a_list_names_its_row(gateway):
    answer = gateway.ask("{ allLocations { id flaky } }")

    assert [row["flaky"] for row in answer["data"]["allLocations"]] == ["well", None, "well"]
    assert [error["path"] for error in answer["errors"]] == [["allLocations", 1, "flaky"]]


def test_a_bug_behind_is_told_by_a_reference_alone(gateway):
    answer = gateway.ask('{ location(id: "unon") { id broken } }')

    assert answer["data"]["location"] == {"id": "unon", "broken": None}
    assert codes(answer) == ["INTERNAL"]
    reference = answer["errors"][0]["extensions"]["traceId"]
    assert answer["errors"][0]["message"] == f"Something went wrong on our side. Reference {reference}."
    assert "secret" not in str(answer)


@pytest.mark.ours
def test_a_coded_error_behind_is_passed_with_its_known_details(gateway):
    answer = gateway.ask('{ location(id: "unon") { id refused } }')

    error = answer["errors"][0]
    assert error["message"] == "Not yours"
    assert error["path"] == ["location", "refused"]
    assert set(error["extensions"]) == {"code", "subject", "traceId"}
    assert "secret" not in str(answer)


class TestWithoutOffsets:
    """The offsets service is down."""

    def test_its_fields_are_null_and_the_rest_stands(self, gateway_without_offsets):
        answer = gateway_without_offsets.ask(
            "{ locations(first: 2) { edges { node { id offsetPosition { certain } } } } }"
        )

        nodes = [edge["node"] for edge in answer["data"]["locations"]["edges"]]
        assert nodes == [{"id": "unon", "offsetPosition": None}, {"id": "unog", "offsetPosition": None}]
        assert codes(answer) == ["SERVICE_UNAVAILABLE"]

    def test_its_non_null_field_takes_the_nearest_nullable_object_with_it(self, gateway_without_offsets):
        answer = gateway_without_offsets.ask('{ location(id: "unon") { id certainNeed } caller { traceparent } }')

        assert answer["data"]["location"] is None
        assert answer["data"]["caller"]["traceparent"]

    def test_a_list_of_non_null_items_is_never_a_list_of_nulls(self, gateway_without_offsets):
        answer = gateway_without_offsets.ask("{ allLocations { id certainNeed } }")

        assert answer["data"] is None
        assert codes(answer) == ["SERVICE_UNAVAILABLE"]

    def test_the_same_holds_inside_fragments(self, gateway_without_offsets):
        query = "{ allLocations { ...Need } } fragment Need on Location { id certainNeed }"

        assert gateway_without_offsets.ask(query)["data"] is None

    def test_a_root_field_of_it_leaves_the_others(self, gateway_without_offsets):
        answer = gateway_without_offsets.ask('{ registryOf(id: "unon") location(id: "unon") { name } }')

        assert answer["data"] == {"registryOf": None, "location": {"name": "Nairobi"}}

    def test_nothing_of_its_address_or_of_our_query_is_told(self, gateway_without_offsets, closed_port):
        text = gateway_without_offsets.post("{ allLocations { id certainNeed } registries }").text

        for secret in (
            "127.0.0.1",
            "localhost",
            str(closed_port),
            "ECONN",
            "_entities",
            "representations",
            ".mjs",
            "node_modules",
        ):
            assert secret not in text

    def test_a_mutation_says_whether_it_was_carried_out(self, gateway_without_inventory):
        answer = gateway_without_inventory.ask(
            'mutation { registerLocation(input: {id: "eca", name: "x"}) { __typename } }'
        )

        assert answer["errors"][0]["extensions"]["hint"] == "It was not carried out. Ask again in a moment."
        assert answer["errors"][0]["extensions"]["service"] == "inventory"


@pytest.mark.ours
def test_a_service_that_hangs_is_given_up(start):
    hasty = start(settings={"timeouts_ms": {"query": 200}})

    answer = hasty.ask('{ slow(seconds: 5) location(id: "unon") { name } }')

    assert codes(answer) == ["SERVICE_TIMEOUT"]
