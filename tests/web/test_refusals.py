"""Wrong submissions: the right status, everything at once, and nothing left behind."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.web import archives
from tests.web.conftest import PDF, REQUEST, Answer, Site, form, make_site, zipped

Files = list[tuple[str, bytes]]


def refused(site: Site, answer: Answer, code: int, *words: str) -> None:
    """The answer has this status and says each of these; nothing was stored."""
    assert answer.code == code, answer.response.get_body()
    said = " ".join(f"{field}: {message}" for field, message in answer.faults)
    for word in words:
        assert word in said, said
    assert list(site.blobs.names("")) == [], "something was stored"
    assert not site.durable.inputs, "something was started"


def test_everything_wrong_is_said_at_once(site: Site) -> None:
    """Files, email, variables and unknown fields come back in one answer."""
    request = {"email": "nobody", "variables": [{"name": "A"}], "colour": "red", "task": "guess"}
    answer = site.submit(("a.txt", b"text"), ("empty.pdf", b""), request=request)
    refused(site, answer, 422, "a.txt", "empty.pdf", "nobody", "colour", "guess", "quotes")
    assert "variables[0].description" in answer.fields()
    assert "variables" not in answer.fields(), "variables were sent: they are not missing"
    assert {"type", "title", "status", "errors"} <= answer.json.keys()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("report.pdf", b"this is text", 415),
        ("report.pdf", b"x" * 1024 + b"%PDF-", 415),
        ("report.zip", b"this is text", 415),
        ("report.docx", zipped({"word/document.xml": b"<x/>"}), 415),
        ("report.pdf", b"", 422),
        ("report.zip", b"", 422),
        ("report.zip", zipped({"notes.txt": b"text"}), 422),
        ("report.zip", zipped({}), 422),
        ("report.zip", zipped({"a.pdf": PDF})[:-30], 422),
        ("report.zip", zipped({"inner.zip": b"x"}), 422),
        ("report.zip", zipped({"../../a.pdf": PDF}), 422),
        ("report.zip", zipped({"plans/../../a.pdf": PDF, "b.pdf": PDF}), 422),
        ("report.zip", zipped({"C:/a.pdf": PDF}), 422),
        ("report.zip", zipped({"a.pdf": PDF, "A.PDF": PDF}), 422),
        ("report.zip", zipped({"a.pdf": b"text"}), 415),
    ],
)
def test_a_wrong_file_is_named(site: Site, name: str, content: bytes, code: int) -> None:
    """Neither PDF nor ZIP is 415, a wrong PDF or ZIP 422; the file is named."""
    refused(site, site.submit((name, content)), code, name)


def test_junk_before_the_header_is_a_pdf_still(site: Site) -> None:
    """`%PDF-` within the first 1,024 bytes is enough."""
    assert site.submit(("a.pdf", b"x" * 1000 + PDF)).code == 202


def test_a_locked_zip_is_named(site: Site) -> None:
    """An encrypted entry asks for a ZIP without a password."""
    content = bytearray(zipped({"a.pdf": PDF}))
    at = content.index(b"PK\x01\x02") + 8
    content[at : at + 2] = struct.pack("<H", 1)
    refused(site, site.submit(("a.zip", bytes(content))), 422, "a.zip", "password")


def test_a_zip_bomb_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to too much is 413, by its directory or against it."""
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 100_000)
    monkeypatch.setattr(archives.Allowance, "__init__", _allow(100_000))
    bomb = bytearray(zipped({"a.pdf": PDF + bytes(500_000)}))
    refused(site, site.submit(("bomb.zip", bytes(bomb))), 413, "bomb.zip")
    at = bomb.index(b"PK\x01\x02") + 24
    bomb[at : at + 4] = struct.pack("<I", 10)  # the directory says: ten bytes
    assert site.submit(("bomb.zip", bytes(bomb))).code in {413, 415, 422}


def _allow(left: int) -> Any:
    def made(allowance: archives.Allowance) -> None:
        allowance.left = left

    return made


@pytest.mark.parametrize(
    "email",
    ["", " ", "a", "a@b", "a b@c.org", "a@b..org", "@b.org", "a@b.org\nBcc: x@y.org", "a@-b.org"],
)
def test_a_bad_address_is_refused(site: Site, email: str) -> None:
    """No mail can be sent there, and no header smuggled in."""
    answer = site.submit(request={**REQUEST, "email": email})
    refused(site, answer, 422)
    assert answer.fields() == ["email"]


