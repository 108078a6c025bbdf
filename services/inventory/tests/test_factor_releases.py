"""Releases and editions of emission factors in the database: what ships is there, and nothing of it changes."""

from typing import TYPE_CHECKING

import asyncpg
import pytest

from inventory import catalogue
from inventory.domain.errors import FactorEditionUnknown
from inventory.store import factors

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

CHANGES = [
    "UPDATE factor_release SET licence = 'none'",
    "UPDATE emission_factor SET co2e_kg = 0",
    "DELETE FROM emission_factor WHERE release_id = 'desnz-2024'",
    "DELETE FROM factor_edition_adoption",
    "TRUNCATE emission_factor CASCADE",
    "UPDATE factor_edition SET content_hash = ''",
    "DELETE FROM factor_edition_release",
    (
        "INSERT INTO emission_factor SELECT (jsonb_populate_record(f, jsonb_build_object('id', 'another ' || id))).*"
        " FROM emission_factor f WHERE release_id = 'epa-hub-2025'"
    ),
    "INSERT INTO factor_edition_release SELECT 'un-2025', 99, id FROM factor_release_of_another",
]


@pytest.mark.parametrize("edition", catalogue.editions())
async def test_the_database_has_every_shipped_edition_as_its_files_have_it(
    inventories: "Inventories", edition: str
) -> None:
    async with inventories.database.transaction([]) as tx:
        found = await factors.catalogue_of(tx, edition)

    shipped = catalogue.emission_factors(edition)
    assert {factor.id: factor for factor in found.factors} == {factor.id: factor for factor in shipped.factors}
    assert found.by_category_and_key.keys() == shipped.by_category_and_key.keys()
    assert found.edition == edition


async def test_an_unknown_edition_is_refused(inventories: "Inventories") -> None:
    async with inventories.database.transaction([]) as tx:
        with pytest.raises(FactorEditionUnknown):
            await factors.catalogue_of(tx, "un-1900")


@pytest.mark.parametrize("statement", CHANGES, ids=[statement[:40] for statement in CHANGES])
async def test_the_database_refuses_its_owner_to_change_a_release_or_an_edition(
    inventories: "Inventories", statement: str
) -> None:
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute(
        "CREATE TEMPORARY TABLE factor_release_of_another AS SELECT 'another' AS id;"
        " INSERT INTO factor_release VALUES ('another', 'P', 'D', 'L', 'f', 'h', 1, 'me', now())"
    )

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)
    await owner.close()


async def test_a_new_inventory_keeps_the_edition_that_was_adopted_when_it_was_opened(
    inventories: "Inventories",
) -> None:
    await inventories.import_file()

    (kept,) = await inventories.rows("inventory")
    assert kept["factor_edition"] == "un-2025"
    explained = {row["explanation"] for row in await inventories.rows("coefficient")}
    assert all("Edition un-2025, release " in text for text in explained)
