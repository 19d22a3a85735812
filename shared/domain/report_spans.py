"""Quotes of several variables joined where they are the same passage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.findings import Quote
from shared.domain.job import Variable


@dataclass(frozen=True, slots=True)
class Span:
    """One passage: its longest quote, and every (variable, quote) that lies in it."""

    quote: Quote
    quotes: tuple[tuple[Variable, Quote], ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables it serves, each once."""
        return tuple({variable.id: variable for variable, _ in self.quotes}.values())


def join_spans(quotes: Iterable[tuple[Variable, Quote]]) -> tuple[Span, ...]:
    """Identical and contained passages of one document joined, in the document's order.

    Passages that merely overlap stay apart: joining them would make a quote nobody chose.
    """
    ordered = sorted(quotes, key=lambda pair: (pair[1].units[0], -pair[1].units[-1]))
    spans: list[list[tuple[Variable, Quote]]] = []
    for variable, quote in ordered:
        for span in reversed(spans):
            if span[0][1].units[-1] >= quote.units[-1]:
                span.append((variable, quote))
                break
        else:
            spans.append([(variable, quote)])
    return tuple(Span(span[0][1], tuple(span)) for span in spans)
