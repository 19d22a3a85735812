"""Sheet names that Excel takes and people can tell apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.report import excel_length
from shared.domain.sheet_names import sheet_names


@given(st.lists(st.text(max_size=60), max_size=12))
def test_names_are_what_excel_allows(wanted: list[str]) -> None:
    """Whatever files are called, names are short, unique and free of forbidden characters."""
    names = sheet_names(wanted, ("Summary",))
    assert len(names) == len(wanted)
    assert len({name.casefold() for name in [*names, "Summary", "History"]}) == len(wanted) + 2
    for name in names:
        assert 0 < excel_length(name) <= 31, name
        assert not set(name) & set("[]:*?/\\"), name
        assert name.strip("'") == name


def test_long_names_keep_what_tells_them_apart() -> None:
    """Names that differ only at their end still show it."""
    first, second = sheet_names(["National plan of a far country " + n for n in ("2019", "2024")])
    assert first.endswith("2019")
    assert second.endswith("2024")
