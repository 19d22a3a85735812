"""Pages → units: sentences, lists, tables, headings, notes, and where they stand."""

from __future__ import annotations

import pytest

from shared.domain.pages import Line, Page, PageState, Word
from shared.domain.units import DocumentText, Unit, UnitKind, build_units
from tests.domain.printing import grid, line, page, paragraph

FULL = "words that fill the whole line up to its right margin without any end"


def units(*pages: Page) -> list[Unit]:
    """The units of pages."""
    return list(build_units("A plan", pages).units)


def texts(*pages: Page) -> list[str]:
    """The texts of the units of pages."""
    return [unit.text for unit in units(*pages)]


def test_sentences_are_units() -> None:
    """A paragraph becomes its sentences, joined over lines, numbered from 1."""
    found = units(
        page(*paragraph("Emissions fall by 3.5 per cent. They", "fell before. Dr. Li agrees."))
    )
    assert [unit.text for unit in found] == [
        "Emissions fall by 3.5 per cent.",
        "They fell before.",
        "Dr. Li agrees.",
    ]
    assert [unit.number for unit in found] == [1, 2, 3]
    assert {unit.kind for unit in found} == {UnitKind.SENTENCE}
    assert len({unit.paragraph for unit in found}) == 1


def test_each_word_has_its_place() -> None:
    """Places cover each word where it is printed, on the line it is printed on."""
    [unit] = units(page(*paragraph("Net zero", "by 2050.")))
    words = [(unit.text[p.start : p.end], p.page, p.rect) for p in unit.places]
    assert words == [
        ("Net", 1, (72, 100, 87, 111)),
        ("zero", 1, (92, 100, 112, 111)),
        ("by", 1, (72, 113.2, 82, 124.2)),
        ("2050.", 1, (87, 113.2, 112, 124.2)),
    ]


def test_no_pages_give_no_units() -> None:
    """A document without pages is an empty text."""
    assert build_units("", []) == DocumentText("", (), ())


def test_pages_keep_their_states() -> None:
    """Every page is accounted for, read or not."""
    failed = Page(2, 0, 0, PageState.FAILED, "the PDF is damaged here")
    text = build_units("t", [page(line("One.")), failed])
    assert [(p.number, p.state, p.reason) for p in text.pages] == [
        (1, PageState.TEXT, ""),
        (2, PageState.FAILED, "the PDF is damaged here"),
    ]


def test_doubtful_pages_mark_their_units() -> None:
    """A unit of an untrusted page says so, and its neighbour on a good page does not."""
    doubtful = page(line("Doubtful text."), state=PageState.UNTRUSTED)
    good = page(line("Good text."), number=2)
    assert [unit.source for unit in units(doubtful, good)] == [PageState.UNTRUSTED, PageState.TEXT]


@pytest.mark.parametrize(
    ("before", "after", "rest", "expected"),
    [
        ("The coun-", "try acts.", "Another country.", "The country acts."),
        ("Towards net-", "zero now.", "A net-zero plan.", "Towards net-zero now."),
        ("We are finalis-", "ing it.", "Nothing else.", "We are finalising it."),
        ("A soft\u00adware re\u00ad", "port came.", "Nothing.", "A software report came."),
        ("From 2020-", "2030 on.", "Nothing.", "From 2020-2030 on."),
    ],
    ids=["word", "compound", "seen nowhere else", "soft", "years"],
)
def test_the_document_decides_about_hyphens(
    before: str, after: str, rest: str, expected: str
) -> None:
    """A line-end hyphen goes only where the document writes the word without it."""
    assert texts(page(*paragraph(before, after), line(rest, y=400, block=2)))[0] == expected


def test_columns_are_read_one_after_the_other() -> None:
    """Text in two columns is read down the left one first, below a line across both."""
    left = paragraph("The left column", "has these words here", "and it ends here.", y=200, block=1)
    right = paragraph(
        "The right one has", "quite other words", "and ends too.", x=320, y=200, block=2
    )
    top = line(
        "A sentence that stands across both of the columns, and is read before them.", block=0
    )
    assert texts(page(*right, top, *left)) == [
        "A sentence that stands across both of the columns, and is read before them.",
        "The left column has these words here and it ends here.",
        "The right one has quite other words and ends too.",
    ]


