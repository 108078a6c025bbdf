"""The accounts of NATS, as nats-server reads them: who may connect, and what may pass from one account to another.

Permissions on subjects alone don't hold a client that may ask for messages: the server delivers what a client asks for
to whatever reply the request names, by its own right, and so somebody who may do no more than read one consumer can
forge an event or delete a stream (tried on nats-server 2.15.1; docs/adr/0019). Such a delivery ends in the asker's own
account. So each service has an account with its own stream and nothing else in it, those outside share one that has no
stream at all, and only what is exported below passes between them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.hearing import HEARERS, producers_heard_by

__all__ = [
    "AUTH_REQUEST_SUBJECT",
    "CALLOUT",
    "IDENTITIES",
    "ISSUER_VARIABLE",
    "OUTSIDE",
    "consumer_subjects",
    "inbox_prefix",
    "information_subject",
    "key_variable",
    "render",
    "stream_name",
]

OUTSIDE = "OUTSIDE"
"""The account of everybody who is let in by a token."""
CALLOUT = "callout"
"""The identity that answers for them."""
IDENTITIES: tuple[str, ...] = (*HEARERS, CALLOUT)
"""Who has a key of its own."""
ISSUER_VARIABLE = "NATS_CALLOUT_ISSUER"
AUTH_REQUEST_SUBJECT = "$SYS.REQ.USER.AUTH"
AUTH_TIMEOUT_S = 1.9
"""For the callout to answer. At 2 s nats-server pings the client, which nats-py takes for a welcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one account lets another have."""

    kind: str
    """`service`: requests go in; `stream`: messages go out."""
    subject: str
    exporter: str
    importer: str
    many_answers: bool = False


def stream_name(producer: str) -> str:
    return f"evt-{producer}"


def inbox_prefix(name: str) -> str:
    """Where answers go: each has its own, so that nobody listens to another's."""
    return f"_INBOX_{name}"


def key_variable(identity: str) -> str:
    """Variable from which nats-server has the identity's public key."""
    return f"NATS_KEY_{identity.upper()}"


def own_subjects(service: str) -> list[str]:
    """What a service may publish: its own facts, and requests for its own stream. It can't purge or delete it."""
    stream = stream_name(service)
    return [
        f"evt.{service}.>",
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in ("CREATE", "UPDATE", "INFO")),
        f"$JS.API.CONSUMER.CREATE.{stream}.>",
        *(f"$JS.API.CONSUMER.{verb}.{stream}.*" for verb in ("INFO", "MSG.NEXT", "DELETE")),
    ]


