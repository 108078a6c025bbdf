"""Events are what their schemas say, survive the wire, and only grow."""

import json
import re
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from contracts.audit import SEALS, WITNESSES, AuditSealed
from contracts.catalogue import FACTS
from contracts.fact import Amount, Fact
from tools.generate import breaking_changes, json_schema, schema_name

EVENTS = Path(__file__).resolve().parents[2] / "contracts" / "events"


def example(fact: type) -> Any:
    """An instance of the event with a plausible value for each field."""
    values: dict[str, Any] = {}
    for name, field in fact.model_fields.items():
        values[name] = _value(name, TypeAdapter(field.annotation).json_schema())
    return fact.model_validate(values)


def _value(name: str, schema: dict[str, Any]) -> Any:  # noqa: PLR0911 - a case a kind
    definitions = schema.get("$defs", {})
    if "$ref" in schema:
        return _value(name, definitions[schema["$ref"].rpartition("/")[2]] | {"$defs": definitions})
    if "anyOf" in schema:
        return _value(name, schema["anyOf"][0] | {"$defs": definitions})
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {key: _value(key, part | {"$defs": definitions}) for key, part in schema["properties"].items()}
        case "object":
            return {"electricity": {"value": "1.5", "unit": "kWh"}}
        case "array":
            return [_value(name, schema["items"] | {"$defs": definitions})]
        case "integer":
            return 7
        case "number":
            return "1.5E+3"
        case "boolean":
            return False
        case _ if schema.get("format") == "date-time":
            return "2024-01-01T00:00:00Z"
        case _:
            return "2024-01-01" if schema.get("format") == "date" or name.startswith("valid_") else "unon"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_an_event_survives_the_wire_and_matches_its_published_schema(fact):
    event = example(fact)
    document = json.loads(event.model_dump_json())

    Draft202012Validator(json.loads((EVENTS / schema_name(fact)).read_text())).validate(document)
    assert fact.model_validate_json(event.model_dump_json()) == event
    assert fact.model_validate(document | {"a_field_of_tomorrow": 1}) == event
    # A figure is a string of digits: a JSON number would be read as a float by most.
    assert [found for found in leaves(document) if isinstance(found, float)] == []
    assert [found for found in leaves(document) if isinstance(found, str) and re.search(r"\dE[+-]?\d", found)] == []


def leaves(document: Any) -> list[Any]:
    if isinstance(document, dict | list):
        parts = document.values() if isinstance(document, dict) else document
        return [leaf for part in parts for leaf in leaves(part)]
    return [document]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_a_field_that_is_missing_is_not_guessed(fact):
    document = json.loads(example(fact).model_dump_json())
    required = [name for name, field in fact.model_fields.items() if field.is_required()]

    assert required
    for name in required:
        with pytest.raises(ValidationError):
            fact.model_validate({key: value for key, value in document.items() if key != name})


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_the_published_schema_is_the_codes(fact):
    assert json.loads((EVENTS / schema_name(fact)).read_text()) == json_schema(fact)


@pytest.mark.parametrize(("value", "text"), [("1E+5", "100000"), ("0.10", "0.10"), ("1E-7", "0.0000001")])
def test_a_figure_travels_as_digits_with_its_unit(value, text):
    amount = Amount(value=Decimal(value), unit="kWh")

    assert json.loads(amount.model_dump_json()) == {"value": text, "unit": "kWh"}


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_any_figure_comes_back_as_it_was_and_without_an_exponent(value):
    document = Amount(value=value, unit="kWh").model_dump_json()

    assert Amount.model_validate_json(document).value == value
    assert re.fullmatch(r"-?\d+(\.\d+)?", json.loads(document)["value"])


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "many", "", None])
def test_what_is_no_figure_does_not_come_in(value):
    with pytest.raises(ValidationError):
        Amount.model_validate_json(json.dumps({"value": value, "unit": "kWh"}))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_names_and_subjects_are_of_one_form(fact):
    service = re.escape(fact.producer)
    # Every service has a record to seal: these stand together. `contracts.access` is the table of roles.
    module = "audit" if issubclass(fact, AuditSealed) else fact.producer
    assert fact.__module__.removesuffix("_events") == f"contracts.{module}"

    assert re.fullmatch(rf"lichen\.{service}\.[a-z]+(_[a-z]+)+\.v[1-9]\d*", fact.type())
    # Four tokens, none a wildcard: what follows is the location path.
    assert re.fullmatch(rf"evt\.{service}\.[a-z_]+\.v[1-9]\d*", fact.subject_prefix())
    assert fact.type().split(".")[1:] == fact.subject_prefix().split(".")[1:]
    assert fact.aggregate in fact.model_fields
    assert example(fact).aggregate_id() == f"{fact.aggregate.removesuffix('_id')}:unon"


def test_every_fact_is_in_the_catalogue_once_and_has_a_schema():
    defined = {
        item
        for module in ("inventory", "targets", "offsets", "reporting", "access_events", "audit")
        for item in vars(import_module(f"contracts.{module}")).values()
        if isinstance(item, type) and issubclass(item, Fact) and hasattr(item, "producer")
    }

    assert set(FACTS) == defined
    assert len({fact.type() for fact in FACTS}) == len(FACTS)
    assert {path.name for path in EVENTS.glob("*.schema.json")} == {schema_name(fact) for fact in FACTS}


def test_every_record_has_a_seal_and_a_witness_that_is_another_service_and_hears_of_it():
    assert set(SEALS) == set(WITNESSES)
    for source, witness in WITNESSES.items():
        assert witness != source
        assert SEALS[source].producer == source
        assert SEALS[source] in import_module(f"{witness}.incoming").SUBSCRIPTIONS


OLD = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ({"properties": {"a": {"type": "string"}}, "required": ["a"]}, "b is gone"),
        ({"properties": OLD["properties"] | {"a": {"type": "integer"}}, "required": ["a"]}, "a changed its type"),
        ({"properties": OLD["properties"], "required": ["a", "b"]}, "b is newly required"),
        ({"properties": OLD["properties"] | {"a": {"type": "string", "format": "date"}}}, "a changed its type"),
    ],
)
def test_a_published_event_only_grows(new, problem):
    assert breaking_changes(OLD, new) == [problem]
    assert breaking_changes(OLD, {"properties": OLD["properties"] | {"c": {"type": "string"}}, "required": ["a"]}) == []


PART = {"type": "object", "properties": {"value": {"type": "string"}, "unit": {"type": "string"}}, "required": ["unit"]}
WHOLE = {"properties": {"total": {"$ref": "#/$defs/Amount"}}, "$defs": {"Amount": PART}}


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        (PART | {"properties": {"unit": {"type": "string"}}}, "Amount.value is gone"),
        (PART | {"properties": PART["properties"] | {"value": {"type": "number"}}}, "Amount.value changed its type"),
        (PART | {"required": ["unit", "value"]}, "Amount.value is newly required"),
    ],
)
def test_the_parts_of_an_event_only_grow(part, problem):
    assert breaking_changes(WHOLE, WHOLE | {"$defs": {"Amount": part}}) == [problem]
    assert breaking_changes(WHOLE, WHOLE) == []


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_other_words_about_a_field_break_nothing(fact):
    published = json.loads((EVENTS / schema_name(fact)).read_text())
    reworded = json.loads(re.sub(r'"description": "', '"description": "Indeed, ', json.dumps(published)))

    assert breaking_changes(published, reworded) == []
