"""`look_at_run`: is this run still the job's latest, and is it to stop?"""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from shared.domain.messages import LookAtRun, RunLook, from_json, to_json
from shared.run_watch import RunWatch
from shared.services import services

blueprint = df.Blueprint()


@blueprint.activity_trigger(input_name="message")
def look_at_run(
    message: dict,  # type: ignore[type-arg]  # Azure's worker refuses `dict[…]` here
) -> dict[str, Any]:
    """`LookAtRun` → `RunLook`."""
    asked = from_json(LookAtRun, message)
    watch = RunWatch(services().blobs, asked.job, asked.run)
    return to_json(RunLook(current=watch.is_current(), cancelled=watch.is_cancelled()))
