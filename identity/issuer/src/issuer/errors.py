"""Refusals by the names of RFC 6749, 6750, 7662 and 8628."""

__all__ = ["OAuthError", "invalid_client", "invalid_grant", "invalid_request"]

BAD_REQUEST = 400
UNAUTHORIZED = 401


class OAuthError(Exception):
    """Answered as `{"error": …, "error_description": …}`."""

    def __init__(
        self, error: str, description: str, *, status: int = BAD_REQUEST, challenge: str | None = None
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.challenge = challenge
        """Value of the WWW-Authenticate header."""


def invalid_request(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)


def invalid_grant(description: str, *, status: int = BAD_REQUEST) -> OAuthError:
    return OAuthError("invalid_grant", description, status=status)


def invalid_client() -> OAuthError:
    """One text for an unknown client and a wrong secret."""
    return OAuthError(
        "invalid_client",
        "Invalid client or Invalid client credentials",
        status=UNAUTHORIZED,
        challenge='Basic realm="lichen-local"',
    )
