"""Releases of emission factors, and editions: named, ordered selections of them that inventories keep the name of."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from inventory.domain.emission_factor import Catalogue, EmissionFactor
from inventory.domain.errors import (
    EditionAlreadyThere,
    EditionMalformed,
    FactorReleaseUnknown,
    NoFactorsFound,
    PublicationRefused,
    ReleaseAlreadyThere,
)
from inventory.domain.publications import Publication

__all__ = [
    "FactorEdition",
    "FactorRelease",
    "edition_to_propose",
    "releases_to_add",
    "require_name",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorRelease:
    """What one publisher published at one time. It never changes; what is put right is another release."""

    id: str
    publisher: str
    document: str
    licence: str
    format: str
    """Whose file it was taken from, or `shipped`."""
    content_hash: str
    """SHA-256 of that file, hexadecimal."""
    factor_count: int
    loaded_by: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorEdition:
    """A named selection of releases. Where two answer one question, the earlier one holds."""

    id: str
    description: str
    releases: tuple[str, ...]
    content_hash: str
    """Made of those of its releases, in order."""
    proposed_by: str
    proposed_at: datetime
    adopted_at: datetime | None
    """From when on new inventories are of it; None while it is proposed."""


def releases_to_add(
    publication: Publication,
    *,
    file_name: str,
    content_hash: str,
    known: Mapping[str, FactorRelease],
    rename: str | None,
) -> Mapping[str, tuple[EmissionFactor, ...]]:
    """Factors by the release that is added for them; nothing where all of the file is there already.

    Refuses, in this order: PublicationRefused, with every problem of every row; NoFactorsFound; EditionMalformed for a
    name that is none; ReleaseAlreadyThere, of another content; CatalogueMalformed for two factors of one question.
    """
    if publication.problems:
        raise PublicationRefused(file_name=file_name, problems=publication.problems)
    releases = dict(publication.releases)
    if not releases:
        raise NoFactorsFound(
            subject=file_name,
            found=f"{publication.figures} figures, none of them for a category of the method",
            expected="a file in the publisher's format",
            message=f"There is no factor in {file_name} for a category of the method.",
        )
    if rename is not None:
        releases = _renamed(releases, name=rename)
    added = {}
    for name, factors in releases.items():
        earlier = known.get(name)
        if earlier is not None and earlier.content_hash == content_hash:
            continue
        if earlier is not None:
            raise ReleaseAlreadyThere(
                subject=name,
                found="a release of this name, from another file",
                expected="a name that was never used",
                message=f"The release {name} is there and never changes; give what is put right another name.",
            )
        Catalogue.of(factors)
        added[name] = factors
    return added


def _renamed(releases: Mapping[str, tuple[EmissionFactor, ...]], *, name: str) -> dict[str, tuple[EmissionFactor, ...]]:
    require_name(name, what="release")
    if len(releases) > 1:
        raise EditionMalformed(
            subject=name,
            found=f"{len(releases)} releases: {', '.join(releases)}",
            expected="one release to give the name to; choose its year",
            message=f"The file has {len(releases)} releases; one name can't be that of all. Choose one by its year.",
        )
    ((old, factors),) = releases.items()
    return {name: tuple(replace(factor, release=name, id=f"{name}{factor.id.removeprefix(old)}") for factor in factors)}


def edition_to_propose(
    *,
    name: str,
    description: str,
    releases: Sequence[str],
    known_editions: Collection[str],
    known_releases: Mapping[str, FactorRelease],
    factors: Iterable[EmissionFactor],
    by: str,
    at: datetime,
) -> FactorEdition:
    """An edition of these releases, in their order; `factors` are all that they have.

    Refuses, in this order: EditionMalformed for a name that is none, no description, no release, or one twice;
    EditionAlreadyThere; FactorReleaseUnknown; CatalogueMalformed.
    """
    require_name(name, what="edition")
    twice = sorted({release for release in releases if releases.count(release) > 1})
    if not description.strip() or not releases or twice:
        raise EditionMalformed(
            subject=name,
            found=f"{', '.join(twice)} twice" if twice else "no description" if releases else "no releases",
            expected="a description, and releases in the order in which they hold, each once",
            message=f"The edition {name} needs a description, and releases in the order in which they hold, each once.",
        )
    if name in known_editions:
        raise EditionAlreadyThere(
            subject=name,
            found="an edition of this name",
            expected="a name that was never used",
            message=f"The edition {name} is there and never changes; give another selection another name.",
        )
    unknown = [release for release in releases if release not in known_releases]
    if unknown:
        raise FactorReleaseUnknown(
            subject=name,
            found=", ".join(unknown),
            expected=", ".join(sorted(known_releases)),
            message=f"There is no release {', '.join(unknown)}; import it first.",
        )
    Catalogue.of(factors, edition=name, releases=releases)
    hashes = "".join(known_releases[release].content_hash for release in releases)
    return FactorEdition(
        id=name,
        description=description.strip(),
        releases=tuple(releases),
        content_hash=sha256(hashes.encode()).hexdigest(),
        proposed_by=by,
        proposed_at=at,
        adopted_at=None,
    )


def require_name(name: str, *, what: str) -> None:
    """Of a release, or of an edition. Refuses: EditionMalformed."""
    if not _NAME.fullmatch(name):
        raise EditionMalformed(
            subject=what,
            found=name,
            expected="small letters, digits, points and hyphens, such as un-2026",
            message=f"'{name}' is no name of {'an edition' if what == 'edition' else 'a release'}.",
        )
