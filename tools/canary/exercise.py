"""The machine: everyone tries everything, and every byte that comes back is searched for what they may not see."""

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import httpx
from graphql import is_non_null_type

from tools.canary.cases import (
    METHODS,
    VARIANTS,
    Case,
    Request,
    all_questions,
    question_cases,
    question_request,
    root_arguments,
    route_cases,
    service_cases,
)
from tools.canary.documents import Question, rendered
from tools.canary.marks import Mark, found_in, told_to
from tools.canary.people import FILLED, MISSION, PLACES, ROOT, Persona, under
from tools.canary.pool import NoValue
from tools.canary.routes import Route
from tools.canary.schema import Endpoint, field_names
from tools.canary.sockets import listen
from tools.canary.state import State, changed
from tools.canary.tally import Hit, Tally, excerpt
from tools.canary.walk import learn
from tools.canary.world import ADMINISTRATOR, Answer, World

__all__ = ["Canary"]

AT_ONCE = 8
LATER = frozenset({"AttestationDue", "AttestationDueEdge"})
"""Types that have no value in a run: a membership is due for attestation after months. They are asked all the same."""
SINCE = "2020-01-01T00:00:00+00:00"
LEARNT = 2
"""Ways to ask, in a short run, for what there is to ask with: the public year and the secret one."""
SOCKETS_MAX = 20
"""Open at once in a short run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Somebody with a way to sign in."""

    persona: Persona
    token: str | None
    """What is sent; None asks the issuer for the persona's own each time."""
    signs_in: bool


