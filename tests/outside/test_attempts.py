"""What may and may not be done at NATS, tried on the real server with real tokens and keys: a row an attempt."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import nats
import pytest
from nats.aio.client import Client
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeoutError
from outside_site import Site, event, own_consumer, own_inbox, say

READS, REFUSED, HEARS_NOTHING, NO_ANSWER, ANSWERED, NOT_LET_IN = (
    "reads", "refused", "hears nothing", "no answer", "answered", "not let in",
)  # fmt: skip
ACCEPTED = "accepted"
WAIT_S = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who tries."""

    client: Client
    site: Site
    consumer: str
    """The own one."""
    inbox: str


Act = Callable[[Caller], Awaitable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    who: str
    what: str
    act: Act
    expected: str

    def __str__(self) -> str:
        return f"{self.who}: {self.what}"


async def refused(caller: Caller) -> bool:
    """Whether the server has said no. It says so before it answers a ping."""
    # nats-py sends the first ping before what it has gathered, the second one after it.
    await caller.client.flush()
    await caller.client.flush()
    return any("permissions violation" in error for error in caller.client.refused)


def core(subject: str, *, told: str = "unon", queue: str = "") -> Act:
    """Subscribe; then the producer tells of a place."""

    async def act(caller: Caller) -> str:
        subscription = await caller.client.subscribe(subject, queue=queue)
        if await refused(caller):
            return REFUSED
        producer = subject.split(".")[1] if subject.startswith("evt.") else "offsets"
        async with caller.site.service(producer if producer.isalpha() else "offsets") as service:
            await say(service, producer if producer.isalpha() else "offsets", told)
        try:
            await subscription.next_msg(timeout=WAIT_S)
        except NatsTimeoutError:
            return HEARS_NOTHING
        return READS

    return act


def ask(subject: str, body: object = b"") -> Act:
    """A request, answered to the own inbox; `{own}` is the caller's own consumer."""

    async def act(caller: Caller) -> str:
        payload = body if isinstance(body, bytes) else json.dumps(body).replace("{own}", caller.consumer).encode()
        replies = await caller.client.subscribe(f"{caller.inbox}.x")
        await caller.client.publish(subject.replace("{own}", caller.consumer), payload, reply=f"{caller.inbox}.x")
        if await refused(caller):
            return REFUSED
        try:
            await replies.next_msg(timeout=WAIT_S)
        except (NatsTimeoutError, NoRespondersError):
            return NO_ANSWER
        return ANSWERED

    return act


def send(subject: str, body: bytes = b"{}") -> Act:
    """Only publish."""

    async def act(caller: Caller) -> str:
        await caller.client.publish(subject, body)
        return REFUSED if await refused(caller) else ACCEPTED

    return act


def forge(producer: str, place: str) -> Act:
    """An event that is right in every way, but for who sends it."""

    async def act(caller: Caller) -> str:
        message = event(producer, place)
        await caller.client.publish(message.subject, message.payload, headers=dict(message.headers))
        return REFUSED if await refused(caller) else ACCEPTED

    return act


def pull(producer: str, *, consumer: str = "{own}") -> Act:
    """Take from a durable consumer: which places come?"""

    async def act(caller: Caller) -> str:
        name = consumer.replace("{own}", caller.consumer)
        subscription = await caller.client.jetstream().pull_subscribe_bind(consumer=name, stream=f"evt-{producer}")
        try:
            messages = await subscription.fetch(200, timeout=WAIT_S)
        except NatsTimeoutError:
            return REFUSED if await refused(caller) else HEARS_NOTHING
        places = sorted({message.subject.split(".")[-2] for message in messages})
        for message in messages:
            await message.ack_sync()
        return f"{READS} {', '.join(places)}"

    return act


def deliver(reply: str) -> Act:
    """Have the server deliver to a subject of somebody else, by asking for a message with that as the reply.

    Nobody hears of it: what it would have done is looked for.
    """

    async def act(caller: Caller) -> str:
        before = await _state(caller.site)
        name = caller.consumer
        async with caller.site.service("offsets") as service:
            await say(service, "offsets", "unon")
        # Once with a message, and once with the empty status that says that there is none.
        for _ in range(3):
            await caller.client.publish(
                f"$JS.API.CONSUMER.MSG.NEXT.evt-offsets.{name}", b'{"batch":100,"no_wait":true}', reply=reply
            )
            await caller.client.flush()
        await asyncio.sleep(WAIT_S)
        after = await _state(caller.site)
        after["evt-offsets"] -= 1
        if after != before:
            return f"{before} became {after}"
        return REFUSED if caller.client.refused else "nothing happens"

    return act


async def _state(site: Site) -> dict[str, int]:
    """Messages in each stream, and what the services' consumers have been given and have acknowledged."""
    found = {}
    for producer in ("inventory", "targets", "offsets", "reporting"):
        async with site.service(producer) as service:
            stream = await service.jetstream().stream_info(f"evt-{producer}")
            found[stream.config.name] = stream.state.messages
            for hearer in ("reporting", "targets"):
                try:
                    consumer = await service.jetstream().consumer_info(stream.config.name, hearer)
                except nats.js.errors.NotFoundError:
                    continue
                found[f"{producer} to {hearer}"] = consumer.delivered.consumer_seq + consumer.ack_floor.consumer_seq
    return found


def make_consumer(subject: str, **config: object) -> Act:
    return ask(subject, {"stream_name": "evt-offsets", "config": {"ack_policy": "none"} | config})


UNON = "evt.offsets.*.v1.secretariat.unon.>"
ESCWA = "evt.offsets.*.v1.secretariat.escwa.>"
CHAIR = "unon-chair"
CREATE = "$JS.API.CONSUMER.CREATE.evt-offsets"


def attempts(who: str, *rows: tuple[str, Act, str]) -> list[Attempt]:
    return [Attempt(who=who, what=what, act=act, expected=expected) for what, act, expected in rows]


OUTSIDE = [
    *attempts(
        CHAIR,
        ("hears its place", core(UNON), READS),
        ("hears below its place", core(UNON, told="unon-gigiri"), READS),
        ("hears one kind of fact at its place", core("evt.offsets.purchase_requested.v1.secretariat.unon.>"), READS),
        ("hears just a place below",
            core("evt.offsets.*.v1.secretariat.unon.unon-gigiri._", told="unon-gigiri"), READS),
        ("hears inventory at its place", core("evt.inventory.*.v1.secretariat.unon.>"), READS),
        ("hears its place in a queue group", core(UNON, queue="together"), READS),
        ("its place, while another's is told of", core(UNON, told="escwa"), HEARS_NOTHING),
        ("its place, while the one above is told of", core(UNON, told="secretariat"), HEARS_NOTHING),
        ("another place", core(ESCWA), REFUSED),
        ("the place above", core("evt.offsets.*.v1.secretariat.>"), REFUSED),
        ("the place above alone", core("evt.offsets.*.v1.secretariat._"), REFUSED),
        ("another place, a wildcard in front of it", core("evt.offsets.*.v1.*.escwa.>"), REFUSED),
        ("any place under the root", core("evt.offsets.*.v1.secretariat.*._"), REFUSED),
        ("its place, of any producer", core("evt.*.*.v1.secretariat.unon.>"), REFUSED),
        ("its place, of any version", core("evt.offsets.*.*.secretariat.unon.>"), REFUSED),
        ("another place in a queue group", core(ESCWA, queue="reporting"), REFUSED),
        ("a place whose name begins like its own", core("evt.offsets.*.v1.secretariat.unonx.>"), REFUSED),
        ("all of offsets", core("evt.offsets.>"), REFUSED),
        ("all events", core("evt.>"), REFUSED),
        ("everything", core(">"), REFUSED),
        ("JetStream's API", core("$JS.API.>"), REFUSED),
        ("acknowledgements", core("$JS.ACK.>"), REFUSED),
        ("JetStream's advisories", core("$JS.EVENT.>"), REFUSED),
        ("the servers' own subjects", core("$SYS.>"), REFUSED),
        ("requests to the callout", core("$SYS.REQ.USER.AUTH"), REFUSED),
        ("all inboxes", core("_INBOX.>"), REFUSED),
        ("a service's inbox", core("_INBOX_reporting.>"), REFUSED),
        ("another outsider's inbox", core("_INBOX_outside-0b9d.>"), REFUSED),
        ("takes from its own consumer", pull("offsets"), f"{READS} unon, unon-gigiri"),
        ("takes from its own consumer of inventory", pull("inventory"), f"{READS} unon, unon-gigiri"),
        ("takes from its own consumer of reporting", pull("reporting"), f"{READS} unon, unon-gigiri"),
        ("what its own consumer is like", ask("$JS.API.CONSUMER.INFO.evt-offsets.{own}"), ANSWERED),
        ("takes from a service's consumer", pull("offsets", consumer="reporting"), REFUSED),
        ("takes from another's consumer", pull("offsets", consumer="outside-0b9d"), REFUSED),
        ("what a service's consumer is like", ask("$JS.API.CONSUMER.INFO.evt-offsets.reporting"), REFUSED),
        ("acknowledges for a service", send("$JS.ACK.evt-offsets.reporting.1.1.1.1.0", b""), REFUSED),
        ("acknowledges for another", send("$JS.ACK.evt-offsets.outside-0b9d.1.1.1.1.0", b""), REFUSED),
        ("makes a consumer of its place",
            make_consumer(f"{CREATE}.{{own}}.{UNON}", name="{own}", filter_subject=UNON), REFUSED),
        ("makes a consumer of another place",
            make_consumer(f"{CREATE}.{{own}}.{ESCWA}", name="{own}", filter_subject=ESCWA), REFUSED),
        ("widens its own consumer, filters in the body alone",
            make_consumer(f"{CREATE}.{{own}}", name="{own}", durable_name="{own}", filter_subjects=[ESCWA]), REFUSED),
        ("makes an unnamed consumer", make_consumer(CREATE), REFUSED),
        ("makes a durable consumer the old way",
            make_consumer("$JS.API.CONSUMER.DURABLE.CREATE.evt-offsets.{own}", durable_name="{own}"), REFUSED),
        ("makes a consumer of headers alone",
            make_consumer(f"{CREATE}.{{own}}.{ESCWA}", name="{own}", headers_only=True), REFUSED),
        ("has the server push to another's inbox",
            make_consumer(f"{CREATE}.{{own}}.{UNON}", name="{own}", deliver_subject="_INBOX_reporting.x"), REFUSED),
        ("has the server push into another stream",
            make_consumer(f"{CREATE}.{{own}}.{UNON}", name="{own}", deliver_subject="evt.targets.x"), REFUSED),
        ("removes its own consumer", ask("$JS.API.CONSUMER.DELETE.evt-offsets.{own}"), REFUSED),
        ("pauses its own consumer",
            ask("$JS.API.CONSUMER.PAUSE.evt-offsets.{own}", {"pause_until": "2999-01-01T00:00:00Z"}), REFUSED),
        ("what streams there are", ask("$JS.API.STREAM.NAMES"), REFUSED),
        ("what a stream is like", ask("$JS.API.STREAM.INFO.evt-offsets"), REFUSED),
        ("what consumers a stream has", ask("$JS.API.CONSUMER.LIST.evt-offsets"), REFUSED),
        ("what its account has", ask("$JS.API.INFO"), REFUSED),
        ("reads a message by number", ask("$JS.API.STREAM.MSG.GET.evt-offsets", {"seq": 1}), REFUSED),
        ("reads a message directly", ask("$JS.API.DIRECT.GET.evt-offsets", {"seq": 1}), REFUSED),
        ("reads another place's last message directly",
            ask("$JS.API.DIRECT.GET.evt-offsets.evt.offsets.purchase_requested.v1.secretariat.escwa._"), REFUSED),
        ("purges a stream", ask("$JS.API.STREAM.PURGE.evt-offsets"), REFUSED),
        ("deletes a stream", ask("$JS.API.STREAM.DELETE.evt-offsets"), REFUSED),
        ("deletes a message", ask("$JS.API.STREAM.MSG.DELETE.evt-offsets", {"seq": 1}), REFUSED),
        ("makes a stream", ask("$JS.API.STREAM.CREATE.mine", {"name": "mine", "subjects": ["mine.>"]}), REFUSED),
        ("makes a mirror of a stream",
            ask("$JS.API.STREAM.CREATE.mine", {"name": "mine", "mirror": {"name": "evt-offsets"}}), REFUSED),
        ("makes a stream that another feeds",
            ask("$JS.API.STREAM.CREATE.mine", {"name": "mine", "sources": [{"name": "evt-offsets"}]}), REFUSED),
        ("lets a stream be seen elsewhere",
            ask("$JS.API.STREAM.UPDATE.evt-offsets", {"republish": {"src": ">", "dest": "mine.>"}}), REFUSED),
        ("forges an event of its place", forge("offsets", "unon"), REFUSED),
        ("forges an event of another place", forge("inventory", "escwa"), REFUSED),
        ("publishes something else", send("anything"), REFUSED),
        ("writes into a service's inbox", send("_INBOX_reporting.x"), REFUSED),
        ("asks the servers", ask("$SYS.REQ.SERVER.PING"), REFUSED),
        ("has a message delivered as an event of another place",
            deliver("evt.inventory.inventory_finalised.v1.secretariat.escwa._"), "nothing happens"),
        ("has a message delivered as an event of its own stream",
            deliver("evt.offsets.credits_purchased.v1.secretariat.escwa._"), "nothing happens"),
        ("has a message delivered as the deletion of a stream",
            deliver("$JS.API.STREAM.DELETE.evt-targets"), "nothing happens"),
        ("has a message delivered as the purge of a stream",
            deliver("$JS.API.STREAM.PURGE.evt-targets"), "nothing happens"),
        ("has a message delivered as a service's request for messages",
            deliver("$JS.API.CONSUMER.MSG.NEXT.evt-offsets.reporting"), "nothing happens"),
        ("has a message delivered as a service's acknowledgement",
            deliver("$JS.ACK.evt-offsets.reporting.1.1.1.1.0"), REFUSED),
    ),
    *attempts(
        "ext-unep",
        ("hears its place", core(UNON), READS),
        ("takes from its own consumer", pull("offsets"), f"{READS} unon, unon-gigiri"),
        ("another place", core(ESCWA), REFUSED),
        ("forges an event", forge("offsets", "unon"), REFUSED),
    ),
    *attempts(
        "escwa-member",
        ("takes from its own consumer", pull("offsets"), f"{READS} escwa"),
        ("another place", core(UNON), REFUSED),
    ),
    *attempts(
        "coordinator",
        ("hears the root and all below", core("evt.offsets.*.v1.secretariat.>", told="escwa"), READS),
        ("everything all the same", core("evt.>"), REFUSED),
    ),
    *attempts(
        "buyer",
        ("hears offsets everywhere", core(ESCWA, told="escwa"), READS),
        ("hears inventory nowhere", core("evt.inventory.*.v1.secretariat.>"), REFUSED),
        ("takes from a consumer of inventory", pull("inventory"), REFUSED),
    ),
    *attempts(
        "misplaced",
        ("hears the place where the register has it",
            core("evt.offsets.*.v1.secretariat.unon.unon-gigiri.>", told="unon-gigiri"), READS),
        ("hears it where the group says that it is", core("evt.offsets.*.v1.unon-gigiri.>"), REFUSED),
    ),
]  # fmt: skip

SERVICES = [
    *attempts(
        "targets (service)",
        ("says what happened", forge("targets", "escwa"), ACCEPTED),
        ("what its stream is like", ask("$JS.API.STREAM.INFO.evt-targets"), ANSWERED),
        ("what the consumer of who hears it is like", ask("$JS.API.CONSUMER.INFO.evt-targets.reporting"), ANSWERED),
        ("hears inventory", pull("inventory", consumer="targets"), f"{READS} escwa, secretariat, unon, unon-gigiri"),
        ("reads its own stream for its sockets",
            ask("$JS.API.CONSUMER.CREATE.evt-targets.feed-1.evt.targets.*.*.secretariat.unon.>",
                {"stream_name": "evt-targets", "config": {"name": "feed-1", "ack_policy": "none", "mem_storage": True,
                 "filter_subject": "evt.targets.*.*.secretariat.unon.>", "inactive_threshold": 30_000_000_000}}),
            ANSWERED),
        ("takes that away again", ask("$JS.API.CONSUMER.DELETE.evt-targets.feed-1"), ANSWERED),
        ("says what another service says", forge("offsets", "escwa"), REFUSED),
        ("hears a service that it does not listen to", pull("offsets", consumer="targets"), REFUSED),
        ("takes what is for another service", pull("inventory", consumer="reporting"), REFUSED),
        ("acknowledges for another service", send("$JS.ACK.evt-inventory.reporting.1.1.1.1.0", b""), REFUSED),
        ("listens to events directly", core("evt.inventory.>"), REFUSED),
        ("listens to everything", core(">"), REFUSED),
        ("listens to another's inbox", core("_INBOX_offsets.>"), REFUSED),
        ("makes a consumer of another's stream",
            make_consumer("$JS.API.CONSUMER.CREATE.evt-offsets.targets.evt.offsets.>", name="targets"), REFUSED),
        ("purges its stream", ask("$JS.API.STREAM.PURGE.evt-targets"), REFUSED),
        ("deletes its stream", ask("$JS.API.STREAM.DELETE.evt-targets"), REFUSED),
        ("deletes another's stream", ask("$JS.API.STREAM.DELETE.evt-offsets"), REFUSED),
        ("makes another stream",
            ask("$JS.API.STREAM.CREATE.mine", {"name": "mine", "subjects": ["evt.offsets.>"]}), REFUSED),
        ("changes another's stream", ask("$JS.API.STREAM.UPDATE.evt-offsets", {"name": "evt-offsets"}), REFUSED),
        ("what streams there are", ask("$JS.API.STREAM.NAMES"), REFUSED),
        ("answers for outsiders", core("$SYS.REQ.USER.AUTH"), REFUSED),
        ("asks the servers", ask("$SYS.REQ.SERVER.PING"), REFUSED),
    ),
    *attempts(
        "callout",
        ("says what a service says", forge("offsets", "unon"), REFUSED),
        ("hears events", core("evt.>"), REFUSED),
        ("takes from a consumer", pull("offsets", consumer="reporting"), REFUSED),
        ("deletes a stream", ask("$JS.API.STREAM.DELETE.evt-offsets"), REFUSED),
    ),
]  # fmt: skip


@pytest.mark.parametrize("attempt", OUTSIDE, ids=str)
async def test_an_outsider(site, attempt):
    token = site.token(attempt.who)
    inbox = own_inbox(token)
    async with site.outsider(token, inbox=inbox) as client:
        found = await attempt.act(Caller(client=client, site=site, consumer=own_consumer(token), inbox=inbox))

    site.outcomes.append((attempt.who, attempt.what, found))
    assert found == attempt.expected


@pytest.mark.parametrize("attempt", SERVICES, ids=str)
async def test_a_service(site, attempt):
    name = attempt.who.split()[0]
    async with site.service(name) as client:
        found = await attempt.act(Caller(client=client, site=site, consumer=name, inbox=f"_INBOX_{name}"))

    site.outcomes.append((attempt.who, attempt.what, found))
    assert found == attempt.expected


def altered(token: str) -> str:
    head, payload, signature = token.split(".")
    return ".".join((head, payload, signature[:-6] + ("AAAAAA" if signature[-6:] != "AAAAAA" else "BBBBBB")))


@pytest.mark.parametrize(
    ("who", "token"),
    [
        ("no token", lambda _: None),
        ("an empty token", lambda _: ""),
        ("garbage", lambda _: "not.a.token"),
        ("a token that was altered", lambda site: altered(site.token(CHAIR))),
        ("a token without a signature", lambda site: site.token(CHAIR).rpartition(".")[0] + "."),
        ("somebody without a role", lambda site: site.token("nobody")),
        ("a role that reads nothing without a scope", lambda site: site.token("unscoped")),
        ("a role at a place that is not registered", lambda site: site.token("elsewhere")),
        ("a service's seed as a token", lambda site: site.keys.seeds["offsets"]),
        ("a token of 100 kB", lambda _: "a" * 100_000),
    ],
)
async def test_who_is_not_let_in(site, who, token):
    given = token(site)
    with pytest.raises((nats.errors.Error, OSError, nats.errors.NoServersError)):
        async with site.outsider(given) as client:
            await client.flush(timeout=2)

    site.outcomes.append((who, "comes in", NOT_LET_IN))


async def test_a_borrowed_delivery_stays_among_outsiders_and_says_where_it_is_from(site):
    """What accounts don't prevent (docs/adr/0019): the content is true, and its envelope names its place."""
    chair, member = site.token(CHAIR), site.token("escwa-member")
    async with (
        site.outsider(chair, inbox=own_inbox(chair)) as asker,
        site.outsider(member, inbox=own_inbox(member)) as hearer,
        site.service("offsets") as service,
    ):
        subscription = await hearer.subscribe(ESCWA)
        await hearer.flush()
        await hearer.flush()
        before = await _state(site)
        await say(service, "offsets", "unon")
        await asker.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.evt-offsets.{own_consumer(chair)}",
            b'{"batch":1,"expires":1000000000}',
            reply="evt.offsets.credits_purchased.v1.secretariat.escwa._",
        )
        heard = await subscription.next_msg(timeout=5)
        after = await _state(site)

    assert heard.headers["ce-subject"] == "secretariat.unon"
    assert {name: after[name] - before[name] for name in before if after[name] != before[name]} == {"evt-offsets": 1}
