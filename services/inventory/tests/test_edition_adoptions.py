"""An edition of factors is that of new inventories once a second person approves; until then nothing changes."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from chassis.access import ANONYMOUS
from chassis.refusals import NotFound, NotPermitted
from contracts.access import Role
from inventory import usecases
from inventory.domain import errors
from services.inventory.tests.adoptions import add_edition, decide, propose, withdraw
from services.inventory.tests.conftest import ROWS

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

TABLES = ("adoption_proposal", "adoption_decision")
ADOPTED = "factor_edition_adoption"
EDITIONS = """{ factorEditions { edition adoptedAt adoptionProposals {
    editionId reason proposedBy outcome decidedBy decisionReason } } }"""
SHOWN = "... on AdoptionProposal { id outcome proposedBy decidedBy } ... on Refusal { code }"


async def edition_of(inventories: "Inventories", year: int) -> str:
    """Edition of the year's inventory, which a file opens where there is none."""
    await inventories.import_file(year=year, content=inventories.csv(ROWS[1].replace("2024", str(year))))
    (found,) = [row for row in await inventories.rows("inventory") if row["year"] == year]
    return str(found["factor_edition"])


async def asked(inventories: "Inventories", by: str, mutation: str, **given: Any) -> dict[str, Any]:
    name = f"{mutation[0].upper()}{mutation[1:]}Input"
    document = f"mutation($input: {name}!) {{ {mutation}(input: $input) {{ __typename {SHOWN} }} }}"
    answer = await inventories.ask(inventories.person(by), document, input={"idempotencyKey": mutation} | given)
    found: dict[str, Any] = answer["data"][mutation]
    return found


async def test_new_inventories_are_of_the_edition_from_the_approval_on_and_old_ones_keep_theirs(
    inventories: "Inventories",
) -> None:
    await add_edition(inventories, "un-2026")
    assert await edition_of(inventories, 2023) == "un-2025"

    proposal = await propose(inventories)
    assert await edition_of(inventories, 2024) == "un-2025"
    approved = await decide(inventories, proposal.id)

    assert approved.decision is not None
    assert approved.decision.by.name == "other-coordinator"
    assert await edition_of(inventories, 2025) == "un-2026"
    # Also for what is entered into the old ones from now on.
    assert [await edition_of(inventories, year) for year in (2023, 2024)] == ["un-2025", "un-2025"]
    (kept,) = [row for row in await inventories.rows(ADOPTED) if row["edition_id"] == "un-2026"]
    assert (kept["proposal_id"], kept["reason"], kept["adopted_by"]) == (
        proposal.id, "a new year", "other-coordinator",
    )  # fmt: skip


@pytest.mark.parametrize("end", ["refused", "withdrawn"])
async def test_what_is_refused_or_withdrawn_changes_nothing_and_is_proposed_again(
    inventories: "Inventories", end: str
) -> None:
    await add_edition(inventories, "un-2026")
    proposal = await propose(inventories)
    if end == "refused":
        await decide(inventories, proposal.id, approve=False, reason="too early")
    else:
        await withdraw(inventories, proposal.id)

    assert await edition_of(inventories, 2024) == "un-2025"
    again = await propose(inventories)
    await decide(inventories, again.id)
    assert await edition_of(inventories, 2025) == "un-2026"
    assert [row["outcome"] for row in await inventories.rows("adoption_decision")] == [end, "approved"]


async def test_an_edition_that_is_not_there_or_adopted_is_not_proposed(inventories: "Inventories") -> None:
    with pytest.raises(errors.FactorEditionUnknown):
        await propose(inventories, edition_id="un-1900")
    with pytest.raises(errors.EditionAlreadyAdopted):
        await propose(inventories, edition_id="un-2025")


