"""Files of evidence for the canary: of a record, of its import and of the version; one was taken away."""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from contracts.access import Role

if TYPE_CHECKING:
    from tools.canary.seed import Seed

__all__ = ["attach"]


async def attach(seed: "Seed", location: str, import_id: str) -> None:
    """To an import that was just taken in. Refuses: SeedFailed."""
    team = seed.by(location, Role.TECHNICAL_TEAM)
    (taken,) = [row for row in await seed.rows("inventory", "activity_import") if row["id"] == import_id]
    lines = await seed.rows("inventory", "activity_record")
    line = next(row for row in lines if row["import_id"] == import_id and row["category"] == "water")
    # Ids of records are small numbers, by which no answer can be told from another.
    seed.world.pool.ids["ActivityRecord"][location].add(str(line["id"]))
    things: tuple[dict[str, Any], ...] = ({"recordId": str(line["id"])}, {"importId": import_id}, {"sensitive": False})
    for thing in things:
        made = await seed.do(
            "attachEvidence", team, inventoryId=taken["inventory_id"], fileName=f"{seed.text(location)}.txt",
            content=b64encode(seed.text(location).encode()).decode(), note=seed.text(location), **thing,
        )  # fmt: skip
    await seed.do("detachEvidence", team, evidenceId=made["id"], reason=seed.text(location))
