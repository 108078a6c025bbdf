"""The workflows of a membership: one person gives most roles; those under dual control need two."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from access import usecases as access
from access.domain.attestation import Decision, Verdict
from contracts.access import Role
from tests.access.conftest import PEOPLE
from tests.access.workflow import NOW, Allowed, Memory, Workflow

__all__ = ["BY_ONE", "BY_TWO", "MEMBER"]

MEMBER = "the member"
"""Whom the memberships are about."""
PERIOD = timedelta(days=30)


async def _add(tx: Any, who: Any, memory: Memory, *, role: Role, location_id: str) -> None:
    found = await access.add_member(
        tx, principal=who, now=NOW, people=PEOPLE, location_id=location_id, user_name=MEMBER, role=role,
        valid_from=None, valid_until=NOW + PERIOD, justification="needed", substitutes_id=None,
    )  # fmt: skip
    memory["membership"] = found.id


async def _confirm(tx: Any, who: Any, memory: Memory) -> None:
    await access.confirm_member(tx, principal=who, now=NOW, people=PEOPLE, membership_id=memory["membership"])


async def _refuse(tx: Any, who: Any, memory: Memory) -> None:
    await access.refuse_member(tx, principal=who, now=NOW, membership_id=memory["membership"], reason="not needed")


async def _withdraw(tx: Any, who: Any, memory: Memory) -> None:
    await access.withdraw_proposal(tx, principal=who, now=NOW, membership_id=memory["membership"], reason="a slip")


async def _extend(tx: Any, who: Any, memory: Memory) -> None:
    memory["extended"] = f"{memory.get('extended', '')}x"
    await access.extend_membership(
        tx, principal=who, now=NOW, membership_id=memory["membership"],
        valid_until=NOW + PERIOD * (1 + len(memory["extended"])), reason="needed longer",
    )  # fmt: skip


async def _end(tx: Any, who: Any, memory: Memory) -> None:
    await access.end_membership(tx, principal=who, now=NOW, membership_id=memory["membership"], reason="has left")


async def _attest(tx: Any, who: Any, memory: Memory, *, location_id: str) -> None:
    await access.attest_members(
        tx, principal=who, now=NOW, interval=timedelta(days=180), location_id=location_id,
        decisions={memory["membership"]: Decision(verdict=Verdict.KEPT, reason=None)},
    )  # fmt: skip


def _steps(role: Role, location_id: str) -> Mapping[str, Any]:
    return {
        _ADD: partial(_add, role=role, location_id=location_id),
        _CONFIRM: _confirm,
        _REFUSE: _refuse,
        _WITHDRAW: _withdraw,
        _EXTEND: _extend,
        _END: _end,
        _ATTEST: partial(_attest, location_id=location_id),
    }


_ADD, _CONFIRM, _REFUSE, _WITHDRAW, _EXTEND, _END, _ATTEST = (
    "ADD_MEMBER", "CONFIRM_MEMBER", "REFUSE_MEMBER", "WITHDRAW_PROPOSAL", "EXTEND_MEMBERSHIP", "END_MEMBERSHIP",
    "ATTEST_MEMBERS",
)  # fmt: skip
_DECIDED = dict.fromkeys((_CONFIRM, _REFUSE, _WITHDRAW), "WRONG_STATE")
_CLOSED = _DECIDED | {_EXTEND: "WRONG_STATE", _END: "WRONG_STATE", _ATTEST: "NOTHING_TO_ATTEST"}
_ACTIVE = _DECIDED | {_ADD: "ALREADY_MEMBER"}
_ANOTHER = Allowed("another membership is another record")
_TAKEN_AWAY = Allowed("one person is enough to take away, whoever gave or kept it")
_LOOKED_AT = Allowed("who answers for a location gives roles there and looks at them again; own ones wait for another")
_LONGER = Allowed("one person gives such a role, and so moves its end")
_CONCERNED = {
    _ADD: "OWN_MEMBERSHIP",
    _CONFIRM: "OWN_MEMBERSHIP",
    _REFUSE: "OWN_MEMBERSHIP",
    # Nobody proposes the own membership, so nobody has one to withdraw.
    _WITHDRAW: "NOT_THE_PROPOSER",
    _EXTEND: "OWN_MEMBERSHIP",
    _END: "OWN_MEMBERSHIP",
    # The list is that of others' memberships, and there is no other.
    _ATTEST: "NOTHING_TO_ATTEST",
}

BY_ONE = Workflow(
    service="access",
    steps=_steps(Role.TECHNICAL_TEAM, "unon"),
    paths=((_ADD, _EXTEND, _ATTEST, _END),),
    after={_ADD: _ACTIVE, _EXTEND: _ACTIVE, _ATTEST: _ACTIVE, _END: _CLOSED},
    history={
        **{(earlier, _ADD): _ANOTHER for earlier in (_ADD, _EXTEND, _ATTEST, _END)},
        **{(earlier, _EXTEND): _LONGER for earlier in (_ADD, _EXTEND, _ATTEST)},
        **{(earlier, _ATTEST): _LOOKED_AT for earlier in (_ADD, _EXTEND, _ATTEST)},
        **{(earlier, _END): _TAKEN_AWAY for earlier in (_ADD, _EXTEND, _ATTEST)},
    },
    one_person={"FIND_PERSON": "reads, and changes nothing"},
    concerned=_CONCERNED,
)

_AGREED = _ACTIVE | {_EXTEND: "EXTENSION_NEEDS_TWO"}
BY_TWO = Workflow(
    service="access",
    steps=_steps(Role.APPROVER, "secretariat"),
    paths=((_ADD, _CONFIRM, _ATTEST, _END), (_ADD, _REFUSE), (_ADD, _WITHDRAW)),
    after={
        _ADD: {
            _ADD: "ALREADY_MEMBER", _EXTEND: "WRONG_STATE", _END: "WRONG_STATE", _ATTEST: "NOTHING_TO_ATTEST",
        },
        _CONFIRM: _AGREED,
        _ATTEST: _AGREED,
        _END: _CLOSED,
        _REFUSE: _CLOSED,
        _WITHDRAW: _CLOSED,
    },
    history={
        **{(earlier, _ADD): _ANOTHER for earlier in (_ADD, _CONFIRM, _ATTEST, _END, _REFUSE, _WITHDRAW)},
        (_ADD, _CONFIRM): "PROPOSER_MAY_NOT_DECIDE",
        (_ADD, _REFUSE): "PROPOSER_MAY_NOT_DECIDE",
        (_ADD, _WITHDRAW): Allowed("a proposal is taken back by who made it, and by nobody else"),
        **{(earlier, _ATTEST): _LOOKED_AT for earlier in (_ADD, _CONFIRM, _ATTEST)},
        **{(earlier, _END): _TAKEN_AWAY for earlier in (_ADD, _CONFIRM, _ATTEST)},
    },
    one_person={},
    own={_WITHDRAW: (_ADD, "NOT_THE_PROPOSER")},
    concerned=_CONCERNED,
)  # fmt: skip
