"""What the machine is made of: marks in any writing, the way through a schema, values by type and name."""

import asyncio
import base64
import random
import uuid
from collections.abc import AsyncIterator

import pytest
import strawberry
import uvicorn
from graphql import build_schema, parse, validate
from strawberry.asgi import GraphQL

from contracts.access import Capability, Role
from issuer.directory import subject_of
from tools.canary.documents import questions, rendered
from tools.canary.marks import PUBLISHED, Mark, Marks, Publication, may_see, told_to
from tools.canary.pairs import Pairs, kolmogorov_smirnov
from tools.canary.people import Persona, lineage, personas
from tools.canary.pool import NoValue, Pool, unknown_like
from tools.canary.schema import Endpoint, field_names
from tools.canary.sockets import listen

ROW_ID = "01a20da8-4d99-70ed-89b4-a5cd25a511f1"
SCHEMA = """
scalar Moon
type Query {
  node(id: ID!, year: Int!): Node
  things(first: Int!, after: String, kind: Kind): [Thing!]!
  sums(of: SumInput!): [Stone!]!
  moon(at: Moon): Int
}
type Mutation { move(input: MoveInput!): Moved! }
input SumInput { kind: Kind! years: [Int!] }
input MoveInput { nodeId: ID! to: ID! why: String! }
enum Kind { GOOD BAD }
union Thing = Node | Stone
union Moved = Node | Stone
type Node { id: ID! name: String parent: Node stones(first: Int!): [Stone!]! }
type Stone { weight: Int of(only: SumInput): Node }
"""


@pytest.fixture
def marks() -> Marks:
    return Marks(
        known={
            "cnry0123456789ab": Mark(locations={"canary-annex"}, capabilities={Capability.READ}),
            ROW_ID: Mark(locations={"canary-annex"}, capabilities={Capability.READ}),
            "918273.645": Mark(locations={"canary-annex"}, capabilities={Capability.READ}),
        }
    )


@pytest.fixture
def endpoint() -> Endpoint:
    return Endpoint(name="it", url="http://127.0.0.1:1", schema=build_schema(SCHEMA), depth=6)


@pytest.mark.parametrize(
    "text",
    [
        '{"note":"canary cnry0123456789ab"}',
        "CANARY CNRY0123456789AB",
        f'"{ROW_ID}"',
        ROW_ID.replace("-", "").upper(),
        base64.b64encode(f"cursor:{ROW_ID}".encode()).decode(),
        base64.urlsafe_b64encode(b"a file with cnry0123456789ab in it").decode().rstrip("="),
        '{"value":"918273.645000"}',
        '{"value":-918273.645}',
        '{"value":918273.645}',
    ],
)
def test_a_mark_is_found_in_any_writing(marks, text):
    assert [mark for _, mark, _ in marks.in_text(text)]


@pytest.mark.parametrize(
    "text",
    ["918273", "1918273.645", "19:918273.645", "a-918273.645", "cnry0123", "01a20da8-4d99-70ed-89b4-000000000000"],
)
def test_what_only_looks_like_a_mark_is_none(marks, text):
    assert not list(marks.in_text(text))


def test_what_was_sent_is_no_leak_when_it_comes_back(marks):
    nobody = Persona(name="nobody")

    assert not list(marks.foreign_to(nobody, f"there is no {ROW_ID}", but=frozenset({ROW_ID})))
    assert list(marks.foreign_to(nobody, f"there is no {ROW_ID}", but=frozenset()))


@pytest.mark.parametrize(
    ("role", "asked", "told"),
    [
        (Role.LOCAL_CHAIR, '{"userName": "somebody"}', True),
        (Role.LOCAL_CHAIR, '{"userName": "somebody-else"}', False),
        (Role.TECHNICAL_TEAM, '{"userName": "somebody"}', False),
    ],
)
def test_who_manages_members_and_names_somebody_exactly_is_told_the_id(role, asked, told):
    persona = Persona(name="it", grants=((role, "canary-office"),))

    assert (subject_of("somebody") in told_to(persona, asked)) is told


def test_everyone_is_told_the_own_id_and_no_other():
    told = told_to(Persona(name="it"), '{"userName": "somebody"}')

    assert told == {subject_of("it")}


@pytest.mark.parametrize(
    ("role", "place", "location", "capability", "sees"),
    [
        (Role.LOCAL_MEMBER, "canary-office", "canary-office", Capability.READ, True),
        (Role.LOCAL_MEMBER, "canary-office", "canary-site", Capability.READ, True),
        (Role.LOCAL_MEMBER, "canary-office", "canary-region", Capability.READ, False),
        (Role.LOCAL_MEMBER, "canary-office", "canary-annex", Capability.READ, False),
        (Role.PROCUREMENT, "canary-office", "canary-office", Capability.READ, False),
        (Role.PROCUREMENT, "canary-office", "canary-office", Capability.READ_OFFSETS, True),
        (Role.EXTERNAL_SYSTEM, "canary-office", "canary-office", Capability.READ, False),
    ],
)
def test_who_may_see_is_the_table_of_roles(role, place, location, capability, sees):
    persona = Persona(name="somebody", grants=((role, place),))

    assert may_see(persona, Mark(locations={location}, capabilities={capability})) is sees


