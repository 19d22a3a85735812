"""The few lines that `./dev run` ends with: what was read, what was not and why, where it lies."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local_host.delivery import Delivery

OF_SEVERAL = {"its": "their", "it": "each"}
"""How the reason of one page begins when several pages have it."""


def describe(delivery: Delivery) -> list[str]:
    """Return the summary, a line each."""
    documents, job = delivery.documents, delivery.results["job"]
    read = sum(document["state"] == "read" for document in documents)
    quotes = sum(len(finding["quotes"]) for finding in delivery.results["findings"])
    lines = [f"{_count(read, 'document')} of {len(documents)} read, {_count(quotes, 'quote')}."]
    lines += [
        _describe_failure(delivery.results, item) for item in documents if item["state"] != "read"
    ]
    lines += [f"  not delivered: {what}" for what in delivery.missing]
    if delivery.earlier_workbook:
        lines.append(f"The results.xlsx that was there is kept as {delivery.earlier_workbook}")
    lines.append(f"Results in {delivery.folder}: {', '.join(_list_results(delivery))}")
    if job["model_is_stand_in"]:
        lines.append(
            "The model was a stand-in that ranks by keywords, no language model: "
            "the quotes are cut from the documents, their choice is rough. "
            "Set OPENAI_API_KEY for a real one."
        )
    return lines


def _describe_failure(results: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    reason = document.get("error") or _find_reason(results, document)
    state = document["state"].replace("_", " ")
    return f"  {document['name']}: {state}" + (f": {reason}" if reason else "")


def _find_reason(results: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Say why a document was not read whole: its pages by reason, else what a finding says."""
    pages = Counter(document.get("page_reasons", {}).values())
    if pages:
        total = document["pages"]
        return "; ".join(
            f"{number} of {_count(total, 'page')}: {_speak_of(number, reason)}"
            for reason, number in pages.most_common()
        )
    own = (each for each in results["findings"] if each["document"] == document["id"])
    return next((each["reason"] for each in own if each.get("reason")), "")


def _speak_of(number: int, reason: str) -> str:
    first, space, rest = reason.partition(" ")
    return reason if number == 1 else OF_SEVERAL.get(first, first) + space + rest


def _list_results(delivery: Delivery) -> list[str]:
    names = [name for name in ("results.xlsx", "results.json") if (delivery.folder / name).exists()]
    if (delivery.folder / "highlighted").is_dir():
        names.append("highlighted/")
    if delivery.mails:
        names.append(f"mails/ ({delivery.mails})")
    return names


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