@dataclass(slots=True, kw_only=True)
class Canary:
    """One run."""

    world: World
    tally: Tally
    requests_max: int | None = None
    """For all personas together; None tries every case."""
    thorough: bool = False
    """Every path, not each field once by the shortest."""
    only: str | None = None
    """Name of the one case to repeat."""
    asked: dict[str, list[Question]] = field(default_factory=dict)

    async def learn_questions(self, endpoints: Sequence[Endpoint]) -> None:
        """Find what there is to ask with, as one who sees everything, and what each endpoint takes as one document."""
        self.asked = {endpoint.name: [] for endpoint in endpoints}
        waiting = [found for endpoint in endpoints for found in all_questions(endpoint, thorough=False)]
        while waiting:
            unready = []
            for question in waiting:
                if question.kind in {"mutation", "subscription"}:
                    self._keep(question)
                elif question.kind == "entities" and not self.world.pool.ids_of(question.root):
                    unready.append(question)
                else:
                    await self._fit(question, self._learn)
            if unready == waiting:
                for found in unready:
                    self.tally.problems.append(f"{found.name}: no row was ever seen: fill one in tools/canary/seed.py")
                break
            waiting = unready
        for endpoint in endpoints if self.thorough else ():
            for question in all_questions(endpoint, thorough=True):
                if question.kind in {"query", "entities"}:
                    await self._fit(question, self._keep)

    def _keep(self, question: Question) -> None:
        self.asked[question.endpoint.name].append(question)

    async def _fit(self, question: Question, use: Callable[[Question], Awaitable[None] | None]) -> None:
        """Use the question, or its parts where the endpoint refuses it as a whole.

        What is refused even alone is asked nowhere; whether its fields are asked by another way is seen at the end.
        """
        try:
            answer = await self._ask_all(question, 0, (MISSION,))
            fits = not refused(answer)
        except NoValue as missing:
            self.tally.problems.append(f"{question.name}: {missing}")
            return
        if fits:
            if (used := use(question)) is not None:
                await used
            return
        for half in question.halves() or ():
            await self._fit(half, use)

    async def _learn(self, question: Question) -> None:
        self._keep(question)
        for variant in range(VARIANTS if self.thorough else LEARNT):
            await self._ask_all(question, variant, (FILLED[variant],))

    async def _ask_all(self, question: Question, variant: int, at: Sequence[str]) -> Answer:
        """Ask as one who sees everything; learns from the answer."""
        chance = random.Random(question.name)  # noqa: S311 - repeatable, no secret
        document = rendered(question, self.world.pool, variant=variant, at=at)
        if question.kind == "entities":
            key = question.endpoint.keys[question.root]
            known = self.world.pool.ids_of(question.root)
            variables = {"representations": [{"__typename": question.root, key: value} for value in known]}
        else:
            variables = root_arguments(question, self.world.pool, at=at, chance=chance, turn=variant)
        answer = await self.world.ask(question.endpoint, document.text, name=ADMINISTRATOR, variables=variables)
        learn(self.world, question, answer.document.get("data"))
        return answer

    async def everyone(self) -> list[Asker]:
        """All personas, and those whom no issuer knows."""
        people = [Asker(persona=persona, token=None, signs_in=True) for persona in self.world.people()]
        nobody = Asker(persona=Persona(name="anonymous"), token=None, signs_in=False)
        forged = await self._forged()
        return [*people, nobody, *forged]

    async def _forged(self) -> list[Asker]:
        good = self.world.token_of(ADMINISTRATOR)
        head, claims, signature = good.split(".")
        return [
            Asker(persona=Persona(name=name), token=token, signs_in=False)
            for name, token in {
                "garbage-token": "garbage",
                "cut-token": good[:-12],
                "unsigned-token": f"eyJhbGciOiJub25lIn0.{claims}.",
                "other-claims-token": f"{head}.{claims[:-8]}AAAAAAAA.{signature}",
            }.items()
        ]

    async def run(self, endpoints: Sequence[Endpoint], found_routes: Sequence[Route]) -> None:
        """Refused tries first, that nothing may change by; then what each may do at its own locations."""
        await self.learn_questions(endpoints)
        everyone = await self.everyone()
        cases = list(self._chosen(everyone, endpoints, found_routes))
        before = await self.world.until_settled()
        await self._all((asker, case) for asker, case in cases if not case.changes)
        after = await self.world.until_settled()
        for table in changed(before, after, at=frozenset({*before, *after})):
            self.tally.problems.append(f"changed by what was refused: {table}")
        ended = asyncio.Event()
        listening = asyncio.create_task(self._listen(everyone, endpoints, ended))
        await self._changes([(asker, case) for asker, case in cases if case.changes], after)
        ended.set()
        await listening
        self._require_everything(endpoints)

    async def _changes(self, cases: list[tuple[Asker, Case]], before: State) -> None:
        """Let each group change what is its own; the rest must stay as it is."""
        for place, location in PLACES.items():
            group = [(asker, case) for asker, case in cases if asker.persona.name.startswith(f"canary-{place}-")]
            await self._all(group)
            after = await self.world.until_settled()
            foreign = frozenset({*before, *after}) - under(location) - {""}
            for table in changed(before, after, at=foreign):
                self.tally.problems.append(f"changed by those who are {place}: {table}")
            before = after

    async def _listen(self, everyone: Sequence[Asker], endpoints: Sequence[Endpoint], ended: asyncio.Event) -> None:
        """Every subscription, open while others change what is theirs."""
        wanted = [
            (asker, question)
            for endpoint in endpoints
            for question in self.asked[endpoint.name]
            if question.kind == "subscription"
            for asker in everyone
        ]
        if self.requests_max is not None and len(wanted) > SOCKETS_MAX:
            chance = random.Random(self.tally.seed)  # noqa: S311 - repeatable, no secret
            # Who sees everything always listens: somebody must hear that there is something to hear.
            every = [found for found in wanted if found[0].persona.name == ADMINISTRATOR]
            wanted = every + chance.sample(wanted, SOCKETS_MAX)
        await asyncio.gather(*(self._hear(asker, question, ended) for asker, question in wanted))

    async def _hear(self, asker: Asker, question: Question, ended: asyncio.Event) -> None:
        name = f"{asker.persona.name} {question.name}"
        chance = random.Random(f"{self.tally.seed} {name}")  # noqa: S311 - repeatable, no secret
        at = (ROOT,) if asker.persona.name == ADMINISTRATOR else asker.persona.foreign or FILLED
        given = root_arguments(question, self.world.pool, at=at, chance=chance)
        definition = question.definition
        kept = {
            argument
            for argument, described in (definition.args if definition else {}).items()
            if is_non_null_type(described.type)
        }
        # From the beginning, and of every kind: what is asked for may be narrowed, and then nothing is heard. What a
        # service has told of its past, the gateway would tell again: a short run hears there what happens now.
        is_told_elsewhere = not (self.thorough or question.endpoint.keys)
        since = datetime.now(UTC).isoformat() if is_told_elsewhere else SINCE
        variables = {argument: value for argument, value in given.items() if argument in kept} | {"since": since}
        document = rendered(question, self.world.pool, variant=0, at=FILLED)
        request = question_request(question, document, variables)
        case = Case(name=name, where=question.name, changes=False, make=lambda: request)
        self._count(asker, case, request)
        for text in await listen(
            question.endpoint.url,
            token=self._token(asker),
            document=document.text,
            variables=variables,
            until=ended,
        ):
            for answered in (json.loads(text).get("payload"),) if text.startswith("{") else ():
                if isinstance(answered, dict):
                    learn(self.world, question, answered.get("data"))
            self._search(asker, case, request, Answer(status=200, headers={}, body=text.encode(), seconds=0))

    def _token(self, asker: Asker) -> str | None:
        return self.world.token_of(asker.persona.name) if asker.signs_in else asker.token

    def _chosen(
        self, everyone: Sequence[Asker], endpoints: Sequence[Endpoint], found: Sequence[Route]
    ) -> Iterator[tuple[Asker, Case]]:
        """Cases in an order that the seed decides: each entry in turn, each time by somebody else in another way."""
        entries = list(self._entries(endpoints, found))
        chance = random.Random(self.tally.seed)  # noqa: S311 - repeatable, no secret
        ways = (
            [(asker, case) for asker in everyone for entry in entries for case in entry(asker.persona)]
            if self.requests_max is None or self.only is not None
            else []
        )
        if self.only is not None:
            yield from ((asker, case) for asker, case in ways if case.name == self.only)
        elif ways:
            chance.shuffle(ways)
            yield from ways
        else:
            chance.shuffle(entries)
            askers: list[Asker] = []
            for number in range(max(self.requests_max or 0, len(entries))):
                askers = askers or chance.sample(everyone, len(everyone))
                asker = askers.pop()
                # Each entry is asked once for sure: what mixes ids has nothing to say where there are no two, and what
                # changes something has its turn by place.
                while not (sure := self._sure(asker, entries[number % len(entries)], first=number < len(entries))):
                    askers = askers or chance.sample(everyone, len(everyone))
                    asker = askers.pop()
                yield asker, chance.choice(sure)

    @staticmethod
    def _sure(asker: Asker, entry: Callable[[Persona], Iterator[Case]], *, first: bool) -> list[Case]:
        has_turn = any(asker.persona.name.startswith(f"canary-{place}-") for place in PLACES)
        return [case for case in entry(asker.persona) if (case.always or not first) and (has_turn or not case.changes)]

    def _entries(
        self, endpoints: Sequence[Endpoint], found: Sequence[Route]
    ) -> Iterator[Callable[[Persona], Iterator[Case]]]:
        """Each question, route and description of a service, as the cases of a persona."""
        pool, seed = self.world.pool, self.tally.seed
        for endpoint in endpoints:
            if endpoint.keys:
                yield partial(service_cases, endpoint=endpoint)
            for number, question in enumerate(self.asked[endpoint.name]):
                if question.kind != "subscription":
                    yield partial(question_cases, question=question, number=number, pool=pool, seed=seed)
        for route in found:
            # What reads has a turn of its own: that is how a file would leak.
            yield partial(route_cases, route=route, pool=pool, methods=METHODS[:1])
            yield partial(route_cases, route=route, pool=pool, methods=METHODS[1:])

    async def _all(self, cases: Iterable[tuple[Asker, Case]]) -> None:
        waiting = iter(cases)

        async def work() -> None:
            for asker, case in waiting:
                await self._try(asker, case)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    async def _try(self, asker: Asker, case: Case) -> None:
        try:
            request = case.make()
        except NoValue as missing:
            self.tally.problems.append(f"{case.where}: {missing}")
            return
        if request is None:
            return
        token = self._token(asker)
        answer = await self.world.send(request.url, token=token, method=request.method, body=request.body)
        self._count(asker, case, request)
        self._search(asker, case, request, answer)

    def _count(self, asker: Asker, case: Case, request: Request) -> None:
        tally = self.tally
        tally.requests += 1
        tally.personas.add(asker.persona.name)
        tally.fields |= {f"{case.where.split()[0]} {name}" for name in (*request.fields, *request.arguments)}
        for path in request.paths or ((),):
            whole = f"{case.where} {'.'.join(hop.name for hop in path)}"
            tally.paths.add(whole)
            tally.tried.add((asker.persona.name, hash(whole)))

    def _search(self, asker: Asker, case: Case, request: Request, answer: Answer) -> None:
        sent = json.dumps({"url": request.url, "body": request.body}, ensure_ascii=False)
        but = frozenset(value for value, _ in found_in(sent)) | told_to(asker.persona, sent)
        for value, mark, place in self.world.marks.foreign_to(asker.persona, answer.text, but=but):
            self.tally.hits.append(
                Hit(
                    persona=asker.persona.name,
                    where=case.where,
                    case=case.name,
                    mark=value,
                    of=described(mark),
                    excerpt=excerpt(answer.text, place),
                    asked=sent[:2000],
                )
            )
        if re.search(r"Traceback|sqlalchemy|asyncpg", answer.text) or answer.status >= 500:  # noqa: PLR2004 - a bug's
            self.tally.problems.append(f"{case.name}: {answer.status} {answer.text[-300:]}")

    def _require_everything(self, endpoints: Sequence[Endpoint]) -> None:
        """Name each field that was never asked, and each that had no value for anyone."""
        if self.only is not None:
            return
        for endpoint in endpoints:
            names = field_names(endpoint)
            asked = {name.partition(" ")[2] for name in self.tally.fields if name.startswith(f"{endpoint.name} ")}
            for name in sorted(names - asked):
                self.tally.problems.append(f"{endpoint.name}: {name} was never asked")
        inputs = _inputs(endpoints)
        for name in sorted({name for endpoint in endpoints for name in field_names(endpoint)} - self.world.answered):
            if "(" not in name and name.partition(".")[0] not in inputs | LATER:
                self.tally.problems.append(f"{name} had no value for anyone: fill one in tools/canary/seed.py")


def refused(answer: Answer) -> bool:
    """Whether the document itself was refused, for its size or its form, and not what it asks for."""
    codes = {error.get("extensions", {}).get("code") for error in answer.document.get("errors", ())}
    return answer.status == httpx.codes.BAD_REQUEST or "BAD_REQUEST" in codes


def _inputs(endpoints: Sequence[Endpoint]) -> frozenset[str]:
    return frozenset(
        name for endpoint in endpoints for name, type_ in endpoint.schema.type_map.items() if hasattr(type_, "out_type")
    )


def described(mark: Mark) -> str:
    return f"{', '.join(sorted(mark.sources)) or 'a text'} at {', '.join(sorted(mark.locations))}"
