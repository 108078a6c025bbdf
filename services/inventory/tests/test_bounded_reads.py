"""Reads that grow with use take what they need, or go through it piece by piece."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chassis.testing import ROOT
from inventory.commands import evidence as command
from inventory.store import completeness, plausibility, uncertainties
from inventory.vault import Vault
from services.inventory.tests import test_completeness, test_findings, test_uncertainties
from services.inventory.tests.test_corrections import correct

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories


async def test_of_all_ranges_those_that_can_hold_are_read(inventories: "Inventories") -> None:
    bound = test_findings.bound
    await bound(inventories)
    newest = await bound(inventories, high="77", idempotencyKey="again")
    await bound(inventories, validFrom="2025-01-01", idempotencyKey="later")
    await bound(inventories, validTo="2024-01-01", idempotencyKey="earlier")
    await bound(inventories, locationId="escwa", idempotencyKey="elsewhere")
    taken = await inventories.import_file()
    assert len(await inventories.rows("plausibility_range")) == 5

    async with inventories.deciding("unon-chair") as (tx, _, _):
        data = await plausibility.data_of(
            tx, inventory_id=taken.inventory_id, location_id="unon", year=2024, as_of=None, shipped=()
        )

    assert [item.id for item in data.ranges] == [newest["id"]]


async def test_of_what_is_stated_again_the_newest_is_read(inventories: "Inventories") -> None:
    draft = (await inventories.import_file()).inventory_id
    for percent in ("3", "4"):
        of = {"category": "grid_electricity", "percent": percent}
        await test_uncertainties.state(inventories, draft, **of)
        await test_uncertainties.state(inventories, draft, **of, quality="measured")

    async with inventories.deciding("unon-chair") as (tx, _, _):
        found = (await uncertainties.statements_of(tx, [draft]))[draft]

    assert [(item.quality, str(item.percent)) for item in found] == [("measured", "4"), (None, "4")]


async def test_statements_are_copied_piece_by_piece(
    inventories: "Inventories", monkeypatch: pytest.MonkeyPatch
) -> None:
    categories = ("rail_travel", "bus_travel", "taxi_travel")
    for category in categories:
        await test_completeness.state(inventories, category=category, idempotencyKey=category)
    final = await inventories.final()
    monkeypatch.setattr(completeness, "COPIED_AT_ONCE", 2)

    with inventories.statements() as statements:
        draft = await correct(inventories, final.id)

    copied = [row for row in await inventories.rows("source_statement") if row["inventory_id"] == draft.id]
    assert sorted(row["category"] for row in copied) == sorted(categories)
    read = [each for each in statements if each.startswith("SELECT source_statement")]
    assert len(read) == 2
    assert all(" LIMIT " in each for each in read)


async def test_evidence_is_verified_page_by_page(
    inventories: "Inventories", tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in ("01", "02", "03"):
        water = f"unon,water,borehole,2024-{month}-01,2024-{month}-28,7,m3,,,measured"
        await inventories.import_file(inventories.csv(water))
    monkeypatch.setattr(command, "FILES_AT_ONCE", 2)

    with inventories.statements() as statements:
        found = await command.verify(inventories.database, Vault.open(tmp_path.as_uri()), root=ROOT)

    assert (found.files, found.contents, len(found.missing)) == (3, 3, 3)
    read = [each for each in statements if each.startswith("SELECT evidence_file")]
    assert len(read) == 2
    assert all(" LIMIT " in each for each in read)
