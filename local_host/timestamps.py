"""Times as the extension writes them: ISO 8601, UTC, with a Z."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """A moment as history events carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def shown(moment: datetime) -> str:
    """A moment as status answers carry it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read(text: str) -> datetime:
    """A moment from an ISO text; without a zone it is UTC; a seventh fraction digit is dropped."""
    head, dot, tail = text.strip().partition(".")
    if dot:
        digits = "".join(char for char in tail if char.isdigit() or char in "+-:Zz")
        fraction = digits[: next((i for i, c in enumerate(digits) if not c.isdigit()), len(digits))]
        text = f"{head}.{fraction[:6]}{digits[len(fraction) :]}"
    moment = datetime.fromisoformat(text.strip().replace("z", "Z"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
