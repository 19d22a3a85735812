"""What crosses Durable boundaries survives it, and nothing else is taken for it."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.messages import (
    EmailResult,
    LookAtRun,
    ReadDocument,
    ReportResult,
    RunJob,
    RunLook,
    SendEmail,
    SliceResult,
    WriteReport,
    from_json,
    to_json,
)

MESSAGES = [
    RunJob,
    LookAtRun,
    RunLook,
    ReadDocument,
    SliceResult,
    WriteReport,
    ReportResult,
    SendEmail,
    EmailResult,
]


messages = st.one_of([st.from_type(shape) for shape in MESSAGES])


@given(message=messages.filter(lambda message: not re.search("nan|inf", repr(message))))
def test_messages_survive_the_wire(message: object) -> None:
    """A message decoded from its JSON text equals the message."""
    wire = json.loads(json.dumps(to_json(message)))
    assert from_json(type(message), wire) == message


def test_messages_of_another_version_fail_loudly() -> None:
    """A missing field or one of another type is an error, never a default that nobody meant."""
    with pytest.raises(ValidationError):
        from_json(ReadDocument, {"job": "j", "run": 1, "document": "d1"})
    with pytest.raises(ValidationError):
        from_json(RunLook, {"current": True, "cancelled": "perhaps"})
