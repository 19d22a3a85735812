"""From the last byte of a 50 MB upload to the 202, and beside it what the bytes alone cost."""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.table import show
from local_host.multipart import Part, encode_form
from local_host.stack import Stack, StackOptions

FILES, MEGABYTES, TIMES = 10, 50, 5


def main() -> None:
    """Upload a few times, each as another user, and print the waits."""
    body = [
        Part("files", b"%PDF-1.7\n" + os.urandom(MEGABYTES * 2**20 // FILES), f"{number}.pdf")
        for number in range(FILES)
    ]
    with tempfile.TemporaryDirectory() as name:
        options = StackOptions(Path(name) / "stack", settings={"DOCUMENTS_IN_FLIGHT": "1"})
        with Stack(options, say=lambda _: None) as stack:
            waits = [_wait(stack.url, body, f"user{number}@example.org") for number in range(TIMES)]
    rows = [[number + 1, f"{wait:.2f}"] for number, wait in enumerate(waits)]
    title = f"Upload of {MEGABYTES} MB in {FILES} files (target < 1 s)"
    show(title, ["upload", "last byte to 202, s"], rows)


def _wait(url: str, files: list[Part], email: str) -> float:
    request = {"email": email, "variables": [{"name": "Energy", "description": "Energy supply"}]}
    parts = [*files, Part("request", json.dumps(request).encode())]
    body, content_type = encode_form(parts)
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("POST", "/api/jobs", body, {"Content-Type": content_type})
    sent = time.monotonic()
    answer = connection.getresponse()
    wait = time.monotonic() - sent
    if answer.status != 202:
        raise SystemExit(f"the upload was answered {answer.status}: {answer.read()[:500]!r}")
    connection.close()
    return wait


if __name__ == "__main__":
    main()