def test_a_sentence_goes_on_in_the_next_column() -> None:
    """What breaks off at the foot of a column goes on at the head of the next."""
    left = paragraph("The left column has", "a sentence and this one", "goes on to the", y=200)
    right = paragraph(
        "right and comes", "to its end. Then there", "is one more.", x=320, y=200, block=1
    )
    assert texts(page(*left, *right))[-2:] == [
        "The left column has a sentence and this one goes on to the right and comes to its end.",
        "Then there is one more.",
    ]


def body(number: int, *lines: Line) -> Page:
    """A page with a running head, a page number, and lines between."""
    head = line("Climate Strategy of Utopia", y=30, block=90)
    foot = line(str(number + 4), x=290, y=800, block=91)
    return page(head, *lines, foot, number=number)


def test_running_heads_and_page_numbers_are_left_out() -> None:
    """What repeats at the same height is no unit; the printed page number is told."""
    pages = [body(n, line(f"Sentence {'abcd'[n]} stands here.", y=300)) for n in (1, 2, 3)]
    text = build_units("", pages)
    assert [unit.text for unit in text.units] == [
        "Sentence b stands here.",
        "Sentence c stands here.",
        "Sentence d stands here.",
    ]
    assert [outcome.printed for outcome in text.pages] == ["5", "6", "7"]


def test_roman_page_numbers_are_told() -> None:
    """Front matter is numbered in roman figures, as printed."""
    pages = [
        page(line("Some text stands here.", y=300), line(roman, x=290, y=800, block=1), number=n)
        for n, roman in enumerate(("i", "ii", "iii", "iv"), start=1)
    ]
    text = build_units("", pages)
    assert [outcome.printed for outcome in text.pages] == ["i", "ii", "iii", "iv"]
    assert "iv" not in [unit.text for unit in text.units]


def test_a_lone_figure_is_no_page_number() -> None:
    """A figure in the margin of one page that agrees with no other page stays text."""
    text = build_units("", [page(line("Text here.", y=300), line("1998", y=810, block=1))])
    assert text.pages[0].printed == ""
    assert "1998" in [unit.text for unit in text.units]


def test_a_sentence_goes_on_over_the_page() -> None:
    """A sentence broken by running foot and head is one unit on two pages."""
    first = body(1, *paragraph("Text begins here. It goes on", "to the very end of the", y=700))
    second = body(2, *paragraph("page and ends. Then more.", y=100))
    third = body(3, line("Other text.", y=300))
    found = units(first, second, third)
    assert [unit.text for unit in found][1] == "It goes on to the very end of the page and ends."
    assert found[1].pages == (1, 2)


def test_list_items_know_what_they_hang_on() -> None:
    """Items lose their markers and carry the line that introduces them."""
    lines = [
        line("The plan has three aims:", y=100),
        line("•", x=80, y=120, block=1),
        line("fewer cars in towns", x=95, y=120, block=1),
        line("• more trains", x=80, y=135, block=1),
        line("1. safer paths", x=80, y=150, block=2),
        line("2. wider paths", x=80, y=165, block=2),
    ]
    found = units(page(*lines))
    items = [unit for unit in found if unit.kind is UnitKind.LIST_ITEM]
    assert [unit.text for unit in items] == [
        "fewer cars in towns",
        "more trains",
        "safer paths",
        "wider paths",
    ]
    assert {unit.lead_in for unit in items} == {"The plan has three aims:"}
    assert len({unit.paragraph for unit in items}) == 1


def test_table_rows_know_their_header() -> None:
    """A ruled table gives a unit for each row, with the first row as lead-in."""
    cells = [
        line("Sector", x=80, y=105, block=1),
        line("2030", x=205, y=105, block=2),
        line("Energy", x=80, y=125, block=3),
        line("40 %", x=205, y=125, block=4),
        line("Waste", x=80, y=145, block=5),
        line("12 %", x=205, y=145, block=6),
    ]
    found = units(page(*cells, rules=grid([72, 200, 300], [100, 120, 140, 160])))
    assert [unit.text for unit in found] == ["Sector 2030", "Energy 40 %", "Waste 12 %"]
    assert {unit.kind for unit in found} == {UnitKind.TABLE_ROW}
    assert [unit.lead_in for unit in found] == ["", "Sector | 2030", "Sector | 2030"]


def test_cells_of_prose_are_units_of_their_own() -> None:
    """A cell that says something by itself is not mixed with its neighbours."""
    cells = [
        line("Sector", x=80, y=105, block=1),
        line("Measure", x=205, y=105, block=2),
        line("Energy", x=80, y=125, block=3),
        *paragraph("Build more wind parks", "and connect them soon.", x=205, y=125, block=4),
        *paragraph("Close all coal mines", "in the south by 2030.", x=205, y=155, block=5),
    ]
    found = texts(page(*cells, rules=grid([72, 200, 400], [100, 120, 150, 180])))
    assert found == [
        "Sector Measure",
        "Energy",
        "Build more wind parks and connect them soon.",
        "Close all coal mines in the south by 2030.",
    ]


