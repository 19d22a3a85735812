"""Settings for tests, as an operator would give them."""

from __future__ import annotations

from shared.settings import Settings, read_settings


def make_settings(**values: str) -> Settings:
    """Settings with no service behind them."""
    given = {"AzureWebJobsStorage": "none", "OPENAI_API_KEY": "none"}
    return read_settings({**given, **values})
