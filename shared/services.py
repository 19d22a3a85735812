"""Settings → adapters; each built on first use, all replaceable.

An SDK that only some work needs is imported with its adapter; storage is needed by every request,
so its import is paid when the worker starts and not by the first upload.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from threading import Lock

from shared.adapters.azure_blobs import AzureBlobs
from shared.ports import (
    BlobStore,
    Highlighter,
    LanguageModel,
    Mailer,
    TextExtractor,
    WorkbookWriter,
)
from shared.settings import Settings, read_settings


def utc_now() -> datetime:
    """The time, aware, in UTC."""
    return datetime.now(UTC)


class Services:
    """What the app's doors use. Assign an attribute to replace a part."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self.clock = clock

    @cached_property
    def blobs(self) -> BlobStore:
        """Blob Storage."""
        return AzureBlobs(self.settings.storage, self.settings.container)

    @cached_property
    def extractor(self) -> TextExtractor:
        """PDF → pages."""
        from shared.adapters.pymupdf_processes import Limits
        from shared.adapters.pymupdf_text import PymupdfTextExtractor

        return PymupdfTextExtractor(Limits(pages=self.settings.page_limit))

    @cached_property
    def model(self) -> LanguageModel:
        """The language model."""
        from shared.adapters.openai_model import OpenAiModel

        settings = self.settings
        azure = bool(settings.azure_openai_endpoint)
        return OpenAiModel(
            api_key=settings.azure_openai_api_key if azure else settings.openai_api_key,
            base_url=settings.openai_base_url or None,
            azure_endpoint=settings.azure_openai_endpoint or None,
            api_version=settings.azure_openai_api_version,
            calls_at_once=settings.model_calls_at_once,
            timeout_seconds=settings.model_timeout_seconds,
        )

    @cached_property
    def workbook(self) -> WorkbookWriter:
        """Sheets → xlsx."""
        from shared.adapters.xlsxwriter_workbook import XlsxwriterWorkbook

        return XlsxwriterWorkbook()

    @cached_property
    def highlighter(self) -> Highlighter:
        """Quotes → marks on the PDF."""
        from shared.adapters.pymupdf_highlights import PymupdfHighlighter

        return PymupdfHighlighter()

    @cached_property
    def mailer(self) -> Mailer:
        """Mail."""
        from shared.adapters.azure_email import AzureEmail

        settings = self.settings
        return AzureEmail(settings.email_endpoint, settings.email_access_key, settings.email_sender)


_lock = Lock()
_services: Services | None = None


def services() -> Services:
    """The process's services, from the environment at first use.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    global _services  # noqa: PLW0603  one process, one set of clients
    with _lock:
        if _services is None:
            _services = Services(read_settings(os.environ))
        return _services


def replace_services(replacement: Services | None) -> None:
    """Put other services in place; None builds them anew from the environment."""
    global _services  # noqa: PLW0603  the same one
    with _lock:
        _services = replacement
