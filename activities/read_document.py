"""`read_document`: work on one document for at most a slice."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df

from shared.document_reading import Reader, read_slice
from shared.domain.messages import ReadDocument, from_json, to_json
from shared.services import services

blueprint = df.Blueprint()


@blueprint.activity_trigger(input_name="message")
def read_document(
    message: dict,  # type: ignore[type-arg]  # Azure's worker refuses `dict[…]` here
) -> dict[str, Any]:
    """`ReadDocument` → `SliceResult`; called again until it says that the document is done.

    Runs at least once, and perhaps twice at once: the document's lease lets one of them work.
    """
    asked = from_json(ReadDocument, message)
    parts = services()
    reader = Reader(
        blobs=parts.blobs,
        extractor=parts.extractor,
        model=parts.model,
        clock=parts.clock,
        calls_at_once=parts.settings.model_calls_per_document,
    )
    return to_json(read_slice(reader, asked))