@pytest.mark.parametrize("email", ["a.b+c@sub.example.org", "Ünal@exämple.de", "o'neil@x.museum"])
def test_a_good_address_is_taken(site: Site, email: str) -> None:
    """Real addresses are odder than most checks allow."""
    assert site.submit(request={**REQUEST, "email": email}).code == 202


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variables": []}, "variables"),
        ({"variables": "SDG 7"}, "variables"),
        ({"variables": [{"name": " ", "description": "x"}]}, "variables[0].name"),
        ({"variables": [{"name": "x" * 300, "description": "x"}]}, "variables[0].name"),
        ({"variables": [{"name": "x", "description": "y" * 5000}]}, "variables[0].description"),
        ({"variables": [{"name": "x", "description": "y", "z": 1}]}, "variables[0].z"),
        ({"variables": REQUEST["variables"] * 2}, "variables[1]"),
        ({"output": {"format": "poem"}}, "output.format"),
        ({"reading": "fast"}, "reading"),
        ({"reading": "careful"}, "reading"),
        ({"mode": "batch"}, "mode"),
        ({"justify": "yes"}, "justify"),
        ({"upload": "abc"}, "upload"),
        ({"documents_from": "abc"}, "documents_from"),
        ({"documents": [{"name": "other.pdf"}]}, "documents[0].name"),
        ({"query": "x" * 9000}, "query"),
    ],
)
def test_a_wrong_field_is_named(site: Site, change: dict[str, Any], field: str) -> None:
    """Each fault carries the path of its field."""
    answer = site.submit(request={**REQUEST, **change})
    refused(site, answer, 422)
    assert answer.fields() == [field]


@pytest.mark.parametrize("reading", ["deep", "careful", "STANDARD", ""])
def test_only_what_is_available_is_offered(site: Site, reading: str) -> None:
    """A way of reading that would be refused in its turn is not named as a remedy."""
    answer = site.submit(request={**REQUEST, "reading": reading, "mode": "batch"})
    assert dict(answer.faults) == {
        "reading": f"reading cannot be '{reading}'; it can be standard.",
        "mode": "mode cannot be 'batch'; it can be live.",
    }


def test_too_many_are_refused(site: Site) -> None:
    """200 variables and 1,000 documents are the most a job takes."""
    many = [{"name": f"v{n}", "description": "d"} for n in range(201)]
    refused(site, site.submit(request={**REQUEST, "variables": many}), 422, "201")
    files = [(f"{n}.pdf", PDF + str(n).encode()) for n in range(1001)]
    refused(site, site.submit(*files), 422, "1001")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"hello"),
        ("", b""),
        ("application/x-www-form-urlencoded", b"a=1"),
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no boundary in here"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb",
        ),
        ("application/json", b"{"),
    ],
)
def test_what_is_no_form_is_not_understood(site: Site, content_type: str, body: bytes) -> None:
    """400, saying what was expected."""
    refused(site, site.post(body, content_type), 400)


def test_a_request_that_is_no_json_is_not_understood(site: Site) -> None:
    """400 names the field `request`."""
    answer = site.post(*form(("request", None, b"{nope"), ("files", "a.pdf", PDF)))
    refused(site, answer, 400, "request")


def test_a_form_without_request_or_files_says_what_is_missing(site: Site) -> None:
    """An empty form is told all it lacks."""
    answer = site.post(*form(("files", "", b"")))
    refused(site, answer, 422)
    assert set(answer.fields()) == {"email", "variables", "files"}


