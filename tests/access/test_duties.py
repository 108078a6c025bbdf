"""Every transition of every workflow, tried by everyone who took an earlier step of the record.

They hold every role at the root, so only the record's history can refuse. What it lets pass is written down with its
reason: a pair of steps that is in no table fails by name.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from contracts.access import Capability
from inventory import usecases as inventory
from offsets import usecases as offsets
from reporting import usecases as reporting
from targets import usecases as targets
from tests.access.adoption import ADOPTION
from tests.access.conftest import VAULT
from tests.access.membership import BY_ONE, BY_TWO, MEMBER
from tests.access.workflow import NOW, Allowed, Memory, Workflow

if TYPE_CHECKING:
    from tests.access.conftest import AnyService

YEAR = 2024
UNON: dict[str, Any] = {"location_id": "unon", "year": YEAR}
HEADER = "site,category,item,start,end,amount,unit,treatment,passengers,quality"
ROW = "unon,waste,food,2024-01-01,2024-06-30,7,kg,composting,,measured"
"""Of no meter: several of one period are no mistake."""
Try = Callable[[str, str], Awaitable[str | None]]
"""(Step, name of a person) → code of the refusal."""


# inventory


async def _import(tx: Any, who: Any, memory: Memory) -> None:
    memory["file"] = f"{memory.get('file', '')}x"
    row = ROW.replace("7", str(len(memory["file"])))
    taken = await inventory.import_activity_data(
        tx, principal=who, now=NOW, **UNON, file_name="f.csv", content=f"{HEADER}\n{row}".encode(), vault=VAULT
    )
    memory["inventory"] = taken.inventory_id


async def _submit(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.submit_inventory(tx, principal=who, now=NOW, **UNON)


async def _return(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.return_inventory(tx, principal=who, now=NOW, inventory_id=memory["inventory"], reasons="incomplete")


async def _approve(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.approve_inventory(tx, principal=who, now=NOW, inventory_id=memory["inventory"])


_IMPORT, _SUBMIT, _RETURN, _APPROVE = (
    "IMPORT_ACTIVITY_DATA", "SUBMIT_INVENTORY", "RETURN_INVENTORY", "APPROVE_INVENTORY",
)  # fmt: skip
_INVENTORY_STEPS = {_IMPORT: _import, _SUBMIT: _submit, _RETURN: _return, _APPROVE: _approve}
_TEAM = Allowed("entering and submitting are one team's work, reviewed by another person")
_ONE_REVIEWER = Allowed("one reviewer sees a record through its rounds")
INVENTORY = Workflow(
    service="inventory",
    steps=_INVENTORY_STEPS,
    paths=((_IMPORT, _SUBMIT, _RETURN, _IMPORT, _SUBMIT, _APPROVE),),
    after={
        _IMPORT: {_RETURN: "WRONG_STATE", _APPROVE: "WRONG_STATE"},
        _SUBMIT: {_IMPORT: "WRONG_STATE", _SUBMIT: "WRONG_STATE"},
        _RETURN: {_RETURN: "WRONG_STATE", _APPROVE: "WRONG_STATE"},
        _APPROVE: dict.fromkeys(_INVENTORY_STEPS, "INVENTORY_IS_FINAL"),
    },
    history={
        (_IMPORT, _IMPORT): _TEAM,
        (_IMPORT, _SUBMIT): _TEAM,
        (_SUBMIT, _IMPORT): _TEAM,
        (_SUBMIT, _SUBMIT): _TEAM,
        (_IMPORT, _RETURN): Allowed("who finds a fault in own data sends them back; nothing is approved by it"),
        (_IMPORT, _APPROVE): "ENTERER_MAY_NOT_APPROVE",
        (_SUBMIT, _RETURN): "SUBMITTER_MAY_NOT_RETURN",
        (_SUBMIT, _APPROVE): "SUBMITTER_MAY_NOT_APPROVE",
        (_RETURN, _IMPORT): Allowed("from then on the person counts as one who entered, and does not approve"),
        (_RETURN, _SUBMIT): Allowed("from then on the person counts as one who submitted, and does not approve"),
        (_RETURN, _RETURN): _ONE_REVIEWER,
        (_RETURN, _APPROVE): _ONE_REVIEWER,
    },
    one_person={
        "REGISTER_LOCATION": "a fact of the register, with its source",
        "MOVE_LOCATION": "a fact of the register, with the decision behind it; no figure changes",
        "CLOSE_LOCATION": "as above",
        "STATE_DENOMINATOR": "with its source; who stated it does not approve the inventory that it divides",
        "RECORD_FUEL_STOCK": "a statement for a day; no figure comes of it",
        "RECORD_INSTRUMENT": "data with evidence; who recorded it does not approve the inventory that it is part of",
        "SET_REPORTING_CALENDAR": "which months stand together, with the reason; no figure of a month changes",
        "ATTACH_EVIDENCE": "data; who attached it does not approve the inventory that it is part of",
        "DETACH_EVIDENCE": "with a reason, of an open inventory; the file and the trace stay",
        "STATE_UNCERTAINTY": "data with a reason; who stated it does not approve the inventory that it is part of",
        "CANCEL_INSTRUMENT": "as above: who cancelled it does not approve either",
        "ADD_PRIVATE_FACTORS": "data with their licence; who loaded them does not approve what they quantified",
        "CANCEL_IMPORT": "of a file that is not taken in yet",
        "UNDO_IMPORT": "who entered data takes them out; who did does not approve the inventory either",
        "REGISTER_PREMISES": "a fact of a building, with its area",
        "SET_TENANCY": "whose the building is; who said so does not approve an inventory that has a share of it",
        "RECORD_METER_READING": "data; who recorded it does not approve an inventory that has a share of it",
        "TAKE_PREMISES_SHARE": "as a file is imported: who took it does not approve the inventory",
        "EXPECT_SOURCE": "what is to be reported, with its reason; no figure comes of it",
        "STATE_SOURCE": "why there are no records; who stated it does not approve the inventory that it is part of",
        "WITHDRAW_SOURCE_STATEMENT": "as above: who withdrew it does not approve either",
        "SET_PLAUSIBILITY_RANGE": "what is plausible, with its source; no figure comes of it",
        "ESTIMATE_SMALL_OFFICE": "data with their formula; who estimated does not approve the inventory",
        "EXPLAIN_WARNING": "why a figure is as it is; who explained it does not approve the inventory that it is of",
    },
)


async def _correct(tx: Any, who: Any, memory: Memory) -> None:
    """Of a final inventory, which others made, entered and approved."""
    if "inventory" not in memory:
        for number, step in enumerate((_import, _submit, _approve)):
            await step(tx, replace(who, subject=f"before {number}", name=f"before {number}"), memory)
    found = await inventory.correct_inventory(
        tx, principal=who, now=NOW, inventory_id=memory["inventory"], reason="a meter was read wrongly"
    )
    memory["inventory"] = found.id


async def _correct_record(tx: Any, who: Any, memory: Memory) -> None:
    cells = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | {"amount": f"1{len(memory)}"}
    await inventory.correct_activity_record(
        tx, principal=who, now=NOW, inventory_id=memory["inventory"], record_id=None, cells=cells, reason="forgotten"
    )


_CORRECT, _CORRECT_RECORD = "CORRECT_INVENTORY", "CORRECT_ACTIVITY_RECORD"
_CORRECTION_STEPS = {
    _CORRECT: _correct, _CORRECT_RECORD: _correct_record, _SUBMIT: _submit, _RETURN: _return, _APPROVE: _approve,
}  # fmt: skip
_ANOTHER_VERSION = Allowed("a correction is entered by anyone of the team; it is approved by somebody else")
CORRECTION = Workflow(
    service="inventory",
    steps=_CORRECTION_STEPS,
    paths=((_CORRECT, _CORRECT_RECORD, _SUBMIT, _RETURN, _CORRECT_RECORD, _SUBMIT, _APPROVE),),
    after={
        _CORRECT: dict.fromkeys((_CORRECT, _RETURN, _APPROVE), "WRONG_STATE"),
        _CORRECT_RECORD: dict.fromkeys((_CORRECT, _RETURN, _APPROVE), "WRONG_STATE"),
        _SUBMIT: dict.fromkeys((_CORRECT, _CORRECT_RECORD, _SUBMIT), "WRONG_STATE"),
        _RETURN: dict.fromkeys((_CORRECT, _RETURN, _APPROVE), "WRONG_STATE"),
        _APPROVE: dict.fromkeys((_CORRECT_RECORD, _SUBMIT, _RETURN, _APPROVE), "INVENTORY_IS_FINAL"),
    },
    history={
        **{(earlier, _CORRECT): _ANOTHER_VERSION for earlier in _CORRECTION_STEPS},
        **{
            (earlier, step): _TEAM
            for earlier in (_CORRECT, _CORRECT_RECORD, _SUBMIT)
            for step in (_CORRECT_RECORD, _SUBMIT)
        },
        **{
            (earlier, _RETURN): Allowed("who finds a fault in own data sends them back; nothing is approved by it")
            for earlier in (_CORRECT, _CORRECT_RECORD)
        },
        **{(earlier, _APPROVE): "ENTERER_MAY_NOT_APPROVE" for earlier in (_CORRECT, _CORRECT_RECORD)},
        (_SUBMIT, _RETURN): "SUBMITTER_MAY_NOT_RETURN",
        (_SUBMIT, _APPROVE): "SUBMITTER_MAY_NOT_APPROVE",
        (_RETURN, _CORRECT_RECORD): Allowed("from then on the person counts as one who entered, and does not approve"),
        (_RETURN, _SUBMIT): Allowed("from then on the person counts as one who submitted, and does not approve"),
        (_RETURN, _RETURN): _ONE_REVIEWER,
        (_RETURN, _APPROVE): _ONE_REVIEWER,
    },
    one_person={},
)


async def _propose_recalculation(tx: Any, who: Any, memory: Memory) -> None:
    """On a base year whose inventory was corrected, by others."""
    if "inventory" not in memory:
        others = {name: replace(who, subject=f"before {name}", name=f"before {name}") for name in ("team", "chair")}
        for number in range(2):
            if number:
                await _correct(tx, others["team"], memory)
            row = f"unon,refrigerant,HFC-134a,2024-0{number + 1}-01,2024-0{number + 1}-28,7,kg,,,measured"
            taken = await inventory.import_activity_data(
                tx,
                principal=others["team"],
                now=NOW,
                **UNON,
                file_name="f",
                content=f"{HEADER}\n{row}".encode(),
                vault=VAULT,
            )
            memory["inventory"] = taken.inventory_id
            await _submit(tx, others["team"], memory)
            await _approve(tx, others["chair"], memory)
            if not number:
                await inventory.set_base_year(
                    tx, principal=others["chair"], now=NOW, **UNON, target_id=None, threshold_percent=Decimal(5),
                    reason="r",
                )  # fmt: skip
    found = await inventory.propose_recalculation(
        tx, principal=who, now=NOW, location_id="unon", target_id=None, recalculate=True, reason="r"
    )
    memory["proposal"] = found.id


async def _decide_recalculation(tx: Any, who: Any, memory: Memory) -> None:
    await inventory.decide_recalculation(
        tx, principal=who, now=NOW, proposal_id=memory["proposal"], approve=True, reason=None
    )


_PROPOSE, _DECIDE_BASE = "PROPOSE_RECALCULATION", "DECIDE_RECALCULATION"
BASE_YEAR = Workflow(
    service="inventory",
    steps={_PROPOSE: _propose_recalculation, _DECIDE_BASE: _decide_recalculation},
    paths=((_PROPOSE, _DECIDE_BASE),),
    after={
        _PROPOSE: {},
        _DECIDE_BASE: {_PROPOSE: "NOTHING_TO_RECALCULATE", _DECIDE_BASE: "PROPOSAL_ALREADY_DECIDED"},
    },
    history={
        (_PROPOSE, _PROPOSE): Allowed("another proposal is another record"),
        (_PROPOSE, _DECIDE_BASE): "PROPOSER_MAY_NOT_DECIDE",
    },
    one_person={"SET_BASE_YEAR": "a choice with its reason, of a final inventory; earlier ones stay"},
)

# offsets


async def _request(tx: Any, who: Any, memory: Memory) -> None:
    found = await offsets.request_purchase(tx, principal=who, now=NOW, **UNON, tonnes=10, justification="flights")
    memory["purchase"] = found.id


async def _approve_purchase(tx: Any, who: Any, memory: Memory) -> None:
    await offsets.approve_purchase(tx, principal=who, now=NOW, purchase_id=memory["purchase"])


async def _refuse(tx: Any, who: Any, memory: Memory) -> None:
    await offsets.refuse_purchase(tx, principal=who, now=NOW, purchase_id=memory["purchase"], reason="too dear")


async def _deliver(tx: Any, who: Any, memory: Memory) -> None:
    batch = await offsets.record_delivery(
        tx, principal=who, now=NOW, purchase_id=memory["purchase"], registry="CDM", project="1", vintage=2022,
        serial_first=1, serial_last=10, price_per_tonne=Decimal(1), currency="USD",
    )  # fmt: skip
    memory["batch"] = batch.id


async def _retire(tx: Any, who: Any, memory: Memory) -> None:
    await offsets.retire_credits(tx, principal=who, now=NOW, **UNON, batch_id=memory.get("batch", "none yet"), tonnes=1)


_REQUEST, _APPROVE_P, _REFUSE, _DELIVER, _RETIRE = (
    "REQUEST_PURCHASE", "APPROVE_PURCHASE", "REFUSE_PURCHASE", "RECORD_DELIVERY", "RETIRE_CREDITS",
)  # fmt: skip
_DECIDE = (_APPROVE_P, _REFUSE, _DELIVER)
_ANOTHER = Allowed("another request is another record")
_OFFSET_STEPS = {
    _REQUEST: _request,
    _APPROVE_P: _approve_purchase,
    _REFUSE: _refuse,
    _DELIVER: _deliver,
    _RETIRE: _retire,
}
OFFSETS = Workflow(
    service="offsets",
    steps=_OFFSET_STEPS,
    paths=((_REQUEST, _APPROVE_P, _DELIVER, _RETIRE), (_REQUEST, _REFUSE)),
    after={
        _REQUEST: {_DELIVER: "WRONG_STATE", _RETIRE: "NOT_FOUND"},
        _APPROVE_P: {_APPROVE_P: "WRONG_STATE", _REFUSE: "WRONG_STATE", _RETIRE: "NOT_FOUND"},
        _REFUSE: dict.fromkeys(_DECIDE, "WRONG_STATE") | {_RETIRE: "NOT_FOUND"},
        _DELIVER: dict.fromkeys(_DECIDE, "WRONG_STATE"),
        _RETIRE: dict.fromkeys(_DECIDE, "WRONG_STATE"),
    },
    history={
        **{(earlier, _REQUEST): _ANOTHER for earlier in _OFFSET_STEPS},
        (_REQUEST, _APPROVE_P): "REQUESTER_MAY_NOT_APPROVE",
        (_REQUEST, _REFUSE): "REQUESTER_MAY_NOT_APPROVE",
        (_REQUEST, _DELIVER): "REQUESTER_MAY_NOT_DELIVER",
        (_REQUEST, _RETIRE): "REQUESTER_MAY_NOT_RETIRE",
        (_APPROVE_P, _DELIVER): "APPROVER_MAY_NOT_DELIVER",
        (_APPROVE_P, _RETIRE): "APPROVER_MAY_NOT_RETIRE",
        (_DELIVER, _RETIRE): "DELIVERER_MAY_NOT_RETIRE",
        (_RETIRE, _RETIRE): Allowed("a batch is retired in parts, each a record of its own"),
    },
    one_person={},
)

# reporting


async def _open(tx: Any, who: Any, memory: Memory) -> None:
    await reporting.open_reporting_cycle(
        tx, principal=who, now=NOW, root="secretariat", year=YEAR, due_on=date(2025, 4, 30), owing=["unon"]
    )


async def _submit_report(tx: Any, who: Any, memory: Memory) -> None:
    found = await reporting.submit_progress_report(tx, principal=who, now=NOW, **UNON, narrative="A year.")
    memory["report"] = found.id


async def _return_report(tx: Any, who: Any, memory: Memory) -> None:
    await reporting.return_progress_report(
        tx, principal=who, now=NOW, report_id=memory.get("report", "none yet"), reasons="Say more."
    )


async def _accept(tx: Any, who: Any, memory: Memory) -> None:
    await reporting.accept_progress_report(tx, principal=who, now=NOW, report_id=memory.get("report", "none yet"))


async def _consolidate(tx: Any, who: Any, memory: Memory) -> None:
    found = await reporting.consolidate_reports(tx, principal=who, now=NOW, root="secretariat", year=YEAR)
    memory["consolidated"] = found.id


async def _publish(tx: Any, who: Any, memory: Memory) -> None:
    await reporting.publish_consolidated_report(
        tx, principal=who, now=NOW, report_id=memory.get("consolidated", "none yet")
    )


_OPEN, _HAND_IN, _GIVE_BACK, _ACCEPT, _CONSOLIDATE, _PUBLISH = (
    "OPEN_REPORTING_CYCLE", "SUBMIT_PROGRESS_REPORT", "RETURN_PROGRESS_REPORT", "ACCEPT_PROGRESS_REPORT",
    "CONSOLIDATE_REPORTS", "PUBLISH_CONSOLIDATED_REPORT",
)  # fmt: skip
_REPORT_STEPS = {
    _OPEN: _open, _HAND_IN: _submit_report, _GIVE_BACK: _return_report, _ACCEPT: _accept, _CONSOLIDATE: _consolidate,
    _PUBLISH: _publish,
}  # fmt: skip
_ONCE = {_OPEN: "CYCLE_ALREADY_OPEN"}
_DECIDED = dict.fromkeys((_GIVE_BACK, _ACCEPT), "REPORT_ALREADY_DECIDED")
_NONE_YET = {_CONSOLIDATE: "NO_ACCEPTED_REPORTS", _PUBLISH: "NOT_FOUND"}
_ACCEPTED = _ONCE | _DECIDED | {_HAND_IN: "REPORT_ALREADY_DECIDED"}
_CALENDAR = Allowed("opening a cycle says when reports are due and judges none")
_SUMS = Allowed("a consolidation adds up what was accepted; another person publishes it")
REPORTING = Workflow(
    service="reporting",
    steps=_REPORT_STEPS,
    paths=((_OPEN, _HAND_IN, _GIVE_BACK, _HAND_IN, _ACCEPT, _CONSOLIDATE, _PUBLISH),),
    after={
        _OPEN: _ONCE | _NONE_YET | {_GIVE_BACK: "NOT_FOUND", _ACCEPT: "NOT_FOUND"},
        _HAND_IN: _ONCE | _NONE_YET | {_HAND_IN: "REPORT_AWAITS_DECISION"},
        _GIVE_BACK: _ONCE | _NONE_YET | _DECIDED,
        _ACCEPT: _ACCEPTED | {_PUBLISH: "NOT_FOUND"},
        _CONSOLIDATE: _ACCEPTED,
        _PUBLISH: _ACCEPTED | {_PUBLISH: "ALREADY_PUBLISHED"},
    },
    history={
        **{(_OPEN, step): _CALENDAR for step in _REPORT_STEPS if step != _OPEN},
        (_HAND_IN, _HAND_IN): Allowed("a returned report is handed in again by its location"),
        (_HAND_IN, _GIVE_BACK): "SUBMITTER_MAY_NOT_ACCEPT",
        (_HAND_IN, _ACCEPT): "SUBMITTER_MAY_NOT_ACCEPT",
        (_GIVE_BACK, _HAND_IN): Allowed("from then on the person counts as one who submitted, and does not accept"),
        (_GIVE_BACK, _GIVE_BACK): _ONE_REVIEWER,
        (_GIVE_BACK, _ACCEPT): _ONE_REVIEWER,
        **{(earlier, _CONSOLIDATE): _SUMS for earlier in (_HAND_IN, _GIVE_BACK, _ACCEPT, _CONSOLIDATE, _PUBLISH)},
        (_HAND_IN, _PUBLISH): Allowed("the report was accepted, and the sum made, by two others"),
        (_GIVE_BACK, _PUBLISH): Allowed("a review of one report; the sum was made by another"),
        (_ACCEPT, _PUBLISH): Allowed("a review of one report; the sum was made by another"),
        (_CONSOLIDATE, _PUBLISH): "CONSOLIDATOR_MAY_NOT_PUBLISH",
    },
    one_person={},
)

# targets


async def _set_target(tx: Any, who: Any, memory: Memory) -> None:
    await targets.set_target(
        tx, principal=who, now=NOW, location_id="unon", indicator="electricity", unit="kWh", base_year=2014,
        base_value=Decimal(10), target_year=2034, target_value=Decimal(5),
    )  # fmt: skip


TARGETS = Workflow(
    service="targets",
    steps={"SET_TARGET": _set_target},
    paths=(("SET_TARGET",),),
    after={"SET_TARGET": {"SET_TARGET": "TARGET_ALREADY_SET"}},
    history={},
    one_person={},
)

WORKFLOWS = {
    "membership by one": BY_ONE, "membership by two": BY_TWO, "inventory": INVENTORY,
    "inventory corrected": CORRECTION, "base year": BASE_YEAR, "edition's adoption": ADOPTION, "offsets": OFFSETS,
    "reporting": REPORTING, "targets": TARGETS,
}  # fmt: skip


@pytest.mark.parametrize("service", sorted({workflow.service for workflow in WORKFLOWS.values()}))
def test_every_use_case_is_a_step_of_a_workflow_or_one_persons_with_a_reason(service: str) -> None:
    access = vars(import_module(f"{service}.access"))
    asked = {name for name, value in access.items() if isinstance(value, Capability) and not name.startswith("READ")}
    workflows = [workflow for workflow in WORKFLOWS.values() if workflow.service == service]
    steps = {step for workflow in workflows for step in workflow.steps}
    one_persons = {use_case for workflow in workflows for use_case in workflow.one_person}

    assert asked == steps | one_persons
    assert {step for workflow in workflows for path in workflow.paths for step in path} == steps
    assert steps.isdisjoint(one_persons)


Beds = Callable[[str], Awaitable["AnyService"]]


async def plays(
    bed_for: Beds, person: Callable[[str], Any], workflow: Workflow
) -> AsyncIterator[tuple[list[tuple[str, str]], Try]]:
    """Each state of each path: the steps that led there, with who took each; and a way to try a further one.

    What is tried leaves no trace, in the play's memory either.
    """
    for path in workflow.paths:
        bed = await bed_for(workflow.service)
        if workflow.service in ("offsets", "reporting"):
            await bed.inventory_is_final("unon")
        memory: Memory = {}
        taken: list[tuple[str, str]] = []

        async def tried(step: str, name: str, /, bed: "AnyService" = bed, memory: Memory = memory) -> str | None:
            copy = dict(memory)
            return await bed.tries(lambda tx, who: workflow.steps[step](tx, who, copy), person(name))

        for number, step in enumerate(path):
            name = f"person {number}" if step not in workflow.own else dict(taken)[workflow.own[step][0]]
            async with bed.transaction() as tx:
                await workflow.steps[step](tx, person(name), memory)
            taken.append((step, name))
            yield taken, tried


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_every_transition_tried_by_everyone_who_took_an_earlier_step(
    name: str, bed_for: Beds, person: Callable[[str], Any]
) -> None:
    workflow = WORKFLOWS[name]
    wrong, met = {}, set()
    async for taken, tried in plays(bed_for, person, workflow):
        path = [step for step, _ in taken]
        by_state = workflow.after[path[-1]]
        for transition in workflow.steps:
            for earlier, who in taken:
                expected = by_state.get(transition) or workflow.history.get((earlier, transition), "in no table")
                if transition not in by_state:
                    met.add((earlier, transition))
                found = await tried(transition, who)
                if found != (None if isinstance(expected, Allowed) else expected):
                    wrong[" > ".join((*path, f"{transition} by who did {earlier}"))] = (found, expected)

    assert wrong == {}
    assert set(workflow.history) == met, "a pair that no play meets"


@pytest.mark.parametrize("name", [name for name, workflow in WORKFLOWS.items() if workflow.concerned])
async def test_no_transition_goes_through_for_the_person_whom_the_record_is_about(
    name: str, bed_for: Beds, person: Callable[[str], Any]
) -> None:
    """Where the state refuses it to everyone, that may be said first."""
    workflow = WORKFLOWS[name]
    assert set(workflow.concerned) == set(workflow.steps)
    wrong = {}
    async for taken, tried in plays(bed_for, person, workflow):
        path = [step for step, _ in taken]
        by_state = workflow.after[path[-1]]
        for transition, code in workflow.concerned.items():
            found = await tried(transition, MEMBER)
            if found not in (code, by_state.get(transition, code)):
                wrong[" > ".join((*path, transition))] = (found, code)

    assert wrong == {}


@pytest.mark.parametrize("name", WORKFLOWS)
async def test_each_step_that_the_state_lets_pass_goes_through_for_somebody_new(
    name: str, bed_for: Beds, person: Callable[[str], Any]
) -> None:
    """So that what refuses above is the history, not the step."""
    workflow = WORKFLOWS[name]
    of_others = {step: code for step, (_, code) in workflow.own.items()}
    async for taken, tried in plays(bed_for, person, workflow):
        found = {step: await tried(step, "somebody new") for step in workflow.steps}

        assert found == dict.fromkeys(workflow.steps) | of_others | dict(workflow.after[taken[-1][0]]), taken
