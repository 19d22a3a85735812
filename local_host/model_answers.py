"""Answers a prompt by keyword ranking, in the form a language model is asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from local_host.keyword_ranking import Match, NumberedUnit, Window, make_subject, rank
from local_host.model_prompt import Asked, Prompt

CONFESSION = "Stand-in, no language model: "
WINDOWS_KEPT = 128


class Answerer:
    """Ranks the units of a prompt; keeps the words of the last windows, which come many times."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[NumberedUnit, ...], Window] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, prompt: Prompt) -> dict[str, Any]:
        """One entry per variable asked, in order."""
        window = self._window(prompt.units)
        return {"entries": [_entry(window, asked, prompt) for asked in prompt.asked]}

    def _window(self, units: tuple[NumberedUnit, ...]) -> Window:
        with self._lock:
            window = self._windows.setdefault(units, Window(units))
            self._windows.move_to_end(units)
            if len(self._windows) > WINDOWS_KEPT:
                self._windows.popitem(last=False)
            return window


def _entry(window: Window, asked: Asked, prompt: Prompt) -> dict[str, Any]:
    matches = rank(window, make_subject(asked.name, asked.question, asked.context))
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