def consumer_subjects(producer: str, consumer: str) -> list[str]:
    """What takes messages from one consumer of a producer's stream."""
    stream = stream_name(producer)
    return [f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", f"$JS.ACK.{stream}.{consumer}.>"]


def information_subject(producer: str, consumer: str) -> str:
    """Where clients other than ours ask what a consumer is like, before they take messages from it."""
    return f"$JS.API.CONSUMER.INFO.{stream_name(producer)}.{consumer}"


def passages() -> list[Passage]:
    """All that passes from account to account."""
    found = []
    for producer, hearers in HEARERS.items():
        exporter = producer.upper()
        readers = [(hearer.upper(), hearer) for hearer in sorted(hearers)]
        for importer, consumer in [*readers, (OUTSIDE, "*")]:
            found += [
                Passage(
                    kind="service",
                    subject=subject,
                    exporter=exporter,
                    importer=importer,
                    many_answers=".MSG.NEXT." in subject,
                )
                for subject in consumer_subjects(producer, consumer)
            ]
        found += [
            Passage(kind="stream", subject=f"evt.{producer}.>", exporter=exporter, importer=OUTSIDE),
            Passage(kind="service", subject=information_subject(producer, "*"), exporter=exporter, importer=OUTSIDE),
            Passage(
                kind="service",
                subject=f"$JS.API.CONSUMER.CREATE.{stream_name(producer)}.*",
                exporter=exporter,
                importer=CALLOUT.upper(),
            ),
        ]
    # An account without streams has JetStream's API all the same, to say that it has none, unless this subject comes
    # from elsewhere; that answer would come before the true one. Nobody may publish to it.
    found += [
        Passage(kind="service", subject="$JS.API.INFO", exporter="INVENTORY", importer=importer)
        for importer in (OUTSIDE, CALLOUT.upper())
    ]
    return found


def render() -> str:
    """The accounts and the callout. Keys are variables: the text is the same everywhere, and has no secret."""
    all_passages = passages()
    blocks = [
        _account(
            service.upper(),
            ["jetstream: enabled"],
            user=_user(
                service,
                publish=[
                    *own_subjects(service),
                    *(
                        subject
                        for producer in producers_heard_by(service)
                        for subject in consumer_subjects(producer, service)
                    ),
                ],
                subscribe=[f"{inbox_prefix(service)}.>"],
            ),
            passages=all_passages,
        )
        for service in HEARERS
    ]
    blocks.append(_account(OUTSIDE, [], user=None, passages=all_passages))
    blocks.append(
        _account(
            CALLOUT.upper(),
            [],
            user=_user(
                CALLOUT,
                publish=[f"$JS.API.CONSUMER.CREATE.{stream_name(producer)}.*" for producer in HEARERS],
                subscribe=[AUTH_REQUEST_SUBJECT, f"{inbox_prefix(CALLOUT)}.>"],
                answers=True,
            ),
            passages=all_passages,
        )
    )
    keys = ", ".join(f"${key_variable(identity)}" for identity in IDENTITIES)
    return (
        "# Generated by `make contracts` from chassis.accounts. Keys are public, and each site has its own.\n"
        "accounts {\n" + "".join(blocks) + "}\n"
        "\n"
        "authorization {\n"
        f"  timeout: {AUTH_TIMEOUT_S}\n"
        "  auth_callout {\n"
        f"    issuer: ${ISSUER_VARIABLE}\n"
        f"    account: {CALLOUT.upper()}\n"
        "    # Everybody else is asked about. These come in whether or not the callout answers.\n"
        f"    auth_users: [{keys}]\n"
        "  }\n"
        "}\n"
    )


def _account(name: str, settings: Sequence[str], *, user: str | None, passages: Iterable[Passage]) -> str:
    lines = [f"  {name} {{", *(f"    {setting}" for setting in settings)]
    if user is not None:
        lines += [f"    users: [{user}    ]"]
    exports = _exports([passage for passage in passages if passage.exporter == name])
    imports = [
        f'      {{{passage.kind}: {{account: {passage.exporter}, subject: "{passage.subject}"}}}}'
        for passage in passages
        if passage.importer == name
    ]
    if exports:
        lines += ["    exports: [", *exports, "    ]"]
    if imports:
        lines += ["    imports: [", *imports, "    ]"]
    return "\n".join([*lines, "  }", ""])


def _exports(passages: Sequence[Passage]) -> list[str]:
    importers: dict[tuple[str, str, bool], list[str]] = {}
    for passage in passages:
        importers.setdefault((passage.kind, passage.subject, passage.many_answers), []).append(passage.importer)
    return [
        f'      {{{kind}: "{subject}"{", response_type: stream" if many else ""}, accounts: [{", ".join(names)}]}}'
        for (kind, subject, many), names in importers.items()
    ]


def _user(identity: str, *, publish: Sequence[str], subscribe: Sequence[str], answers: bool = False) -> str:
    lines = [
        "",
        "      {",
        f"        nkey: ${key_variable(identity)}",
        "        permissions: {",
        "          publish: [",
        *(f'            "{subject}"' for subject in publish),
        "          ]",
        "          subscribe: [",
        *(f'            "{subject}"' for subject in subscribe),
        "          ]",
        *(["          allow_responses: true"] if answers else []),
        "        }",
        "      }",
        "",
    ]
    return "\n".join(lines)
