"""Refusals that any service may give; each service's own are in its `domain/errors.py`."""

from typing import ClassVar

from quantities.refusal import Refusal

__all__ = [
    "BadCursor",
    "IdempotencyKeyMalformed",
    "IdempotencyKeyReused",
    "NotFound",
    "NotPermitted",
    "NotSignedIn",
    "PageSizeOutOfRange",
    "Refusal",
    "TokenNoLongerActive",
]


class NotSignedIn(Refusal):
    """The request carries no token and what it asks for is not public."""

    code: ClassVar[str] = "NOT_SIGNED_IN"

    def __init__(self, *, capability: str) -> None:
        super().__init__(
            subject=capability,
            found="no token",
            expected="a token of this platform's issuer",
            message=f"Sign in to use {capability}.",
        )


class TokenNoLongerActive(Refusal):
    """The issuer says that this token, or the right in it, no longer holds."""

    code: ClassVar[str] = "TOKEN_NO_LONGER_ACTIVE"

    def __init__(self, *, capability: str) -> None:
        super().__init__(
            subject=capability,
            found="a token that the issuer no longer vouches for",
            expected="an active token",
            message=f"Sign in again: {capability} asks the issuer, and this token is no longer active.",
        )


class NotFound(Refusal):
    """There is no such thing, or it is not the caller's to see: the two answer alike."""

    code: ClassVar[str] = "NOT_FOUND"

    def __init__(self, *, kind: str, key: str) -> None:
        super().__init__(
            subject=f"{kind} {key}",
            found="nothing that you may see",
            expected=f"an existing {kind} at a location of yours",
            message=f"There is no {kind} {key} that you may see.",
        )


class NotPermitted(Refusal):
    """The caller may see the location but not do this there."""

    code: ClassVar[str] = "NOT_PERMITTED"

    def __init__(self, *, capability: str, location_id: str) -> None:
        super().__init__(
            subject=location_id,
            found=f"no role of yours with {capability} there",
            expected=f"a role with {capability} at {location_id} or above it",
            message=f"Your roles do not include {capability} at {location_id}.",
        )


class IdempotencyKeyMalformed(Refusal):
    """The key is empty or too long."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_MALFORMED"

    def __init__(self, *, length: int, longest: int) -> None:
        super().__init__(
            subject="idempotency key",
            found=f"{length} characters",
            expected=f"1 to {longest} characters",
            message=f"An idempotency key has 1 to {longest} characters; this one has {length}.",
        )


class IdempotencyKeyReused(Refusal):
    """The key was used before for another request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"

    def __init__(self, *, key: str) -> None:
        super().__init__(
            subject=f"idempotency key {key}",
            found="another request under the same key",
            expected="the same request again, or a new key",
            message=f"Idempotency key {key} was used for another request; use a new key.",
        )


class PageSizeOutOfRange(Refusal):
    """`first` is out of its range; it is never clamped silently."""

    code: ClassVar[str] = "PAGE_SIZE_OUT_OF_RANGE"

    def __init__(self, *, first: int, largest: int) -> None:
        super().__init__(
            subject="first",
            found=str(first),
            expected=f"1 to {largest}",
            message=f"`first` must be 1 to {largest}; {first} was asked for.",
        )


class BadCursor(Refusal):
    """`after` is not a cursor of this list."""

    code: ClassVar[str] = "BAD_CURSOR"

    def __init__(self) -> None:
        super().__init__(
            subject="after",
            found="an unreadable cursor",
            expected="an endCursor of this list",
            message="`after` is not a cursor of this list.",
        )
