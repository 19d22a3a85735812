"""Answers a prompt by keyword ranking, in the form a language model is asked for."""

from __future__ import annotations

from typing import Any

from local_host.keyword_ranking import Match, make_subject, rank
from local_host.model_prompt import Asked, Prompt

CONFESSION = "Stand-in, no language model: "


def answer_prompt(prompt: Prompt) -> dict[str, Any]:
    """One entry per variable asked, in order."""
    return {"entries": [_entry(asked, prompt) for asked in prompt.asked]}


def _entry(asked: Asked, prompt: Prompt) -> dict[str, Any]:
    matches = rank(prompt.window, make_subject(asked.name, asked.question, asked.context))
    return {
        "variable": asked.variable,
        "quotes": [_quote(match, justify=prompt.justify) for match in matches],
        "answer": "" if prompt.task == "quotes" else _free_answer(matches),
    }


def _quote(match: Match, *, justify: bool) -> dict[str, Any]:
    shared = ", ".join(f"“{word}”" for word in match.words)
    return {
        "first": match.first,
        "last": match.last,
        "starts": match.starts,
        "ends": match.ends,
        "strength": match.strength,
        "why": f"{CONFESSION}shares {shared} with the variable." if justify else "",
    }


def _free_answer(matches: list[Match]) -> str:
    if not matches:
        return ""
    numbers = " ".join(f"[{match.first}]" for match in matches)
    return f"{CONFESSION}the variable's words stand in {numbers}."