async def test_who_proposed_the_edition_or_its_adoption_does_not_decide(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026", by="other-coordinator")
    proposal = await propose(inventories)

    for by in ("coordinator", "other-coordinator"):
        with pytest.raises(errors.ProposerMayNotDecide):
            await decide(inventories, proposal.id, by=by)
    with pytest.raises(errors.NotTheProposer):
        await withdraw(inventories, proposal.id, by="other-coordinator")


@pytest.mark.parametrize("by", ["unon-register", "steering", "unon-chair"])
async def test_the_right_is_held_over_all_locations(inventories: "Inventories", by: str) -> None:
    """Asked for by the use case, also where the transaction reaches further than the right."""
    await add_edition(inventories, "un-2026", "un-2027")
    proposal = await propose(inventories)
    given: dict[str, Any] = {"principal": inventories.person(by), "now": datetime.now(UTC)}

    async with inventories.database.transaction(["secretariat"]) as tx:
        for step in (
            usecases.propose_edition_adoption(tx, root="secretariat", edition_id="un-2027", reason="r", **given),
            usecases.decide_edition_adoption(tx, proposal_id=proposal.id, approve=True, reason=None, **given),
            usecases.withdraw_edition_adoption(tx, proposal_id=proposal.id, reason="r", **given),
        ):
            with pytest.raises((NotPermitted, NotFound)):
                await step


async def test_two_proposals_at_once_leave_one_open_and_two_decisions_one(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026")

    made = await asyncio.gather(*(propose(inventories) for _ in range(4)), return_exceptions=True)
    refused = [found for found in made if isinstance(found, errors.AdoptionAlreadyProposed)]
    (proposal,) = [found for found in made if not isinstance(found, BaseException)]
    decided = await asyncio.gather(*(decide(inventories, proposal.id) for _ in range(4)), return_exceptions=True)

    assert len(refused) == 3
    assert len([found for found in decided if isinstance(found, errors.ProposalAlreadyDecided)]) == 3
    assert len(await inventories.rows("adoption_decision")) == 1


async def test_the_way_by_graphql_with_the_same_key_twice(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026")
    given = {"editionId": "un-2026", "reason": "a new year"}

    first = await asked(inventories, "coordinator", "proposeEditionAdoption", **given)
    assert await asked(inventories, "coordinator", "proposeEditionAdoption", **given) == first
    other = await asked(inventories, "coordinator", "proposeEditionAdoption", **given, idempotencyKey="other")
    assert (first["outcome"], other["code"]) == (None, "ADOPTION_ALREADY_PROPOSED")
    decision = {"proposalId": first["id"], "approve": True}
    own = await asked(inventories, "coordinator", "decideEditionAdoption", **decision)
    assert own["code"] == "PROPOSER_MAY_NOT_DECIDE"
    approved = await asked(inventories, "other-coordinator", "decideEditionAdoption", **decision)
    assert (approved["outcome"], approved["proposedBy"], approved["decidedBy"]) == (
        "APPROVED", "coordinator", "other-coordinator",
    )  # fmt: skip
    assert await asked(inventories, "other-coordinator", "decideEditionAdoption", **decision) == approved
    late = await asked(inventories, "coordinator", "withdrawEditionAdoption", proposalId=first["id"], reason="r")
    assert late["code"] == "PROPOSAL_ALREADY_DECIDED"

    steps = [
        (row["name"], row["action"], row["outcome"], row["refusal_code"], row["location_id"], row["reason"])
        for row in sorted(await inventories.rows("audit_entry"), key=lambda row: row["seq"])
    ]
    assert steps == [
        ("coordinator", "proposeEditionAdoption", "done", None, "secretariat", "a new year"),
        ("coordinator", "proposeEditionAdoption", "refused", "ADOPTION_ALREADY_PROPOSED", "secretariat", "a new year"),
        ("coordinator", "decideEditionAdoption", "refused", "PROPOSER_MAY_NOT_DECIDE", "secretariat", None),
        ("other-coordinator", "decideEditionAdoption", "done", None, "secretariat", None),
        ("coordinator", "withdrawEditionAdoption", "refused", "PROPOSAL_ALREADY_DECIDED", "secretariat", "r"),
    ]
    entries = [row for row in await inventories.rows("audit_entry") if row["outcome"] == "done"]
    assert {(row["record_kind"], row["record_id"]) for row in entries} == {("adoption_proposal", first["id"])}


async def test_proposals_are_read_beside_the_editions_by_who_reads_over_all(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026", "un-2027")
    await decide(inventories, (await propose(inventories)).id, approve=False, reason="too early")
    await propose(inventories, edition_id="un-2027", reason="the year after")

    found = {}
    for name in ("steering", "unon-chair", None):
        who = ANONYMOUS if name is None else inventories.person(name)
        editions = (await inventories.ask(who, EDITIONS))["data"]["factorEditions"]
        found[name] = [item["adoptionProposals"] for item in editions]
        assert [item["edition"] for item in editions] == ["un-2025", "un-2026", "un-2027"]

    refused = {
        "editionId": "un-2026", "reason": "a new year", "proposedBy": "coordinator", "outcome": "REFUSED",
        "decidedBy": "other-coordinator", "decisionReason": "too early",
    }  # fmt: skip
    waiting = {
        "editionId": "un-2027", "reason": "the year after", "proposedBy": "coordinator", "outcome": None,
        "decidedBy": None, "decisionReason": None,
    }  # fmt: skip
    assert found == {"steering": [[], [refused], [waiting]], "unon-chair": [[], [], []], None: [[], [], []]}


ALONE = "INSERT INTO factor_edition_adoption VALUES ('un-2026', 'r', 'somebody', now(), :proposal)"
BY_ONE = (
    "INSERT INTO adoption_decision SELECT id, location_id, 'approved', NULL, proposed_by, proposed_by_subject, now()"
    " FROM adoption_proposal"
)


@pytest.mark.parametrize("first", ["SELECT 1", BY_ONE], ids=["undecided", "by who proposed it"])
async def test_the_database_refuses_an_adoption_without_a_second_person(inventories: "Inventories", first: str) -> None:
    await add_edition(inventories, "un-2026")
    proposal = await propose(inventories)

    async with inventories.database.transaction(["secretariat"]) as tx:
        await tx.execute(text(first))
        with pytest.raises(DBAPIError, match="is adopted by two people"):
            await tx.execute(text(ALONE), {"proposal": proposal.id})
    assert len(await inventories.rows(ADOPTED)) == 1


async def test_the_database_refuses_an_adoption_to_a_right_at_one_location(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026")
    proposal = await propose(inventories)
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute(f"ALTER TABLE {ADOPTED} DISABLE TRIGGER factor_edition_adoption_by_two")
    await owner.close()

    async with inventories.database.transaction(["unon"]) as tx:
        with pytest.raises(DBAPIError, match="row-level security"):
            await tx.execute(text(ALONE), {"proposal": proposal.id})


@pytest.mark.parametrize("table", TABLES)
async def test_what_was_said_of_an_adoption_stays(inventories: "Inventories", table: str) -> None:
    await add_edition(inventories, "un-2026")
    await decide(inventories, (await propose(inventories)).id)

    async with inventories.database.transaction(["secretariat"]) as tx:
        with pytest.raises(DBAPIError, match="permission denied"):
            await tx.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - a table of the list
    assert [len(await inventories.rows(table, roots=roots)) for roots in (("secretariat",), ("unon",), ())] == [1, 0, 0]


async def test_a_second_right_at_one_location_is_none_over_all(inventories: "Inventories") -> None:
    await add_edition(inventories, "un-2026")
    both = inventories.person("unon-register", Role.LOCAL_CHAIR)

    answer = await inventories.ask(
        both, "mutation($input: ProposeEditionAdoptionInput!) { proposeEditionAdoption(input: $input) {"
        " ... on Refusal { code } } }", input={"editionId": "un-2026", "reason": "r", "idempotencyKey": "k"},
    )  # fmt: skip

    assert answer["data"]["proposeEditionAdoption"]["code"] == "NOT_FOUND"
