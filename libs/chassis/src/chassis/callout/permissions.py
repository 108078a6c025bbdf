"""What somebody outside may do at NATS: a pure function of their rights and of where these places are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chassis.access import Principal, can
from chassis.accounts import consumer_subjects, inbox_prefix, information_subject
from chassis.locations import Place
from contracts.access import Capability
from contracts.catalogue import FACTS
from contracts.fact import Fact
from contracts.hearing import READ_BY_PRODUCER, reading

__all__ = ["Permissions", "consumer_name", "permissions_of"]

_SUBJECT_SAFE = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """For one connection."""

    consumer: str
    """Name of the durable consumers that are this person's or system's own."""
    publish: tuple[str, ...]
    """Requests to the own consumers; never an event."""
    subscribe: tuple[str, ...]
    refuse: tuple[str, ...]
    """What `subscribe` would cover and is not to be read all the same."""
    filters: Mapping[str, tuple[str, ...]]
    """Producer → subjects that the own consumer of its stream gives."""


def consumer_name(principal: Principal) -> str | None:
    """Made of the issuer's stable id, so that a name that changes hands takes nothing along.

    None for an id that does not fit into a subject.
    """
    return f"outside-{principal.subject}" if _SUBJECT_SAFE.fullmatch(principal.subject) else None


def permissions_of(principal: Principal, places: Sequence[Place]) -> Permissions | None:
    """What the principal may read at these places; None where that is nothing.

    A fact that needs more than the rest of its producer's (`READ_BY_FACT`) is refused below every place that reads the
    rest without it, also where the right to it begins further down: somebody who wants it there takes the consumer.
    """
    name = consumer_name(principal)
    if name is None:
        return None
    publish: list[str] = []
    subscribe: list[str] = []
    refuse: list[str] = []
    filters: dict[str, tuple[str, ...]] = {}
    for producer, usual in READ_BY_PRODUCER.items():
        facts = [fact for fact in FACTS if fact.producer == producer]
        paths = {fact: _topmost(principal, reading(fact), places) for fact in facts}
        whole = _topmost(principal, usual, places)
        wide = [f"{pattern}.{path}.>" for pattern in _patterns(facts) for path in whole]
        narrow = {fact: [f"{fact.subject_prefix()}.{path}.>" for path in paths[fact]] for fact in facts}
        special = [fact for fact in facts if reading(fact) != usual]
        subscribe += wide
        for fact in special:
            subscribe += narrow[fact]
            refuse += [f"{fact.subject_prefix()}.{path}.>" for path in whole if not _covers(paths[fact], path)]
        given = wide if all(paths[fact] == whole for fact in facts) else [one for fact in facts for one in narrow[fact]]
        if given:
            filters[producer] = tuple(sorted(given))
            publish += [information_subject(producer, name), *consumer_subjects(producer, name)]
    if not filters:
        return None
    # nats-server takes an empty list for all there is: here neither of the two is empty.
    return Permissions(
        consumer=name,
        publish=tuple(publish),
        subscribe=(*sorted(set(subscribe)), f"{inbox_prefix(name)}.>"),
        refuse=tuple(sorted(refuse)),
        filters=filters,
    )


def _topmost(principal: Principal, capability: Capability, places: Iterable[Place]) -> list[str]:
    """Paths where the principal holds the capability, without those under another of them."""
    held = sorted({place.path for place in places if can(principal, capability, place)})
    return [path for path in held if not _covers([other for other in held if other != path], path)]


def _covers(paths: Iterable[str], path: str) -> bool:
    return any(f"{path}.".startswith(f"{above}.") for above in paths)


def _patterns(facts: Iterable[type[Fact]]) -> list[str]:
    """Subjects of these facts up to the location path, whatever the fact's name."""
    return sorted({f"evt.{fact.producer}.*.v{fact.version}" for fact in facts})
