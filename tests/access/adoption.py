"""The workflow of an edition's adoption: one person proposes, another decides, or who proposed takes it back."""

from typing import Any

from inventory import usecases as inventory
from tests.access.conftest import EDITION
from tests.access.workflow import NOW, Allowed, Memory, Workflow

__all__ = ["ADOPTION"]


async def _propose(tx: Any, who: Any, memory: Memory) -> None:
    found = await inventory.propose_edition_adoption(
        tx, principal=who, now=NOW, root="secretariat", edition_id=EDITION, reason="a new year"
    )
    memory["proposal"] = found.id


async def _decide(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.decide_edition_adoption(
        tx, principal=who, now=NOW, proposal_id=memory["proposal"], approve=True, reason=None
    )


async def _withdraw(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.withdraw_edition_adoption(
        tx, principal=who, now=NOW, proposal_id=memory["proposal"], reason="a slip"
    )


_PROPOSE, _DECIDE, _WITHDRAW = "PROPOSE_EDITION_ADOPTION", "DECIDE_EDITION_ADOPTION", "WITHDRAW_EDITION_ADOPTION"
_DECIDED = dict.fromkeys((_DECIDE, _WITHDRAW), "PROPOSAL_ALREADY_DECIDED")
_ANOTHER = Allowed("another proposal is another record")
ADOPTION = Workflow(
    service="inventory",
    steps={_PROPOSE: _propose, _DECIDE: _decide, _WITHDRAW: _withdraw},
    paths=((_PROPOSE, _DECIDE), (_PROPOSE, _WITHDRAW)),
    after={
        _PROPOSE: {_PROPOSE: "ADOPTION_ALREADY_PROPOSED"},
        _DECIDE: _DECIDED | {_PROPOSE: "EDITION_ALREADY_ADOPTED"},
        _WITHDRAW: _DECIDED,
    },
    history={
        (_PROPOSE, _PROPOSE): _ANOTHER,
        (_WITHDRAW, _PROPOSE): _ANOTHER,
        (_PROPOSE, _DECIDE): "PROPOSER_MAY_NOT_DECIDE",
        (_PROPOSE, _WITHDRAW): Allowed("a proposal is taken back by who made it, and by nobody else"),
    },
    one_person={},
    own={_WITHDRAW: (_PROPOSE, "NOT_THE_PROPOSER")},
)
