"""Generate what others read from the code: schemas, AsyncAPI, catalogue, access matrix, NATS accounts, SDL, supergraph.

`--check` changes nothing and fails where a committed file is stale. A field that a published version had can't be taken
away and a new one can't be required: that is a new version of the event.
"""

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema

from chassis.accounts import render as nats_accounts
from chassis.graphql.schema import subgraph_sdl
from contracts.access import (
    CAPABILITIES_BY_ROLE,
    CAPABILITIES_BY_SCOPE,
    DUAL_CONTROL,
    FUNCTIONS,
    GRANTABLE_BY_ROLE,
    INTROSPECTED,
    Capability,
    Role,
)
from contracts.catalogue import FACTS, SERVICES
from contracts.fact import Fact
from contracts.hearing import HEARERS, READ_BY_FACT, READ_BY_PRODUCER

ROOT = Path(__file__).resolve().parent.parent
EVENTS = ROOT / "contracts" / "events"
GRAPHQL = ROOT / "contracts" / "graphql"
ENVELOPE_HEADERS = {
    "ce-specversion": {"const": "1.0"},
    "ce-id": {"type": "string", "description": "UUIDv7, also Nats-Msg-Id; drop what you have had"},
    "ce-type": {"type": "string"},
    "ce-source": {"type": "string"},
    "ce-subject": {"type": "string", "description": "Location path: codes from the root joined by dots"},
    "ce-time": {"type": "string", "format": "date-time"},
    "ce-aggregateid": {"type": "string"},
    "ce-aggregateversion": {"type": "string", "description": "Counts the aggregate's events from 1 without gaps"},
    "content-type": {"const": "application/json"},
    "traceparent": {"type": "string", "description": "W3C trace context of the change"},
}


def consumers() -> dict[type[Fact], list[str]]:
    found: dict[type[Fact], list[str]] = {fact: [] for fact in FACTS}
    for service in SERVICES:
        for fact in importlib.import_module(f"{service}.incoming").SUBSCRIPTIONS:
            found[fact].append(service)
    return found


def drifted_hearers() -> list[str]:
    """Where `contracts.hearing` is not what the services' tables say, or says nothing of a producer."""
    heard = consumers()
    problems = [f"contracts.hearing says nothing of {service}" for service in SERVICES if service not in HEARERS]
    for producer, hearers in HEARERS.items():
        found = {hearer for fact, names in heard.items() if fact.producer == producer for hearer in names}
        if found != hearers:
            problems.append(f"contracts.hearing: {producer} is heard by {sorted(found)}, not by {sorted(hearers)}")
        if producer not in READ_BY_PRODUCER:
            problems.append(f"contracts.hearing: nobody says what reading {producer} needs")
    return problems


def json_schema(fact: type[Fact]) -> dict[str, Any]:
    schema = fact.model_json_schema(mode="serialization", schema_generator=GenerateJsonSchema)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{fact.type().replace('.', ':')}",
        **schema,
    }


def breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Fields that are gone, have another type, or are newly required; in the parts of the event as well."""
    problems = _breaking(old, new, within="")
    parts = new.get("$defs", {})
    for name, part in old.get("$defs", {}).items():
        if name in parts:
            problems += _breaking(part, parts[name], within=f"{name}.")
    return problems


def _breaking(old: dict[str, Any], new: dict[str, Any], *, within: str) -> list[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    problems = [f"{within}{name} is gone" for name in before if name not in after]
    problems += [
        f"{within}{name} is newly required" for name in new.get("required", []) if name not in old.get("required", [])
    ]
    for name in before:
        if name in after and _kind(before[name]) != _kind(after[name]):
            problems.append(f"{within}{name} changed its type")
    return problems


def _kind(field: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in field.items() if name not in {"title", "description", "default"}}


def asyncapi() -> str:
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for fact in FACTS:
        key = f"{fact.producer}.{fact.name}.v{fact.version}"
        channels[key] = {
            "address": f"{fact.subject_prefix()}.{{locationPath}}._",
            "description": inspect.cleandoc(fact.__doc__ or ""),
            "parameters": {"locationPath": {"description": "Codes from the root joined by dots"}},
            "messages": {fact.__name__: {"$ref": f"#/components/messages/{fact.__name__}"}},
        }
        operations[f"send.{key}"] = {"action": "send", "channel": {"$ref": f"#/channels/{key}"}}
        messages[fact.__name__] = {
            "name": fact.type(),
            "title": fact.__name__,
            "contentType": "application/json",
            "headers": {"type": "object", "properties": ENVELOPE_HEADERS},
            "payload": {"schemaFormat": "application/schema+json;version=draft-2020-12",
                        "schema": {"$ref": f"./{schema_name(fact)}"}},
        }  # fmt: skip
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lichen events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in binary mode on JetStream, at least once; stream evt-<service>.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }
    return yaml.safe_dump(document, sort_keys=False, width=120, allow_unicode=True)


def catalogue() -> str:
    heard = consumers()
    lines = [
        "# Events",
        "",
        "Generated by `make contracts`. Outside subscribers hear those of their places; see `docs/subscriber/`.",
        "",
        "| event | producer | subject (before the location path and `._`) | heard by | what it says |",
        "|---|---|---|---|---|",
    ]
    for fact in FACTS:
        says = (fact.__doc__ or "").strip().splitlines()[0]
        lines.append(
            f"| [{fact.__name__}]({schema_name(fact)}) | {fact.producer} | `{fact.subject_prefix()}` |"
            f" {', '.join(heard[fact]) or '—'} | {says} |"
        )
    return "\n".join(lines) + "\n"


def schema_name(fact: type[Fact]) -> str:
    return f"{fact.producer}.{fact.name}.v{fact.version}.schema.json"


def access_matrix() -> str:
    """Who may do what, printed from the table that the services use."""
    lines = [
        "# Who may do what",
        "",
        "Generated by `make contracts` from `contracts/src/contracts/access.py`. A role at a location holds for",
        "everything under it. That two people take two steps is checked on the record's history, not in this table.",
        "† the issuer is asked first whether the right still holds.",
        "",
        "| capability | " + " | ".join(role.value for role in Role) + " |",
        "|---|" + ":-:|" * len(Role),
    ]
    for capability in Capability:
        dagger = " †" if capability in INTROSPECTED else ""
        cells = " | ".join("●" if capability in CAPABILITIES_BY_ROLE[role] else "" for role in Role)
        lines.append(f"| `{capability}`{dagger} | {cells} |")
    lines += [
        "",
        "A token without role reads what is published, and so does no token.",
        "",
        "| role that gives and takes others | which |",
        "|---|---|",
    ]
    for role, given in GRANTABLE_BY_ROLE.items():
        names = "all" if given == frozenset(Role) else ", ".join(sorted(given))
        lines.append(f"| {role} | {names} |")
    lines += [
        "",
        f"Proposed by one person and confirmed by another: {', '.join(sorted(DUAL_CONTROL))}.",
        f"For the whole Secretariat (`/functions/<role>`): {', '.join(sorted(FUNCTIONS))}.",
        "",
        "| scope of another entity's system | leaves of `external-system` |",
        "|---|---|",
    ]
    lines += [f"| `{scope}` | {', '.join(sorted(left))} |" for scope, left in CAPABILITIES_BY_SCOPE.items()]
    lines += ["", "| events on NATS of | read at a place by who holds there |", "|---|---|"]
    lines += [f"| {producer} | `{capability}` |" for producer, capability in READ_BY_PRODUCER.items()]
    lines += [f"| any service, `{fact}` | `{capability}` |" for fact, capability in READ_BY_FACT.items()]
    return "\n".join(lines) + "\n"


def generated() -> dict[Path, str]:
    files = {EVENTS / schema_name(fact): json.dumps(json_schema(fact), indent=2) + "\n" for fact in FACTS}
    files[EVENTS / "asyncapi.yaml"] = asyncapi()
    files[EVENTS / "CATALOG.md"] = catalogue()
    files[ROOT / "docs" / "access.md"] = access_matrix()
    files[ROOT / "deploy" / "k8s" / "base" / "nats" / "accounts.conf"] = nats_accounts()
    for service in SERVICES:
        schema = importlib.import_module(f"{service}.graphql.schema").schema()
        files[GRAPHQL / f"{service}.graphql"] = subgraph_sdl(schema)
    return files


def main() -> None:
    check = "--check" in sys.argv
    problems = drifted_hearers()
    for path, content in generated().items():
        current = path.read_text() if path.exists() else None
        if path.name.endswith(".schema.json") and current is not None:
            broken = breaking_changes(json.loads(current), json.loads(content))
            problems += [f"{path.name}: {change}; make a new version of the event" for change in broken]
        if current == content:
            continue
        if check:
            problems.append(f"{path.relative_to(ROOT)} is stale: run make contracts")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    if problems:
        sys.exit("\n".join(problems))
    compose = [sys.executable, "tools/node.py", "node", "gateway/compose.mjs", *(["--check"] if check else [])]
    sys.exit(subprocess.run(compose, cwd=ROOT, check=False).returncode)


if __name__ == "__main__":
    main()