def test_a_frame_is_no_table() -> None:
    """Text in a box is text."""
    lines = paragraph("A box with two lines", "of text in it.", x=80, y=110)
    [unit] = units(page(*lines, rules=grid([72, 300], [100, 150])))
    assert unit.kind is UnitKind.SENTENCE


def test_headings_make_a_path() -> None:
    """Units carry the headings above them, sections and their parts."""
    lines = [
        line("1 Energy", y=100, block=0, size=16, bold=True),
        line(f"Body {FULL}.", y=130, block=1),
        line("1.1 Wind", y=160, block=2, bold=True),
        line(f"More {FULL}.", y=190, block=3),
        line("2 Transport", y=220, block=4, size=16, bold=True),
        line(f"Last {FULL}.", y=250, block=5),
    ]
    found = units(page(*lines))
    assert [(unit.kind, unit.heading) for unit in found] == [
        (UnitKind.HEADING, ()),
        (UnitKind.SENTENCE, ("1 Energy",)),
        (UnitKind.HEADING, ("1 Energy",)),
        (UnitKind.SENTENCE, ("1 Energy", "1.1 Wind")),
        (UnitKind.HEADING, ()),
        (UnitKind.SENTENCE, ("2 Transport",)),
    ]


def test_footnote_marks_belong_to_no_sentence() -> None:
    """A raised mark after a full stop neither hides the end nor joins the text."""
    marked = line("It fell in 2021. 1 It rose again.", raised=[4])
    assert texts(page(marked)) == ["It fell in 2021.", "It rose again."]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("It fell in 2021.1 It rose again.", ["It fell in 2021.", "It rose again."]),
        ("It cut emissions.12 It rose again.", ["It cut emissions.", "It rose again."]),
        ("It rose by 1.5 It says.", ["It rose by 1.5 It says."]),
    ],
    ids=["after a year", "after a word", "a decimal"],
)
def test_merged_marks_do_not_hide_an_end(printed: str, expected: list[str]) -> None:
    """Where the mark is not raised, its place after a full stop still tells it."""
    assert texts(page(line(printed))) == expected


def test_a_mark_within_a_sentence_stays_apart() -> None:
    """A raised mark inside a sentence stays in the text, as a word of its own."""
    [text] = texts(page(line("The emissions 3 fell.", raised=[2])))
    assert text == "The emissions 3 fell."


def test_powers_stay_with_their_unit() -> None:
    """A raised figure after a unit of measure is no footnote mark."""
    assert texts(page(line("An area of 50 km 2 in all.", raised=[5]))) == [
        "An area of 50 km2 in all."
    ]


def test_footnotes_are_units_apart() -> None:
    """Notes at the foot of the page are footnotes without their mark."""
    notes = [
        line("1 See the annual report.", y=700, block=5, size=8, raised=[0]),
        line("2 As above.", y=712, block=5, size=8, raised=[0]),
    ]
    found = units(page(*paragraph(*[f"Body {FULL}."] * 5), *notes))
    footnotes = [unit.text for unit in found if unit.kind is UnitKind.FOOTNOTE]
    assert footnotes == ["See the annual report.", "As above."]


def test_captions_are_told() -> None:
    """“Figure 3” and “Source:” begin captions."""
    lines = [
        line("Figure 3. Emissions by sector", y=100),
        line("Source: national inventory", y=140, block=1),
        line(f"Body {FULL}.", y=180, block=2),
    ]
    kinds = [unit.kind for unit in units(page(*lines))]
    assert kinds[0] is UnitKind.CAPTION
    assert kinds[-2:] == [UnitKind.CAPTION, UnitKind.SENTENCE]


def test_long_sentences_are_cut_at_clauses() -> None:
    """No unit is longer than 120 words, and cuts fall behind clause marks where there are any."""
    clause = "and every region will reduce its emissions by a tenth in every year,"
    found = texts(page(*paragraph(*["It begins"], *[clause] * 20, "until it ends.")))
    assert len(found) > 1
    assert all(len(text.split()) <= 120 for text in found)
    assert all(text.endswith((",", ".")) for text in found)


