"""Every refusal of a membership, one row each, in the order in which a request meets them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from access.domain.membership import Action, Kind, Membership, MembershipStep, State, propose
from access.domain.roles import GRANTS_MAX, Holding
from access.roles import rules
from contracts.access import CAPABILITIES_BY_ROLE, FUNCTIONS, WITHOUT_WRITING, Role
from quantities.person import Person
from quantities.refusal import Refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
AMINA, CHAIR, OTHER = (Person(subject=f"subject-of-{name}", name=name) for name in ("amina", "chair", "other"))
EVERY_ROLE = frozenset(str(role) for role in Role)


def a_membership(**changes):
    given = {
        "id": "m-1",
        "location_id": "unon",
        "role": "technical-team",
        "member": AMINA,
        "kind": Kind.ORDINARY,
        "substitutes_id": None,
        "valid_from": NOW - DAY,
        "given_until": None,
        "justification": "joins the team",
        "proposed_by": CHAIR,
        "proposed_at": NOW - DAY,
        "needs_confirmation": False,
    }
    return Membership(**(given | changes))


def a_proposal(**changes):
    given = {
        "role": "approver",
        "given_until": NOW + 30 * DAY,
        "needs_confirmation": True,
        "location_id": "secretariat",
    }
    return a_membership(**(given | changes))


def a_step(action, *, by=CHAIR, at=NOW - DAY, reason="because", valid_until=None):
    return MembershipStep(action=action, by=by, at=at, reason=reason, valid_until=valid_until)


def proposed(**changes):
    given = {
        "membership_id": "m-2",
        "location_id": "unon",
        "roles_there": EVERY_ROLE,
        "role": "technical-team",
        "member": AMINA,
        "valid_from": None,
        "valid_until": None,
        "justification": "joins the team",
        "substitutes": None,
        "by": CHAIR,
        "at": NOW,
        "grantable": EVERY_ROLE,
        "rules": rules,
        "there": (),
        "held": (),
    }
    return propose(**(given | changes))


def holds(role, **changes):
    return Holding(**({"role": role, "held_from": NOW - DAY, "held_until": None} | changes))


def code_of(attempt):
    with pytest.raises(Refusal) as refused:
        attempt()
    return refused.value.code


OF_OTHER = a_membership(id="m-0", member=OTHER)
WEEK = {"valid_until": NOW + 7 * DAY}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"member": CHAIR, "grantable": frozenset()}, "OWN_MEMBERSHIP"),
        ({"grantable": frozenset({"local-member"}), "roles_there": frozenset()}, "ROLE_NOT_GRANTABLE"),
        ({"roles_there": frozenset({"local-member"}), "justification": ""}, "ROLE_NOT_AT_LOCATION"),
        ({"justification": " ", "valid_from": NOW - DAY}, "TEXT_MISSING"),
        ({"justification": "x" * 2001, "valid_from": NOW - DAY}, "TEXT_TOO_LONG"),
        ({"valid_from": NOW - timedelta(microseconds=1), "role": "auditor"}, "BEGINS_IN_THE_PAST"),
        ({"role": "auditor"}, "END_DATE_NEEDED"),
        ({"substitutes": OF_OTHER}, "END_DATE_NEEDED"),
        ({"valid_until": NOW}, "PERIOD_MALFORMED"),
        ({"valid_from": NOW + 2 * DAY, "valid_until": NOW + DAY}, "PERIOD_MALFORMED"),
        ({"role": "auditor", "valid_until": NOW + 733 * DAY}, "PERIOD_TOO_LONG"),
        ({"substitutes": OF_OTHER, "valid_until": NOW + 367 * DAY}, "PERIOD_TOO_LONG"),
        (WEEK | {"substitutes": replace(OF_OTHER, member=AMINA)}, "SUBSTITUTE_MISMATCH"),
        (WEEK | {"substitutes": replace(OF_OTHER, role="local-member")}, "SUBSTITUTE_MISMATCH"),
        (WEEK | {"substitutes": replace(OF_OTHER, location_id="escwa")}, "SUBSTITUTE_MISMATCH"),
        (WEEK | {"substitutes": replace(OF_OTHER, steps=(a_step(Action.ENDED),))}, "SUBSTITUTE_MISMATCH"),
        (WEEK | {"substitutes": replace(OF_OTHER, valid_from=NOW + DAY)}, "SUBSTITUTE_MISMATCH"),
        (WEEK | {"substitutes": replace(OF_OTHER, kind=Kind.SUBSTITUTE)}, "SUBSTITUTE_MISMATCH"),
        ({"there": [a_membership()], "held": [holds("auditor")]}, "ALREADY_MEMBER"),
        ({"there": [a_membership(valid_from=NOW + 9 * DAY)]}, "ALREADY_MEMBER"),
        ({"held": [holds("auditor"), holds("approver")]}, "ROLE_EXCLUDES_OTHERS"),
        (WEEK | {"role": "auditor", "held": [holds("local-member")]}, "ROLE_EXCLUDES_OTHERS"),
        (WEEK | {"role": "approver", "held": [holds("local-chair")]}, "MONEY_STEPS_COMBINED"),
        ({"role": "local-chair", "held": [holds("approver")]}, "MONEY_STEPS_COMBINED"),
        (WEEK | {"role": "approver", "held": [holds("certifying")]}, "MONEY_STEPS_COMBINED"),
        ({"held": [holds("local-member")] * GRANTS_MAX}, "TOO_MANY_GRANTS"),
    ],
)
def test_a_proposal_is_refused(changes, code):
    assert code_of(lambda: proposed(**changes)) == code


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"valid_from": NOW},
        {"role": "auditor", "valid_until": NOW + 732 * DAY},
        {"substitutes": OF_OTHER, "valid_until": NOW + 366 * DAY},
        {"there": [a_membership(steps=(a_step(Action.ENDED, at=NOW),))]},
        {"there": [a_membership(role="local-member")]},
        {"valid_until": NOW + DAY, "there": [a_membership(valid_from=NOW + DAY)]},
        {"held": [holds("auditor", held_until=NOW)]},
        {"held": [holds("local-member")] * (GRANTS_MAX - 1)},
        # Two that request are no two steps.
        {"role": "local-chair", "held": [holds("central-coordinator")]},
        {"role": "approver", "valid_until": NOW + DAY, "held": [holds("approver")]},
    ],
)
def test_at_its_bounds_a_proposal_is_taken(changes):
    made = proposed(**changes)

    assert made.state_at(NOW) is (State.PROPOSED if made.needs_confirmation else State.ACTIVE)


ENDED = (a_step(Action.ENDED),)
CONFIRMED = (a_step(Action.CONFIRMED, by=OTHER, reason=None),)


def step(verb, found, *, by=OTHER, grantable=EVERY_ROLE, held=(), reason="because", until=NOW + 60 * DAY):
    ways = {
        "confirm": lambda: found.confirm(by=by, at=NOW, grantable=grantable, rules=rules, held=held),
        "refuse": lambda: found.refuse(by=by, at=NOW, grantable=grantable, reason=reason),
        "withdraw": lambda: found.withdraw(by=by, at=NOW, reason=reason),
        "end": lambda: found.end(by=by, at=NOW, grantable=grantable, reason=reason),
        "extend": lambda: found.extend(
            by=by, at=NOW, grantable=grantable, until=until, reason=reason, rules=rules, held=held
        ),
    }
    return ways[verb]()


A_WEEK = a_membership(given_until=NOW + 7 * DAY)


@pytest.mark.parametrize(
    ("verb", "found", "changes", "code"),
    [
        ("confirm", a_membership(), {"by": AMINA}, "WRONG_STATE"),
        ("confirm", a_proposal(steps=CONFIRMED), {}, "WRONG_STATE"),
        ("confirm", a_proposal(given_until=NOW), {}, "WRONG_STATE"),
        ("confirm", a_proposal(), {"by": AMINA}, "OWN_MEMBERSHIP"),
        ("confirm", a_proposal(), {"by": CHAIR, "grantable": frozenset()}, "PROPOSER_MAY_NOT_DECIDE"),
        ("confirm", a_proposal(), {"grantable": frozenset(), "held": [holds("auditor")]}, "ROLE_NOT_GRANTABLE"),
        ("confirm", a_proposal(), {"held": [holds("auditor")]}, "ROLE_EXCLUDES_OTHERS"),
        ("confirm", a_proposal(), {"held": [holds("procurement")]}, "MONEY_STEPS_COMBINED"),
        ("refuse", a_proposal(steps=CONFIRMED), {}, "WRONG_STATE"),
        ("refuse", a_proposal(), {"by": AMINA}, "OWN_MEMBERSHIP"),
        ("refuse", a_proposal(), {"by": CHAIR}, "PROPOSER_MAY_NOT_DECIDE"),
        ("refuse", a_proposal(), {"grantable": frozenset(), "reason": ""}, "ROLE_NOT_GRANTABLE"),
        ("refuse", a_proposal(), {"reason": ""}, "TEXT_MISSING"),
        ("refuse", a_proposal(), {"reason": "x" * 2001}, "TEXT_TOO_LONG"),
        ("withdraw", a_proposal(steps=CONFIRMED), {"by": CHAIR}, "WRONG_STATE"),
        ("withdraw", a_proposal(), {"reason": ""}, "NOT_THE_PROPOSER"),
        ("withdraw", a_proposal(), {"by": CHAIR, "reason": ""}, "TEXT_MISSING"),
        ("end", a_membership(steps=ENDED), {"by": AMINA}, "WRONG_STATE"),
        ("end", a_proposal(), {}, "WRONG_STATE"),
        ("end", a_membership(given_until=NOW), {}, "WRONG_STATE"),
        ("end", a_membership(), {"by": AMINA, "grantable": frozenset()}, "OWN_MEMBERSHIP"),
        ("end", a_membership(), {"grantable": frozenset(), "reason": ""}, "ROLE_NOT_GRANTABLE"),
        ("end", a_membership(), {"reason": ""}, "TEXT_MISSING"),
        ("extend", a_membership(steps=ENDED), {}, "WRONG_STATE"),
        ("extend", A_WEEK, {"by": AMINA, "grantable": frozenset()}, "OWN_MEMBERSHIP"),
        ("extend", A_WEEK, {"grantable": frozenset()}, "ROLE_NOT_GRANTABLE"),
        ("extend", a_proposal(steps=CONFIRMED), {"reason": ""}, "EXTENSION_NEEDS_TWO"),
        ("extend", A_WEEK, {"reason": "", "until": NOW}, "TEXT_MISSING"),
        ("extend", A_WEEK, {"until": NOW + 7 * DAY}, "PERIOD_MALFORMED"),
        ("extend", a_membership(), {}, "PERIOD_MALFORMED"),
        (
            "extend",
            replace(A_WEEK, kind=Kind.SUBSTITUTE, substitutes_id="m-0"),
            {"until": NOW + 366 * DAY},
            "PERIOD_TOO_LONG",
        ),
        (
            "extend",
            A_WEEK,
            {"held": [holds("auditor", held_from=NOW + 30 * DAY)]},
            "ROLE_EXCLUDES_OTHERS",
        ),
    ],
)
def test_a_step_is_refused(verb, found, changes, code):
    assert code_of(lambda: step(verb, found, **changes)) == code


@pytest.mark.parametrize(
    ("verb", "found", "by", "state"),
    [
        ("confirm", a_proposal(), OTHER, State.ACTIVE),
        ("refuse", a_proposal(), OTHER, State.REFUSED),
        ("withdraw", a_proposal(), CHAIR, State.WITHDRAWN),
        ("end", a_membership(), CHAIR, State.ENDED),
        ("end", a_membership(valid_from=NOW + DAY), OTHER, State.ENDED),
        # One person is enough to take away what two must give.
        ("end", a_proposal(steps=CONFIRMED), CHAIR, State.ENDED),
        ("extend", A_WEEK, CHAIR, State.ACTIVE),
    ],
)
def test_a_step_is_taken(verb, found, by, state):
    changed = step(verb, found, by=by)

    assert changed.state_at(NOW) is state
    assert changed.steps[-1].by == by
    assert found.steps == changed.steps[:-1]


@pytest.mark.parametrize(
    ("found", "at", "state"),
    [
        (a_membership(valid_from=NOW), NOW - DAY, State.SCHEDULED),
        (a_membership(valid_from=NOW), NOW, State.ACTIVE),
        (a_membership(given_until=NOW), NOW - timedelta(microseconds=1), State.ACTIVE),
        (a_membership(given_until=NOW), NOW, State.EXPIRED),
        (a_proposal(given_until=NOW), NOW, State.EXPIRED),
        (a_membership(given_until=NOW, steps=(a_step(Action.EXTENDED, valid_until=NOW + DAY),)), NOW, State.ACTIVE),
        (a_membership(given_until=NOW, steps=ENDED), NOW, State.ENDED),
    ],
)
def test_the_clock_takes_its_part(found, at, state):
    assert found.state_at(at) is state


def test_what_was_closed_is_held_no_longer():
    ended = step("end", a_membership(), by=CHAIR)

    assert ended.holding.held_until == NOW
    assert not ended.holding.overlaps(NOW, None)


def test_a_role_that_is_held_alone_excludes_every_other_in_both_directions():
    for alone in WITHOUT_WRITING:
        for other in frozenset(Role) - {alone}:
            assert rules.excludes(alone, other)
            assert rules.excludes(other, alone)
    assert not rules.excludes(Role.AUDITOR, Role.AUDITOR)


def test_no_function_goes_together_with_another_step_of_a_payment():
    money = {role: steps for role, steps in rules.money_steps.items() if steps}
    pairs = {(one, other) for one in money for other in money if rules.combines_money_steps(one, other)}

    assert {one for one, _ in pairs} >= {Role.APPROVER, Role.PROCUREMENT, Role.CERTIFYING, Role.LOCAL_CHAIR}
    assert all({one, other} & FUNCTIONS for one, other in pairs)
    assert all(CAPABILITIES_BY_ROLE[Role(one)] != CAPABILITIES_BY_ROLE[Role(other)] for one, other in pairs)


def test_nobody_gives_a_person_the_role_of_a_system():
    assert all(Role.EXTERNAL_SYSTEM not in given for given in rules.grantable_by.values())
