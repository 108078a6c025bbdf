"""Files that show where figures come from: what may be kept, under what name, and how long it may be taken away."""

import re
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from hashlib import sha256
from io import BytesIO

from inventory.domain.errors import (
    EvidenceAlreadyDetached,
    EvidenceDamaged,
    EvidenceEmpty,
    EvidenceNoteTooLong,
    EvidenceOfTwoThings,
    EvidenceTooLarge,
    EvidenceTooMany,
    EvidenceTypeMismatch,
    EvidenceTypeNotAllowed,
    ReasonsMissing,
)
from quantities.person import Person

__all__ = [
    "ENDINGS_BY_TYPE",
    "FILES_MAX",
    "Detachment",
    "EvidenceFile",
    "digest",
    "is_sensitive",
    "media_type_of",
    "media_type_of_import",
    "name_of",
    "require_detachable",
    "require_few",
    "require_one_thing",
    "require_short",
    "require_undamaged",
    "require_within",
]

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV, TEXT, EMAIL = "text/csv", "text/plain", "message/rfc822"

ENDINGS_BY_TYPE = {
    PDF: (".pdf",),
    PNG: (".png",),
    JPEG: (".jpg", ".jpeg"),
    XLSX: (".xlsx",),
    CSV: (".csv",),
    TEXT: (".txt",),
    EMAIL: (".eml",),
}
"""What may be kept, and how its name ends."""

FILES_MAX = 50
"""Files of one record, of one import, or of a version as a whole."""

_NAME_MAX = 150
_NOTE_MAX = 500
_ENCRYPTED = 0x1
_MEMBERS_MAX = 5_000
_HEADERS = ("from", "date", "subject", "to")
_HEADERS_MIN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Detachment:
    """A file was taken away from what it was attached to; the file and the trace stay."""

    by: Person
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """One file, attached to a version, an import of it, or a record of it."""

    id: str
    inventory_id: str
    location_id: str
    """Of the record's site, or of the inventory."""
    import_id: str | None
    record_id: int | None
    """Neither: it is attached to the version as a whole."""
    name: str
    media_type: str
    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal; the name that its contents are kept under."""
    is_sensitive: bool
    """For readers of sensitive data alone (ADR 0018)."""
    note: str | None
    attached_by: Person
    attached_at: datetime
    detachment: Detachment | None = None


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return sha256(content).hexdigest()


def require_within(size: int, *, most: int, name: str) -> None:
    """Refuses, in this order: EvidenceEmpty; EvidenceTooLarge."""
    if size == 0:
        raise EvidenceEmpty(
            subject=name, found="0 bytes", expected="a file with contents", message=f"{name} has no contents."
        )
    if size > most:
        raise EvidenceTooLarge(
            subject=name,
            found=f"more than {most} bytes",
            expected=f"at most {most} bytes",
            message=f"A file of evidence has {most} bytes at most.",
        )


def require_one_thing(*, record_id: str | None, import_id: str | None) -> None:
    """Refuses: EvidenceOfTwoThings."""
    if record_id is not None and import_id is not None:
        raise EvidenceOfTwoThings(
            subject="evidence",
            found="a record and an import",
            expected="one of them, or neither for the version as a whole",
            message="A file is attached to a record or to an import, not to both.",
        )


def require_short(note: str | None, *, name: str) -> None:
    """Refuses: EvidenceNoteTooLong."""
    if note is not None and len(note) > _NOTE_MAX:
        raise EvidenceNoteTooLong(
            subject=name,
            found=f"{len(note)} characters",
            expected=f"at most {_NOTE_MAX} characters",
            message=f"A note on a file has {_NOTE_MAX} characters at most.",
        )


def require_few(there: int, *, name: str) -> None:
    """Refuses: EvidenceTooMany."""
    if there >= FILES_MAX:
        raise EvidenceTooMany(
            subject=name,
            found=f"{there} files",
            expected=f"at most {FILES_MAX} files",
            message=f"{there} files are attached there already; one thing has {FILES_MAX} at most.",
        )


def is_sensitive(by_contents: bool | None, *, said: bool | None) -> bool:  # noqa: FBT001 - what is known
    """Whether a file is for readers of sensitive data alone: as its record or import is, or as who attaches it says.

    Nobody opens what a record closes. Of a whole version nothing is known (None): it is closed unless said not to be.
    """
    return said is not False if by_contents is None else by_contents or said is True


def name_of(text: str) -> str:
    """A name that is safe on every disk and in every list: no path, no control, no mark that turns the text around."""
    last = unicodedata.normalize("NFC", text).replace("\\", "/").rpartition("/")[2]
    # Cf: marks of direction and joiners, by which a name can be made to look like another.
    kept = "".join(letter for letter in last if unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"})
    bare = re.sub(r"\s+", " ", kept).strip(" .")
    stem, dot, ending = bare.rpartition(".")
    if len(bare) > _NAME_MAX and dot and len(ending) < 10:  # noqa: PLR2004 - longer is no ending
        return f"{stem[: _NAME_MAX - len(ending) - 1]}.{ending}"
    return bare[:_NAME_MAX] or "file"


def media_type_of(content: bytes, *, name: str) -> str:
    """What a file is, by its contents; what its name says must agree, and what a sender says of it counts for nothing.

    Refuses, in this order: EvidenceTypeNotAllowed; EvidenceTypeMismatch.
    """
    ending = _ending(name)
    found = _by_contents(content, ending=ending)
    if found is None:
        raise EvidenceTypeNotAllowed(
            subject=name,
            found="contents of another kind",
            expected="PDF, PNG, JPEG, XLSX without macros, or text in UTF-8: CSV, TXT, EML",
            message=f"{name} is of no kind that is kept as evidence.",
        )
    if ending not in ENDINGS_BY_TYPE[found]:
        expected = " or ".join(ENDINGS_BY_TYPE[found])
        raise EvidenceTypeMismatch(
            subject=name,
            found=f"{found} under a name that ends in {ending or 'nothing'}",
            expected=f"a name that ends in {expected}",
            message=f"{name} is {found} by its contents; its name should end in {expected}.",
        )
    return found


def media_type_of_import(content: bytes) -> str:
    """What a file of activity data is, which was read already."""
    return XLSX if content.startswith(b"PK\x03\x04") else CSV


def _ending(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot else ""


def _by_contents(content: bytes, *, ending: str) -> str | None:
    if content.startswith(b"%PDF-"):
        return PDF
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content.startswith(b"PK\x03\x04"):
        return XLSX if _is_workbook(content) else None
    return _kind_of_text(content, ending=ending)


def _is_workbook(content: bytes) -> bool:
    """An Office Open XML workbook that is neither encrypted nor has macros. Nothing is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            members = packed.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False
    names = {member.filename.lower() for member in members}
    return (
        len(members) <= _MEMBERS_MAX
        and {"[content_types].xml", "xl/workbook.xml"} <= names
        and not any(name.endswith("vbaproject.bin") or ".." in name for name in names)
        and not any(member.flag_bits & _ENCRYPTED for member in members)
    )


