"""Calls an activity as the worker does: through the function that was registered."""

from __future__ import annotations

import json
from typing import Any


def call(activity: Any, message: dict[str, Any]) -> dict[str, Any]:
    """The activity's answer; message and answer go through JSON, as between processes."""
    function = activity.build().get_user_function()
    answer: dict[str, Any] = json.loads(json.dumps(function(json.loads(json.dumps(message)))))
    return answer
