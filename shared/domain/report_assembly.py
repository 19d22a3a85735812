"""Findings → the whole workbook."""

from __future__ import annotations

from shared.domain.report import Report
from shared.domain.report_coverage import coverage_sheet, metrics_sheet, variables_sheet
from shared.domain.report_formats import format_sheets
from shared.domain.report_method import method_sheet
from shared.domain.report_quotes import quotes_sheet
from shared.domain.report_source import ReportSource
from shared.domain.report_summary import summary_sheet


def build_report(source: ReportSource) -> Report:
    """All sheets, in the order people need them. Rows are made as they are written."""
    first = (summary_sheet(source), quotes_sheet(source))
    last = (
        coverage_sheet(source),
        variables_sheet(source),
        method_sheet(source),
        metrics_sheet(source),
    )
    taken = tuple(sheet.name for sheet in (*first, *last))
    return Report(
        (*first, *format_sheets(source, taken), *last),
        title=f"Policy Reader, job {source.job.id}",
        created=source.job.created,
    )