def _kind_of_text(content: bytes, *, ending: str) -> str | None:
    """Text is told apart by its name, as CSV looks like any other; an e-mail has its headers, too."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if any(unicodedata.category(letter) == "Cc" and letter not in "\t\r\n\f" for letter in text):
        return None
    if ending == ".csv":
        return CSV
    if ending == ".eml":
        headers = message_from_bytes(content[:65_536], policy=default)
        return EMAIL if sum(name in headers for name in _HEADERS) >= _HEADERS_MIN else TEXT
    return TEXT


def require_detachable(found: EvidenceFile, *, reason: str) -> None:
    """Refuses, in this order: EvidenceAlreadyDetached; ReasonsMissing.

    What was submitted keeps what it was submitted with: the version itself refuses that.
    """
    if found.detachment is not None:
        raise EvidenceAlreadyDetached(
            subject=found.name,
            found=f"detached by {found.detachment.by.name}",
            expected="a file that is attached",
            message=f"{found.name} was detached before.",
        )
    if not reason.strip():
        raise ReasonsMissing(
            subject=found.name,
            found="no reason",
            expected="why the file is no evidence",
            message=f"{found.name} is detached only with a reason.",
        )


def require_undamaged(content: bytes | None, *, of: EvidenceFile) -> bytes:
    """The contents, if they are those that were attached. Refuses: EvidenceDamaged."""
    found = None if content is None else digest(content)
    if content is None or found != of.sha256:
        raise EvidenceDamaged(
            subject=of.name,
            found="no contents" if found is None else f"contents with SHA-256 {found}",
            expected=f"contents with SHA-256 {of.sha256}",
            message=f"The contents of {of.name} are not those that were attached; they are not given out.",
        )
    return content