def test_semicolons_make_items() -> None:
    """A list written as one sentence is cut at its semicolons, not at those in brackets."""
    sentence = (
        "We plant many more trees (oak; beech; ash); we close the old mines; we build new lines."
    )
    assert texts(page(line(sentence))) == [
        "We plant many more trees (oak; beech; ash);",
        "we close the old mines;",
        "we build new lines.",
    ]


def test_arabic_stays_in_logical_order() -> None:
    """Words are joined in the order given, whichever way they run."""
    words = "تلتزم الدولة بخفض الانبعاثات"
    assert texts(page(line(words))) == [words]


def test_chinese_needs_no_spaces() -> None:
    """Lines of a script without spaces are joined without one."""
    assert texts(page(*paragraph("到二零三零年减少", "排放。继续努力。"))) == [
        "到二零三零年减少排放。",
        "继续努力。",
    ]


def test_a_sideways_page_is_read_as_if_turned() -> None:
    """Lines that run up the page are joined in their order; places stay as shown."""

    def upward(text: str, x: float, block: int = 0) -> Line:
        words, bottom = [], 700.0
        for word in text.split():
            words.append(Word(word, (x, bottom - 5 * len(word), x + 11, bottom)))
            bottom -= 5 * len(word) + 5
        return Line(tuple(words), (x, bottom + 5, x + 11, 700), block, 11, angle=270)

    lines = [
        upward("A table set sideways over the", 100),
        upward("whole page is text. It ends.", 113),
    ]
    found = units(page(*lines))
    assert [unit.text for unit in found] == [
        "A table set sideways over the whole page is text.",
        "It ends.",
    ]
    assert found[0].places[0].rect == (100, 695, 111, 700)


def test_text_without_spaces_is_cut_too() -> None:
    """A line of letters without end does not become a unit without end."""
    found = texts(page(line("x" * 20_000)))
    assert "".join(found) == "x" * 20_000
    assert max(len(text) for text in found) < 2_000


def test_members_of_an_enumeration_are_units() -> None:
    """A list written in one sentence is cut between its members, not after “By 2030,”."""
    said = (
        "By 2030, the city builds bus lanes for all districts, cycling paths along rivers, "
        "tram lines to the suburbs, and safe crossings near schools."
    )
    assert texts(page(*paragraph(said))) == [
        "By 2030, the city builds bus lanes for all districts,",
        "cycling paths along rivers,",
        "tram lines to the suburbs,",
        "and safe crossings near schools.",
    ]


def test_adjectives_in_a_row_are_no_clauses() -> None:
    """A long sentence is cut at a comma, but not within “fair, accessible and …”."""
    said = (
        "The ministry ensures that citizens in all regions can use transport systems with fair, "
        "accessible and stable prices for everybody who lives there today, while it improves the "
        "safety of roads and crossings for children"
    )
    assert texts(page(*paragraph(said))) == [
        said[: said.index(" while")],
        said[said.index("while") :],
    ]


def test_a_list_hangs_on_the_whole_sentence() -> None:
    """The lead-in of a list is the sentence before it, though it was cut into clauses."""
    lead = (
        "In order to reach its targets for the sectors of energy and transport by 2030, the "
        "government together with the provinces and cities of the country will do these things:"
    )
    found = units(page(*paragraph(lead, "• Build railways", "• Plant trees")))
    assert [unit.lead_in for unit in found if unit.kind is UnitKind.LIST_ITEM] == [lead, lead]


def test_numbers_of_table_rows_are_markers() -> None:
    """Where a table counts its rows, the number is not part of what a row says."""
    rules = grid([70, 100, 300], [95, 115, 135, 155])
    lines = [
        part
        for row, name in enumerate(["Storm water", "Public health", "Clean mining"])
        for part in (
            line(str(row + 1), 75, 100 + 20 * row, block=2 * row),
            line(name, 105, 100 + 20 * row, block=2 * row + 1),
        )
    ]
    found = units(page(*lines, rules=rules))
    assert [(unit.marker, unit.text) for unit in found] == [
        ("1", "Storm water"),
        ("2", "Public health"),
        ("3", "Clean mining"),
    ]


def test_what_something_stands_between_stays_apart() -> None:
    """Lines between which the PDF holds other text never become one unit of one page."""
    left = paragraph("The plan names all of the measures that", "the ministry of transport and")
    note = [line("Chart: traffic", 72, 300, block=1)]
    right = paragraph("energy will take.", x=330, y=400, block=2)
    said = texts(page(*left, *note, *right))
    assert not any("and energy" in text for text in said), said