def test_a_body_over_100_mb_is_too_large(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """413, should the host have let it through."""
    monkeypatch.setattr("shared.web.job_request.MAX_BODY_BYTES", 1000)
    refused(site, site.submit(("a.pdf", PDF + bytes(1000))), 413, "files")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"", ["empty"]),
        (b"name,description\na,b\n", ["variable_name", "variable_description"]),
        (b"variable_name,variable_description\n", ["names its columns but has no variable"]),
        (b"name,description\n", ["variable_name", "variable_description"]),
        (b"variable_name,variable_description\nA,\n", ["Row 2", "variable_description"]),
        (b"PK\x03\x04 broken", ["XLSX"]),
    ],
)
def test_a_wrong_table_is_explained(site: Site, table: bytes, words: list[str]) -> None:
    """The file, its row or column, and what to do."""
    answer = site.submit(request={"email": "a@example.org"}, table=("v.csv", table))
    refused(site, answer, 422, *words)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_any_spreadsheet_program(site: Site, encoding: str, delimiter: str) -> None:
    """Encodings and delimiters are found out; column names in any letter case."""
    rows = [
        ["Variable_Name", "VARIABLE_DESCRIPTION", "Context"],
        ["Énergie", "Accès à l’énergie", "x"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    answer = site.submit(request={"email": "a@example.org"}, table=("v.csv", text.encode(encoding)))
    assert answer.code == 202, answer.json
    job = json.loads(site.blobs.read(f"jobs/{answer.json['id']}/request.json"))
    assert job["variables"][0]["name"] == "Énergie"
    assert job["variables"][0]["description"] == "Accès à l’énergie"


def test_a_table_in_xlsx(site: Site) -> None:
    """A workbook's first sheet is read; blank rows and numbers are no trouble."""
    from openpyxl import Workbook

    workbook, content = Workbook(), io.BytesIO()
    sheet = workbook.worksheets[0]
    for row in (
        ["variable_name", "variable_description"],
        [2030, "Targets"],
        [None],
        ["B", "Bees"],
    ):
        sheet.append(row)
    workbook.save(content)
    answer = site.submit(request={"email": "a@example.org"}, table=("v.xlsx", content.getvalue()))
    assert answer.code == 202, answer.json
    job = json.loads(site.blobs.read(f"jobs/{answer.json['id']}/request.json"))
    assert [variable["name"] for variable in job["variables"]] == ["2030", "B"]


QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(["email", "variables", "query", "task", "output", "documents", "model"])


@QUICK
@given(st.binary(max_size=300), st.sampled_from(["b", "boundary", "é", "--", '"x"']))
def test_no_body_breaks_the_site(noise: bytes, boundary: str) -> None:
    """Whatever is sent as multipart gets an answer of the contract, never a 500."""
    start = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.zip"\r\n\r\n'
    )
    for body in (noise, start.encode() + noise, start.encode() + b"PK\x03\x04" + noise):
        for end in (b"", f"\r\n--{boundary}--".encode()):
            answer = make_site().post(body + end, f"multipart/form-data; boundary={boundary}")
            assert answer.code in {400, 413, 415, 422}


@QUICK
@given(st.dictionaries(FIELDS | st.text(max_size=5), JSONS, max_size=5) | JSONS)
def test_no_request_breaks_the_site(request: object) -> None:
    """Whatever JSON the request is, its faults are named."""
    answer = make_site().submit(request=request if request is not None else {})
    assert answer.code == 422, answer.response.get_body()
    assert answer.faults


@QUICK
@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_archive_breaks_the_site(noise: bytes, at: int) -> None:
    """A ZIP that was tampered with anywhere is refused or read, never a 500."""
    whole = zipped({"a.pdf": PDF, "sub/b.pdf": PDF + noise})
    tampered = whole[:at] + noise + whole[at + len(noise) :]
    assert make_site().submit(("a.zip", tampered)).code in {202, 413, 415, 422}


@QUICK
@given(st.binary(max_size=300))
def test_no_table_breaks_the_site(noise: bytes) -> None:
    """Any bytes as a table of variables are read or explained."""
    head = b"variable_name,variable_description\n"
    for content in (noise, head + noise):
        answer = make_site().submit(request={"email": "a@b.org"}, table=("v.csv", content))
        assert answer.code in {202, 422}


def test_old_names_in_zips(site: Site) -> None:
    """UTF-8 names are understood even where the archive does not say they are UTF-8."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("Énergie.pdf", PDF)
    raw = bytearray(packed.getvalue())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = raw.index(mark) + offset
        raw[at : at + 2] = b"\x00\x00"
    job = site.job(("a.zip", bytes(raw)))
    stored = json.loads(site.blobs.read(f"jobs/{job}/request.json"))
    assert stored["documents"][0]["name"] == "Énergie.pdf"
