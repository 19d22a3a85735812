"""The models we know: how much fits into them, what they cost, what they refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.domain.readings import Usage


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """`context` and `output_limit` in tokens; prices in US dollars for a million tokens.

    `thinks`: it counts its thinking as output and refuses a temperature. `known` is False where
    the figures are guesses and the price is not known.
    """

    context: int
    output_limit: int
    input_price: float
    cached_price: float
    output_price: float
    thinks: bool = False
    known: bool = True


_GPT_5 = ModelFacts(400_000, 128_000, 1.25, 0.125, 10.0, thinks=True)
_GPT_41 = ModelFacts(1_047_576, 32_768, 2.0, 0.5, 8.0)
_GPT_4O = ModelFacts(128_000, 16_384, 2.5, 1.25, 10.0)
_O3 = ModelFacts(200_000, 100_000, 2.0, 0.5, 8.0, thinks=True)

_MODELS = {
    "gpt-4.1": _GPT_41,
    "gpt-4.1-mini": replace(_GPT_41, input_price=0.4, cached_price=0.1, output_price=1.6),
    "gpt-4.1-nano": replace(_GPT_41, input_price=0.1, cached_price=0.025, output_price=0.4),
    "gpt-4o": _GPT_4O,
    "gpt-4o-mini": replace(_GPT_4O, input_price=0.15, cached_price=0.075, output_price=0.6),
    "gpt-5": _GPT_5,
    "gpt-5-mini": replace(_GPT_5, input_price=0.25, cached_price=0.025, output_price=2.0),
    "gpt-5-nano": replace(_GPT_5, input_price=0.05, cached_price=0.005, output_price=0.4),
    "o3": _O3,
    "o4-mini": replace(_O3, input_price=1.1, cached_price=0.275, output_price=4.4),
}
"""List prices of 2025: an estimate for the user, never an invoice (docs/decisions.md)."""

UNKNOWN = ModelFacts(128_000, 16_384, 0.0, 0.0, 0.0, known=False)
"""What is assumed of a model not listed: the smallest limits in common use, and no price."""

STAND_IN = replace(UNKNOWN, known=True)
"""The stand-in costs nothing, and that is known."""


def is_stand_in(model: str) -> bool:
    """Whether the name of the model that answered says that it is no language model."""
    return model.startswith("stand-in-")


def model_facts(model: str) -> ModelFacts:
    """What is known of a model, dated releases (`gpt-4.1-2025-04-14`) included."""
    if is_stand_in(model):
        return STAND_IN
    name = model.rsplit("/", 1)[-1]
    while name:
        if name in _MODELS:
            return _MODELS[name]
        name, _, tail = name.rpartition("-")
        if not tail.isdigit():
            break
    return UNKNOWN


def cost(model: str, usage: Usage) -> float:
    """What these tokens cost, in US dollars; 0 where the price is not known."""
    facts = model_facts(model)
    cached = min(usage.cached, usage.input)
    return (
        (usage.input - cached) * facts.input_price
        + cached * facts.cached_price
        + usage.output * facts.output_price
    ) / 1_000_000
