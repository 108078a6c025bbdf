"""Words that a person must give, as domains take them."""

from quantities.errors import TextMissing, TextTooLong

__all__ = ["require_text"]


def require_text(text: str, *, subject: str, longest: int) -> str:
    """The text without space around it. Refuses, in this order: TextMissing, TextTooLong."""
    kept = text.strip()
    if not kept:
        raise TextMissing(
            subject=subject,
            found="nothing",
            expected=f"1 to {longest} characters",
            message=f"The {subject} is missing.",
        )
    if len(kept) > longest:
        raise TextTooLong(
            subject=subject,
            found=f"{len(kept)} characters",
            expected=f"1 to {longest} characters",
            message=f"The {subject} may have {longest} characters at most; it has {len(kept)}.",
        )
    return kept
