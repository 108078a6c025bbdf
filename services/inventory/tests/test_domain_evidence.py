"""What may be kept as evidence, by contents and name; who may see it; when it may be taken away."""

import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.domain import evidence as domain
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
from inventory.domain.evidence import Detachment, EvidenceFile
from quantities.person import Person

SOMEBODY = Person(subject="s", name="somebody")
NOW = datetime(2025, 1, 1, tzinfo=UTC)
PDF = b"%PDF-1.7\n..."
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
EMAIL = b"From: a@example.org\r\nSubject: bill\r\n\r\nhello"


def packed(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def encrypted(content: bytes) -> bytes:
    """The archive with the mark of encryption on each of its members, as its directory has it."""
    marked = bytearray(content)
    place = marked.find(b"PK\x01\x02")
    while place >= 0:
        marked[place + 8] |= 1
        place = marked.find(b"PK\x01\x02", place + 1)
    return bytes(marked)


WORKBOOK = packed("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "bill.pdf", "application/pdf"),
        (PNG, "meter.PNG", "image/png"),
        (JPEG, "meter.jpeg", "image/jpeg"),
        (WORKBOOK, "data.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (b"a,b\n1,2\n", "data.csv", "text/csv"),
        ("Zähler 7\r\n".encode("utf-8-sig"), "note.txt", "text/plain"),
        (b"<script>alert(1)</script>", "page.txt", "text/plain"),
        (EMAIL, "bill.eml", "message/rfc822"),
    ],
)
def test_a_file_is_what_its_contents_are(content: bytes, name: str, media_type: str) -> None:
    assert domain.media_type_of(content, name=name) == media_type


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"MZ\x90\0\x03", "bill.pdf"),
        (b"\x7fELF", "meter.png"),
        (b" %PDF-1.7\n\xe2\xe3\xcf\xd3", "bill.pdf"),
        (packed("word/document.xml", "[Content_Types].xml"), "data.xlsx"),
        (packed("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "data.xlsx"),
        (packed("[Content_Types].xml", "xl/workbook.xml", "../../evil"), "data.xlsx"),
        (encrypted(WORKBOOK), "data.xlsx"),
        (packed("[Content_Types].xml", "xl/workbook.xml", *(f"xl/{n}" for n in range(5_000))), "data.xlsx"),
        (b"PK\x03\x04 torn", "data.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "data.xls"),
        (b"GIF89a\x01\0", "meter.gif"),
        (b"text with \0 in it", "note.txt"),
        (b"text with \x1b[31m in it", "note.txt"),
        (b"\xff\xfea\0b\0", "note.txt"),
        (b"\xed\xa0\x80", "note.txt"),
    ],
)
def test_what_is_of_no_kept_kind_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(EvidenceTypeNotAllowed):
        domain.media_type_of(content, name=name)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (PDF, "bill.png"),
        (PNG, "bill.pdf"),
        (PDF, "bill"),
        (WORKBOOK, "data.csv"),
        (b"<html><script>1</script>", "page.html"),
        (b"<svg onload='1'/>", "picture.svg"),
        (b"no headers", "bill.eml"),
        (b"Subject: alone makes no mail\r\n\r\nhello", "bill.eml"),
        (b"a,b\n", "data.csv.exe"),
        (PDF, "bill.pdf.js"),
    ],
)
def test_a_name_that_says_another_kind_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(EvidenceTypeMismatch):
        domain.media_type_of(content, name=name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bill.pdf", "bill.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\bill.pdf", "bill.pdf"),
        ("bill\r\nSet-Cookie: x.pdf", "billSet-Cookie: x.pdf"),
        ("\u202efdp.exe\u202c.pdf", "fdp.exe.pdf"),
        ("  a   b .pdf", "a b .pdf"),
        ("...", "file"),
        ("", "file"),
        ("a/", "file"),
        ("e\u0301.pdf", "\xe9.pdf"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("x" * 300, "x" * 150),
        ("a\0b.pdf", "ab.pdf"),
    ],
)
def test_a_name_is_made_safe(text: str, name: str) -> None:
    assert domain.name_of(text) == name


@pytest.mark.parametrize(
    ("by_contents", "said", "closed"),
    [
        (True, None, True), (True, False, True), (True, True, True), (False, None, False), (False, False, False),
        (False, True, True), (None, None, True), (None, True, True), (None, False, False),
    ],
)  # fmt: skip
def test_nobody_opens_what_a_record_closes(by_contents: bool | None, said: bool | None, closed: bool) -> None:  # noqa: FBT001
    assert domain.is_sensitive(by_contents, said=said) is closed


def a_file(**given: Any) -> EvidenceFile:
    good: dict[str, Any] = {
        "id": "e", "inventory_id": "i", "location_id": "unon", "import_id": None, "record_id": None, "name": "f.txt",
        "media_type": "text/plain", "size": 4, "sha256": domain.digest(b"text"), "is_sensitive": False, "note": None,
        "attached_by": SOMEBODY, "attached_at": NOW,
    }  # fmt: skip
    return EvidenceFile(**good | given)


GONE = Detachment(by=SOMEBODY, at=NOW, reason="r")


@pytest.mark.parametrize(
    ("act", "refusal"),
    [
        (lambda: domain.require_one_thing(record_id="1", import_id="i"), EvidenceOfTwoThings),
        (lambda: domain.require_within(0, most=10, name="f"), EvidenceEmpty),
        (lambda: domain.require_within(11, most=10, name="f"), EvidenceTooLarge),
        (lambda: domain.require_short("x" * 501, name="f"), EvidenceNoteTooLong),
        (lambda: domain.require_few(50, name="f"), EvidenceTooMany),
        (lambda: domain.require_detachable(a_file(detachment=GONE), reason=""), EvidenceAlreadyDetached),
        (lambda: domain.require_detachable(a_file(), reason=" \n"), ReasonsMissing),
        (lambda: domain.require_undamaged(None, of=a_file()), EvidenceDamaged),
        (lambda: domain.require_undamaged(b"texu", of=a_file()), EvidenceDamaged),
    ],
)
def test_each_refusal(act: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        act()


def test_what_is_within_its_bounds_passes() -> None:
    domain.require_one_thing(record_id=None, import_id=None)
    domain.require_within(10, most=10, name="f")
    domain.require_short("x" * 500, name="f")
    domain.require_few(49, name="f")
    domain.require_detachable(a_file(), reason="r")
    assert domain.require_undamaged(b"text", of=a_file()) == b"text"
