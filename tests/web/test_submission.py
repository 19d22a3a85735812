"""Submitting: what is stored and started, and what is left when it cannot be."""

from __future__ import annotations

import json

import pytest

from shared.domain import blob_names
from shared.domain.errors import StorageError
from shared.domain.job import DEFAULT_QUERY, Job, OutputFormat
from shared.domain.messages import RunJob, from_json
from shared.domain.stored import decode
from tests.fakes import FakeBlobs
from tests.web.conftest import PDF, REQUEST, SITE, VARIABLES, Site, make_site, zipped

EVERYTHING = {
    "email": "analyst@example.org",
    "variables": [
        {
            "name": "SDG 7",
            "description": "Affordable energy",
            "context": "",
            "group": "SDGs",
            "labels": {"Sector": ["power", "heat"]},
        }
    ],
    "query": "Extract any quote on {variable_name} {and keep this brace}",
    "task": "quotes",
    "justify": False,
    "reading": "standard",
    "output": {
        "format": "list",
        "labels": ["Sector"],
        "columns": [{"name": "Target year", "instructions": "…", "type": "year"}],
        "instructions": "",
        "language": "en",
    },
    "documents": [{"name": "CAN LT-LEDS.pdf", "attributes": {"ISO3": "CAN", "Year": "2022"}}],
    "model": "gpt-4.1-mini",
    "mode": "live",
    "fresh": True,
    "upload": None,
    "documents_from": None,
}


def stored(site: Site, job: str) -> Job:
    """The job as the activities will read it."""
    return decode(Job, site.blobs.read(blob_names.request(job)))


def test_an_accepted_job_answers_with_its_five_links(site: Site) -> None:
    """202, Location and Retry-After lead any client on."""
    answer = site.submit()
    job = answer.json["id"]
    assert answer.code == 202
    assert answer.json == {
        "id": job,
        "statusQueryGetUri": f"{SITE}/api/jobs/{job}/status",
        "cancelPostUri": f"{SITE}/api/jobs/{job}/cancel",
        "resultsGetUri": f"{SITE}/api/jobs/{job}/results.json",
        "pageUri": f"{SITE}/jobs/{job}",
    }
    assert answer.response.headers["Location"] == answer.json["statusQueryGetUri"]
    assert answer.response.headers["Retry-After"] == "2"


def test_a_job_is_stored_whole_and_started(site: Site) -> None:
    """PDFs, request, run, the user's mark and the orchestrator's message are all there."""
    job = site.job(("a.pdf", PDF), ("b.pdf", PDF + b"b"))
    known = stored(site, job)
    assert [document.name for document in known.documents] == ["a.pdf", "b.pdf"]
    assert site.blobs.read(blob_names.pdf(job, "d2")) == PDF + b"b"
    assert known.documents[1].size == len(PDF) + 1
    assert known.query == DEFAULT_QUERY
    assert known.model == "gpt-4.1"
    assert site.blobs.read(blob_names.current_run(job)) == b"1"
    assert site.blobs.find(blob_names.own_job(known.user, job)) is not None
    assert json.loads(site.blobs.read(blob_names.running(known.user)))["job"] == job
    message = from_json(RunJob, site.durable.inputs[job])
    assert (message.job, message.run, message.documents, message.variables) == (job, 1, 2, 1)


def test_every_field_of_the_contract_is_understood(site: Site) -> None:
    """The request of the design goes in as it is written there."""
    known = stored(site, site.job(("CAN LT-LEDS.pdf", PDF), request=EVERYTHING))
    assert known.variables[0].labels == {"Sector": ["power", "heat"]}
    assert known.output.format is OutputFormat.LIST
    assert known.output.columns[0].type == "year"
    assert known.documents[0].attributes == {"ISO3": "CAN", "Year": "2022"}
    assert (known.justify, known.fresh, known.model) == (False, True, "gpt-4.1-mini")
    assert known.query == EVERYTHING["query"]


def test_one_job_at_a_time(site: Site) -> None:
    """A second job of a user is refused with the way to the first; another user's is not."""
    first = site.job()
    second = site.submit(request={**REQUEST, "email": "Analyst@Example.org"})
    assert second.code == 409
    assert second.json["job"] == f"{SITE}/jobs/{first}"
    assert site.submit(request={**REQUEST, "email": "other@example.org"}).code == 202


def test_a_finished_job_gives_way(site: Site) -> None:
    """A lock left behind by a job that Durable calls finished is taken over."""
    site.durable.set(site.job(), "Completed")
    assert site.submit().code == 202


def test_a_lock_that_nobody_holds_gives_way_after_ten_minutes(site: Site) -> None:
    """A submission that died while storing blocks its user for ten minutes, not for ever."""
    job = site.job()
    del site.durable.instances[job]
    site.passes(minutes=9)
    assert site.submit().code == 409
    site.passes(minutes=2)
    assert site.submit().code == 202


def test_a_submission_that_broke_off_is_no_running_job(site: Site) -> None:
    """Nothing of it was stored: no link to a job that is not there, but when to come again."""
    job = site.job()
    del site.durable.instances[job]
    site.blobs.delete(blob_names.request(job))
    site.passes(minutes=7)
    answer = site.submit()
    assert (answer.code, answer.response.headers["Retry-After"]) == (409, "180")
    assert "job" not in answer.json
    assert "3 min" in answer.faults[0][1]


