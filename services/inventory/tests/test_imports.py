"""Imports beyond single files at once: against what the inventory has, as jobs, undone, resumed."""

from typing import TYPE_CHECKING

import pytest

from inventory.domain.errors import ImportRefused
from inventory.domain.rows import ProblemCode

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories


async def test_a_reading_that_shares_a_day_with_one_in_the_inventory_is_refused_and_both_are_named(
    inventories: "Inventories",
) -> None:
    await inventories.import_file()
    before = await inventories.rows("activity_record")

    with pytest.raises(ImportRefused) as caught:
        await inventories.import_file(
            inventories.csv(
                "unon,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured",
                "unon,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured,annex",
                "unon-gigiri,grid_electricity,,2024-12-31,2024-12-31,5,kWh,,,measured",
            )
        )

    (problem,) = caught.value.problems
    assert (problem.row, problem.column, problem.code) == (2, "start", ProblemCode.OVERLAPPING_PERIOD)
    assert problem.reason == (
        "row 2 and row 2 of sheet 'csv' of data.csv, which is in the inventory already (2024-01-01 to 2024-12-31)"
        " are of the same days of grid_electricity of unon"
    )
    assert await inventories.rows("activity_record") == before
    assert await inventories.rows("activity_staging") == []
