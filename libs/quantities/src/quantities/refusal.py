"""What every part of the platform means by "no": an expected answer, with a stable code and its reasons."""

from typing import ClassVar


class Refusal(Exception):
    """An expected "no" to a request.

    A subclass sets `code`, which is stable and part of the published interface. The four texts are for the person who
    asked: what it is about, what was found there, what was expected instead, and one sentence that says all of it.
    They hold no secrets and no personal data.
    """

    code: ClassVar[str] = "REFUSED"
    """Stable name of this kind of refusal, in capitals."""

    def __init__(self, *, subject: str, found: str, expected: str, message: str) -> None:
        super().__init__(message)
        self.subject = subject
        self.found = found
        self.expected = expected
        self.message = message
