"""Checks a request's HMAC as Azure Communication Services does."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MOST_SKEW = timedelta(minutes=15)
SIGNED = "x-ms-date;host;x-ms-content-sha256"

_AUTHORIZATION = re.compile(r"HMAC-SHA256 SignedHeaders=([^&]+)&Signature=(\S+)")


def find_signature_fault(
    key: bytes, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> str:
    """Why the request is not from who holds the key; "" if it is. `target` is path and query."""
    match = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
    if match is None or match[1].lower() != SIGNED:
        return f"Authorization is not HMAC-SHA256 over {SIGNED}"
    date = headers.get("x-ms-date", "")
    if not _is_recent(date):
        return "x-ms-date is missing or more than 15 minutes off"
    content = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if not hmac.compare_digest(content, headers.get("x-ms-content-sha256", "")):
        return "x-ms-content-sha256 is not the hash of the body"
    signed = f"{method}\n{target}\n{date};{headers.get('Host', '')};{content}"
    expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
    return "" if hmac.compare_digest(expected, match[2]) else "the signature does not match"


def _is_recent(date: str) -> bool:
    try:
        when = parsedate_to_datetime(date)
    except ValueError:
        return False
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return abs(datetime.now(UTC) - when) <= MOST_SKEW
