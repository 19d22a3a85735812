"""`write_report`: findings blobs → `results.json` and `results.xlsx`, and how the run ended."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from shared.domain.messages import WriteReport, from_json, to_json
from shared.report_writing import write_results
from shared.services import services

blueprint = df.Blueprint()


@blueprint.activity_trigger(input_name="message")
def write_report(
    message: dict,  # type: ignore[type-arg]  # Azure's worker refuses `dict[…]` here
) -> dict[str, Any]:
    """`WriteReport` → `ReportResult`; called twice it writes the same again."""
    return to_json(write_results(services(), from_json(WriteReport, message)))
