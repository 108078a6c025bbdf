"""Rights and the register make permissions: a row a principal."""

import pytest

from chassis.access import Principal, grants_from_groups
from chassis.callout import permissions as subject_of_test
from chassis.callout.permissions import consumer_name, permissions_of
from chassis.locations import Place
from contracts.access import Capability
from contracts.catalogue import FACTS
from contracts.hearing import HEARERS, READ_BY_FACT, READ_BY_PRODUCER
from contracts.inventory import LocationRegistered

REGISTER = {
    "secretariat": "secretariat",
    "unon": "secretariat.unon",
    "unon-gigiri": "secretariat.unon.unon-gigiri",
    "escwa": "secretariat.escwa",
}


@pytest.fixture(autouse=True)
def usual_facts(monkeypatch):
    """Those that their producer's capability guards."""
    usual = tuple(fact for fact in FACTS if fact.name not in READ_BY_FACT)
    monkeypatch.setattr(subject_of_test, "FACTS", usual)


def principal(*groups: str, scopes: str = "", subject: str = "abc-1") -> Principal:
    grants = grants_from_groups(groups, root="secretariat")
    return Principal(subject=subject, name="somebody", grants=grants, scopes=frozenset(scopes.split()))


def permissions(who: Principal):
    """As the callout asks: with the places of the grants that the register knows."""
    known = [REGISTER[grant.location_id] for grant in who.grants if grant.location_id in REGISTER]
    return permissions_of(who, [Place(location_id=path.split(".")[-1], path=path) for path in known])


@pytest.mark.parametrize(
    ("who", "producers", "paths"),
    [
        (principal("/locations/secretariat/unon/local-member"),
            {"inventory", "targets", "offsets", "reporting", "access"}, ["secretariat.unon"]),
        (principal("/functions/procurement"), {"offsets"}, ["secretariat"]),
        (principal("/functions/certifying"), {"inventory", "targets", "offsets", "reporting"}, ["secretariat"]),
        (principal("/locations/secretariat/unon/external-system", scopes="lichen.read"),
            {"inventory", "targets", "offsets", "reporting"}, ["secretariat.unon"]),
        # The text of a group says nothing of where a place is.
        (principal("/locations/elsewhere/escwa/local-member"),
            {"inventory", "targets", "offsets", "reporting", "access"}, ["secretariat.escwa"]),
        # A place below another says nothing more.
        (principal("/locations/secretariat/unon/local-chair", "/locations/secretariat/unon/unon-gigiri/local-member"),
            {"inventory", "targets", "offsets", "reporting", "access"}, ["secretariat.unon"]),
        (principal("/locations/secretariat/escwa/local-chair", "/locations/secretariat/unon/local-member"),
            {"inventory", "targets", "offsets", "reporting", "access"}, ["secretariat.escwa", "secretariat.unon"]),
    ],
)  # fmt: skip
def test_who_reads_what_where(who, producers, paths):
    found = permissions(who)

    assert found.consumer == "outside-abc-1"
    assert found.filters.keys() == producers
    for producer in producers:
        assert found.filters[producer] == tuple(f"evt.{producer}.*.v1.{path}.>" for path in paths)
    events = [one for one in found.subscribe if one.startswith("evt.")]
    assert {one.split(".")[1] for one in events} == producers
    assert set(found.subscribe) - set(events) == {"_INBOX_outside-abc-1.>"}
    assert set(found.publish) == {
        subject
        for producer in producers
        for subject in (
            f"$JS.API.CONSUMER.INFO.evt-{producer}.outside-abc-1",
            f"$JS.API.CONSUMER.MSG.NEXT.evt-{producer}.outside-abc-1",
            f"$JS.ACK.evt-{producer}.outside-abc-1.>",
        )
    }


@pytest.mark.parametrize(
    "who",
    [
        principal(),
        principal("/locations/secretariat/atlantis/local-chair"),
        principal("/locations/secretariat/unon/no-such-role"),
        # Another entity's system without the scope to read.
        principal("/locations/secretariat/unon/external-system"),
        principal("/locations/secretariat/unon/external-system", scopes="lichen.enter"),
        # Names that would be more than one token of a subject, or more than a name.
        principal("/locations/secretariat/unon/local-chair", subject="a.b"),
        principal("/locations/secretariat/unon/local-chair", subject=">"),
        principal("/locations/secretariat/unon/local-chair", subject="*"),
        principal("/locations/secretariat/unon/local-chair", subject=""),
        principal("/locations/secretariat/unon/local-chair", subject="a b"),
    ],
)
def test_who_reads_nothing_gets_nothing(who):
    assert permissions(who) is None


def test_a_person_called_like_a_service_is_not_that_service():
    assert consumer_name(principal(subject="reporting")) == "outside-reporting"
    assert not any(hearer.startswith("outside-") for hearers in HEARERS.values() for hearer in hearers)


@pytest.mark.parametrize(
    ("groups", "reads", "refused"),
    [
        (["/locations/secretariat/unon/local-member"], [], ["secretariat.unon"]),
        (["/locations/secretariat/unon/local-chair"], ["secretariat.unon"], []),
        (["/locations/secretariat/unon/local-member", "/locations/secretariat/escwa/local-chair"],
            ["secretariat.escwa"], ["secretariat.unon"]),
        # Closed rather than open: the refusal of the place above covers the one below, but for the consumer.
        (["/locations/secretariat/steering-member", "/locations/secretariat/unon/local-chair"],
            ["secretariat.unon"], ["secretariat"]),
    ],
)  # fmt: skip
def test_a_fact_with_a_capability_of_its_own_is_kept_from_those_without(monkeypatch, groups, reads, refused):
    fact = LocationRegistered
    special = {fact.name: Capability.READ_AUDIT}
    monkeypatch.setattr(subject_of_test, "reading", lambda one: special.get(one.name, READ_BY_PRODUCER[one.producer]))

    found = permissions(principal(*groups))

    assert found.refuse == tuple(f"{fact.subject_prefix()}.{path}.>" for path in refused)
    told = [one for one in found.filters["inventory"] if one.startswith((fact.subject_prefix(), "evt.inventory.*"))]
    if reads and not refused:
        assert told == [f"evt.inventory.*.v1.{path}.>" for path in reads]
    else:
        assert told == [f"{fact.subject_prefix()}.{path}.>" for path in reads]
    assert not any(one.startswith(fact.subject_prefix()) for one in found.filters["targets"])


def test_every_producer_says_what_reading_it_needs():
    assert {fact.producer for fact in FACTS} <= READ_BY_PRODUCER.keys() == HEARERS.keys()