def test_every_role_is_at_every_place():
    found = {(role, place) for persona in personas() for role, place in persona.grants}

    assert {role for role, _ in found} == set(Role)
    assert len([place for role, place in found if role is Role.AUDITOR]) == 5
    assert lineage("canary-site") == {"secretariat", "canary-region", "canary-office", "canary-site"}


def test_a_log_may_say_who_acted_and_nothing_else(marks):
    marks.known["cnryaaaaaaaaaaaa"] = Mark(locations={"canary-annex"}, person=True)

    assert not list(marks.in_log("cnryaaaaaaaaaaaa-local-chair did it"))
    assert list(marks.in_log(f"the row {ROW_ID}"))


def test_publication_opens_the_published_version_alone():
    opened = Publication(ids={"second"}, years={("canary-annex", 2023)})
    rule = PUBLISHED["reporting.progress_report"]

    assert opened.opens(rule, "narrative", {"id": "second", "location_id": "canary-annex", "year": 2023})
    assert not opened.opens(rule, "narrative", {"id": "first", "location_id": "canary-annex", "year": 2023})
    assert not opened.opens(rule, "submitted_by", {"id": "second", "location_id": "canary-annex", "year": 2023})
    assert not opened.opens(None, "anything", {"id": "second", "location_id": "canary-annex"})


@pytest.mark.parametrize("thorough", [False, True])
def test_every_field_of_every_type_is_asked_in_documents_that_are_valid(endpoint, thorough):
    pool = Pool()
    asked: set[str] = set()
    for kind, root in (("query", "node"), ("query", "things"), ("query", "sums"), ("mutation", "move")):
        for question in questions(endpoint, kind, root, thorough=thorough):
            for twice in (False, True):
                document = rendered(question, pool, variant=1, at=("canary-annex",), twice=twice)
                assert not validate(endpoint.schema, parse(document.text)), document.text
                asked |= document.fields

    wanted = {name for name in field_names(endpoint) if not name.startswith(("MoveInput", "Query.moon"))}
    assert wanted <= asked


def test_a_scalar_that_nobody_taught_is_named(endpoint):
    definition = endpoint.root_fields("query")["moon"]

    with pytest.raises(NoValue, match="Moon"):
        Pool().values(endpoint.schema, "at", definition.args["at"], at=())


def test_an_id_is_chosen_by_what_its_name_means(endpoint):
    pool = Pool()
    pool.learn("Node", "id", "a-node", locations=["canary-annex"])
    pool.learn("Node", "id", "an-own-node", locations=["canary-office"])
    (given, *_) = pool.values(
        endpoint.schema, "input", endpoint.root_fields("mutation")["move"].args["input"], at=("canary-annex",)
    )

    assert given["nodeId"] == "a-node"


def test_an_unknown_id_has_the_form_of_the_known_one():
    unknown = unknown_like(ROW_ID)

    assert unknown != ROW_ID
    assert uuid.UUID(unknown).version == uuid.UUID(ROW_ID).version
    assert len(unknown_like("canary-annex")) == len("canary-annex")


def test_times_that_differ_are_told_from_times_that_do_not():
    chance = random.Random(3)
    same = Pairs(
        seed=1, foreign_s=[chance.gauss(5, 1) for _ in range(1000)], unknown_s=[chance.gauss(5, 1) for _ in range(1000)]
    )
    other = Pairs(seed=1, foreign_s=same.foreign_s, unknown_s=[item + 1 for item in same.unknown_s])

    assert same.ks < same.ks_bound < other.ks
    assert kolmogorov_smirnov([1, 2], [3, 4]) == 1


@strawberry.type
class Query:
    ok: bool = True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def heard(self, at: strawberry.ID) -> AsyncIterator[str]:
        yield f"something at {at}"
        await asyncio.sleep(60)
        yield "never"


async def test_a_socket_is_heard_until_it_ends():
    server = uvicorn.Server(
        uvicorn.Config(
            GraphQL(strawberry.Schema(query=Query, subscription=Subscription)),
            port=0,
            log_level="error",
            lifespan="off",
        )
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    ended = asyncio.Event()
    asyncio.get_running_loop().call_later(1, ended.set)

    heard = await listen(
        f"http://127.0.0.1:{port}/graphql",
        token=None,
        document="subscription Canary($at: ID!) { heard(at: $at) }",
        variables={"at": "annex"},
        until=ended,
    )

    assert "something at annex" in heard[1]
    server.should_exit = True
    await serving
