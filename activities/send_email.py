"""`send_email`: the result of a run → its recipient, once."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from shared.domain.messages import SendEmail, from_json, to_json
from shared.mailing import send_once
from shared.services import services

blueprint = df.Blueprint()


@blueprint.activity_trigger(input_name="message")
def send_email(
    message: dict,  # type: ignore[type-arg]  # Azure's worker refuses `dict[…]` here
) -> dict[str, Any]:
    """`SendEmail` → `EmailResult`; one mail however often it is called."""
    return to_json(send_once(services(), from_json(SendEmail, message)))
