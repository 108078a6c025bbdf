"""Refusals, in order: files of activity data. What is wrong inside a readable file is a `Problem` of its row."""

from collections.abc import Sequence
from typing import ClassVar

from inventory.domain.errors.base import Refused
from inventory.domain.rows import Problem

__all__ = [
    "BadWorkbook",
    "FileExpandsTooMuch",
    "FileTooLarge",
    "ImportAlreadyUndone",
    "ImportIsOver",
    "ImportParameterWrong",
    "ImportRefused",
    "NothingToTakeIn",
    "SheetTooLarge",
    "UploadsBusy",
]


class FileTooLarge(Refused):
    code: ClassVar[str] = "FILE_TOO_LARGE"


class BadWorkbook(Refused):
    """Not a file that can be read as a table: damaged, encrypted, or of another kind."""

    code: ClassVar[str] = "BAD_WORKBOOK"


class FileExpandsTooMuch(Refused):
    """A compressed file that would fill the memory once unpacked."""

    code: ClassVar[str] = "FILE_EXPANDS_TOO_MUCH"


class SheetTooLarge(Refused):
    code: ClassVar[str] = "SHEET_TOO_LARGE"


class ImportRefused(Refused):
    """Rows with problems: nothing of the file was taken in."""

    code: ClassVar[str] = "IMPORT_REFUSED"

    def __init__(self, *, file_name: str, problems: Sequence[Problem]) -> None:
        rows = len({(problem.sheet, problem.row) for problem in problems})
        super().__init__(
            subject=file_name,
            found=f"{len(problems)} problem(s) in {rows} row(s)",
            expected="rows without problems",
            message=f"{file_name} has {len(problems)} problem(s) in {rows} row(s); nothing was taken in.",
        )
        self.problems = tuple(problems)


class ImportParameterWrong(Refused):
    """What a file is to be taken in as can't be read from the address that it was sent to."""

    code: ClassVar[str] = "IMPORT_PARAMETER_WRONG"


class UploadsBusy(Refused):
    """So many files are coming in that this one would have to wait."""

    code: ClassVar[str] = "UPLOADS_BUSY"


class NothingToTakeIn(Refused):
    """Not one row of the file is sound."""

    code: ClassVar[str] = "NOTHING_TO_TAKE_IN"


class ImportIsOver(Refused):
    """It is done, refused, cancelled or failed: there is nothing left to cancel."""

    code: ClassVar[str] = "IMPORT_IS_OVER"


class ImportAlreadyUndone(Refused):
    code: ClassVar[str] = "IMPORT_ALREADY_UNDONE"
