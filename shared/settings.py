"""Typed settings, read once from a mapping of environment variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from shared.domain.errors import PolicyReaderError
from shared.domain.messages import RunSettings

T = TypeVar("T", int, float, str)


class SettingsError(PolicyReaderError):
    """Settings that are missing or cannot be understood, all named at once."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator decides. Secrets are left out of `repr`; sizes and durations carry units.

    `model_calls_at_once` is per process: instances x this must stay under the model's quota.
    """

    storage: str = field(repr=False)
    container: str
    openai_api_key: str = field(repr=False)
    openai_base_url: str
    azure_openai_endpoint: str
    azure_openai_api_key: str = field(repr=False)
    azure_openai_api_version: str
    model: str
    model_calls_at_once: int
    model_calls_per_document: int
    model_timeout_seconds: float
    email_endpoint: str
    email_access_key: str = field(repr=False)
    email_sender: str
    email_size_limit_mb: float
    public_url: str
    documents_in_flight: int
    slice_seconds: float
    calls_per_generation: int
    page_limit: int
    retention_hours: float
    signed_in: bool

    def for_run(self) -> RunSettings:
        """What a run takes with it, frozen."""
        return RunSettings(
            documents_in_flight=self.documents_in_flight,
            slice_seconds=self.slice_seconds,
            calls_per_generation=self.calls_per_generation,
        )


class _Reader:
    """Casts values and collects every fault before anything is raised."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[str] = []

    def text(self, name: str, default: str = "", *, needed: bool = False) -> str:
        value = self._values.get(name, "").strip() or default
        if needed and not value:
            self.faults.append(f"{name} is not set")
        return value

    def number(self, name: str, default: T, cast: Callable[[str], T], least: float) -> T:
        written = self._values.get(name, "").strip()
        if not written:
            return default
        try:
            value = cast(written)
        except ValueError:
            self.faults.append(f"{name} is {written!r}: expected a number")
            return default
        if float(value) < least:
            self.faults.append(f"{name} is {written}: expected at least {least:g}")
        return value


def read_settings(values: Mapping[str, str]) -> Settings:
    """Settings from a mapping such as `os.environ`.

    Raises:
        SettingsError: names every setting that is missing or wrong.
    """
    read = _Reader(values)
    slice_seconds = read.number("SLICE_SECONDS", 60.0, float, 1)
    settings = Settings(
        storage=read.text("AzureWebJobsStorage", needed=True),
        container=read.text("CONTAINER", "policy-reader"),
        openai_api_key=read.text("OPENAI_API_KEY"),
        openai_base_url=read.text("OPENAI_BASE_URL"),
        azure_openai_endpoint=read.text("AZURE_OPENAI_ENDPOINT"),
        azure_openai_api_key=read.text("AZURE_OPENAI_API_KEY"),
        azure_openai_api_version=read.text("AZURE_OPENAI_API_VERSION", "2024-10-21"),
        model=read.text("MODEL", "gpt-4.1"),
        model_calls_at_once=read.number("MODEL_CALLS_AT_ONCE", 16, int, 1),
        model_calls_per_document=read.number("MODEL_CALLS_PER_DOCUMENT", 4, int, 1),
        model_timeout_seconds=read.number(
            "MODEL_TIMEOUT_SECONDS", slice_seconds * 0.75, float, 0.5
        ),
        email_endpoint=read.text("EMAIL_ENDPOINT"),
        email_access_key=read.text("EMAIL_ACCESS_KEY"),
        email_sender=read.text("EMAIL_SENDER"),
        email_size_limit_mb=read.number("EMAIL_SIZE_LIMIT_MB", 10.0, float, 0),
        public_url=read.text("PUBLIC_URL").rstrip("/"),
        documents_in_flight=read.number("DOCUMENTS_IN_FLIGHT", 8, int, 1),
        slice_seconds=slice_seconds,
        calls_per_generation=read.number("CALLS_PER_GENERATION", 200, int, 1),
        page_limit=read.number("PAGE_LIMIT", 3000, int, 1),
        retention_hours=read.number("RETENTION_HOURS", 24.0, float, 0.001),
        signed_in=read.text("WEBSITE_AUTH_ENABLED").lower() == "true",
    )
    if not (settings.openai_api_key or settings.azure_openai_endpoint):
        read.faults.append("OPENAI_API_KEY or AZURE_OPENAI_ENDPOINT is not set")
    if settings.model_timeout_seconds >= settings.slice_seconds:
        # Such a call would hold its document up for longer than a slice may take.
        read.faults.append("MODEL_TIMEOUT_SECONDS must be shorter than SLICE_SECONDS")
    if read.faults:
        raise SettingsError(
            "; ".join(read.faults) + ". See local.settings.json.sample for every setting."
        )
    return settings