class AnswersGetLost(FakeBlobs):
    """Storage that keeps a user's claim, and whose answer to that does not arrive."""

    fault: StorageError | None = None

    def create(self, name: str, data: bytes) -> bool:
        """The SDK's second try finds the blob of its first, or there is no second."""
        created = super().create(name, data)
        if name.startswith("users/") and created and self.fault:
            raise self.fault
        return created and not name.startswith("users/")


def test_a_claim_whose_answer_was_lost_is_its_own(site: Site) -> None:
    """A submission is not refused because of itself."""
    site.blobs = site.services.blobs = AnswersGetLost()
    assert site.submit().code == 202


def test_a_claim_that_may_be_stored_is_given_up(site: Site) -> None:
    """Storage that fails after keeping the claim does not keep the user out."""
    blobs = AnswersGetLost()
    blobs.fault = StorageError("storage is away")
    site.blobs = site.services.blobs = blobs
    assert site.submit().code == 503
    blobs.fault = None
    assert site.submit().code == 202


@pytest.mark.parametrize("lock", [b"", b"{}", b"nonsense", b'{"job": 3}'])
def test_a_lock_that_was_given_up_is_free(site: Site, lock: bytes) -> None:
    """An emptied lock names nobody."""
    user = stored(site, site.job()).user
    site.blobs.write(blob_names.running(user), lock)
    assert site.submit().code == 202


def test_a_failed_start_leaves_nothing(site: Site) -> None:
    """What cannot be started is not stored, and its user is free."""
    site.durable.start_fault = RuntimeError("no")
    assert site.submit().code == 500
    assert list(site.blobs.names("jobs/")) == []
    site.durable.start_fault = None
    assert site.submit().code == 202


def test_a_start_whose_answer_was_lost_is_a_start(site: Site) -> None:
    """An orchestration that runs keeps its documents."""
    site.durable.start_fault = RuntimeError("connection lost")
    site.durable.starts_all_the_same = True
    answer = site.submit()
    assert answer.code == 202
    assert site.blobs.find(blob_names.request(answer.json["id"])) is not None


def test_storage_that_fails_midway_is_said_and_undone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with a time to come back, and the user is free then."""
    write = site.blobs.write

    def failing(name: str, data: bytes) -> None:
        if name.endswith("request.json"):
            raise StorageError("away")
        write(name, data)

    with monkeypatch.context() as patched:
        patched.setattr(site.blobs, "write", failing)
        answer = site.submit()
    assert answer.code == 503
    assert int(answer.response.headers["Retry-After"]) > 0
    assert list(site.blobs.names("jobs/")) == []
    assert site.submit().code == 202


def test_a_forged_principal_is_not_believed(site: Site) -> None:
    """Without the platform's sign-in its header is just text."""
    site.job()
    assert site.submit(headers={"X-MS-CLIENT-PRINCIPAL-ID": "someone else"}).code == 409


def test_a_signed_in_user_is_known_by_principal() -> None:
    """Where the platform signs users in, the lock is the principal's, whatever the email."""
    site = make_site(WEBSITE_AUTH_ENABLED="true")
    me, you = ({"X-MS-CLIENT-PRINCIPAL-ID": who} for who in ("me", "you"))
    job = site.job(headers=me)
    assert site.submit(request={**REQUEST, "email": "b@example.org"}, headers=me).code == 409
    assert site.submit(headers=you).code == 202
    assert site.cancel(job, you).code == 403
    assert site.cancel(job, me).code == 202


def test_zips_and_folders_keep_their_paths(site: Site) -> None:
    """Equal names in different folders stay apart; what a system added is left out."""
    archive = zipped(
        {
            "plans/a.PDF": PDF,
            "laws/a.PDF": PDF + b"2",
            "__MACOSX/plans/._a.pdf": b"junk",
            "plans/.DS_Store": b"junk",
            "notes.txt": b"text",
        }
    )
    known = stored(site, site.job(("Corpus.ZIP", archive), ("a.pdf", PDF + b"3")))
    assert [each.name for each in known.documents] == ["plans/a.PDF", "laws/a.PDF", "a.pdf"]


def test_dots_that_stand_for_a_folder_hide_no_document(site: Site) -> None:
    """Some programs write `./plan.pdf`: it is read like any other, never left out in silence."""
    archive = zipped({"./plan.pdf": PDF, "laws/./act.pdf": PDF + b"2", "./.hidden.pdf": b"junk"})
    known = stored(site, site.job(("corpus.zip", archive)))
    assert [each.name for each in known.documents] == ["plan.pdf", "laws/act.pdf"]


def test_the_same_document_twice_is_kept_once(site: Site) -> None:
    """Same name and bytes count once; same name and other bytes are told apart."""
    job = site.job(("a.pdf", PDF), ("a.pdf", PDF), ("a.pdf", PDF + b"2"))
    assert [each.name for each in stored(site, job).documents] == ["a.pdf", "a (2).pdf"]


def test_variables_of_both_kinds_are_joined(site: Site) -> None:
    """What was typed comes first, then the file's rows; ids count through."""
    table = ("v.csv", b"variable_name,variable_description\nCoal,Phase-out of coal\n")
    job = site.job(request={**REQUEST, "variables": VARIABLES}, table=table)
    assert [(v.id, v.name) for v in stored(site, job).variables] == [
        ("v1", "SDG 7"),
        ("v2", "Coal"),
    ]
