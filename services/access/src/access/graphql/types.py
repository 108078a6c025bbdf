"""What *access* shows."""

from typing import Self

import strawberry

from chassis import access as rights
from chassis.access import Principal
from chassis.graphql.edge import Info
from chassis.locations import places
from contracts.access import Capability

__all__ = ["Me", "MyGrant"]

strawberry.enum(Capability, name="Capability", description="What a use case asks for.")


@strawberry.federation.type(keys=["id"])
class Location:
    id: strawberry.ID

    @classmethod
    async def resolve_reference(cls, id: strawberry.ID) -> Self:  # noqa: A002 - the key's name
        # The key alone says nothing: each field reads under the caller's rights.
        return cls(id=id)


@strawberry.type(description="A role of yours at a location; it holds for everything under it.")
class MyGrant:
    role: str
    location: Location


@strawberry.type(description="Who asks.")
class Me:
    subject: strawberry.ID = strawberry.field(description="Stable id at the issuer.")
    name: str
    grants: list[MyGrant]

    @classmethod
    def of(cls, principal: Principal) -> Self:
        return cls(
            subject=strawberry.ID(principal.subject),
            name=principal.name,
            grants=[
                MyGrant(role=grant.role.value, location=Location(id=strawberry.ID(grant.location_id)))
                for grant in principal.grants
            ],
        )

    @strawberry.field(description="Whether your roles have the capability there; false for a location that is unknown.")
    async def can(self, info: Info, capability: Capability, location_id: strawberry.ID) -> bool:
        found = await info.context.loader("places", places).load(str(location_id))
        return found is not None and rights.can(info.context.principal, capability, found)

    @strawberry.field(description="All that your roles allow there; empty for a location that is unknown.")
    async def capabilities(self, info: Info, location_id: strawberry.ID) -> list[Capability]:
        found = await info.context.loader("places", places).load(str(location_id))
        return [] if found is None else sorted(rights.held(info.context.principal, found))
