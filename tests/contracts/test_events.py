"""Events are what their schemas say, survive the wire, and only grow."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from contracts.catalogue import FACTS
from contracts.fact import Amount
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
            return "1.5"
        case "boolean":
            return False
        case _:
            return "2024-01-01" if schema.get("format") == "date" or name.startswith("valid_") else "unon"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_an_event_survives_the_wire_and_matches_its_published_schema(fact):
    event = example(fact)
    document = json.loads(event.model_dump_json())

    Draft202012Validator(json.loads((EVENTS / schema_name(fact)).read_text())).validate(document)
    assert fact.model_validate_json(event.model_dump_json()) == event
    assert fact.model_validate(document | {"a_field_of_tomorrow": 1}) == event


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.__name__)
def test_the_published_schema_is_the_codes(fact):
    assert json.loads((EVENTS / schema_name(fact)).read_text()) == json_schema(fact)


@pytest.mark.parametrize(("value", "text"), [("1E+5", "100000"), ("0.10", "0.10"), ("1E-7", "0.0000001")])
def test_a_figure_travels_as_digits_with_its_unit(value, text):
    amount = Amount(value=Decimal(value), unit="kWh")

    assert json.loads(amount.model_dump_json()) == {"value": text, "unit": "kWh"}


def test_names_and_subjects_are_told_apart():
    assert len({fact.type() for fact in FACTS}) == len(FACTS)
    assert all(fact.subject_prefix() == f"evt.{fact.producer}.{fact.name}.v{fact.version}" for fact in FACTS)
    assert all(fact.aggregate in fact.model_fields for fact in FACTS)


OLD = {"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ({"properties": {"a": {"type": "string"}}, "required": ["a"]}, "b is gone"),
        ({"properties": OLD["properties"] | {"a": {"type": "integer"}}, "required": ["a"]}, "a changed its type"),
        ({"properties": OLD["properties"], "required": ["a", "b"]}, "b is newly required"),
    ],
)
def test_a_published_event_only_grows(new, problem):
    assert breaking_changes(OLD, new) == [problem]
    assert breaking_changes(OLD, {"properties": OLD["properties"] | {"c": {"type": "string"}}, "required": ["a"]}) == []
