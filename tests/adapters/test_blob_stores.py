"""One contract for every blob store: the fake that tests run on, and Azurite through the SDK."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters.azure_blobs import AzureBlobs
from shared.domain.errors import BlobMissing, LeaseLost, StorageError
from shared.ports import BlobStore
from tests.conftest import Server
from tests.fakes import FakeBlobs


@pytest.fixture(params=["fake", "azurite"])
def blobs(request: pytest.FixtureRequest) -> BlobStore:
    """An empty store of each kind."""
    if request.param == "fake":
        return FakeBlobs()
    azurite: Server = request.getfixturevalue("azurite")
    return AzureBlobs(azurite.connection_string, f"c{uuid.uuid4().hex}")


def test_what_is_written_is_read(blobs: BlobStore) -> None:
    """Bytes come back as they were; the last write wins."""
    blobs.write("a/b.json", b"\x00one")
    blobs.write("a/b.json", b"two")
    assert blobs.read("a/b.json") == b"two"
    assert blobs.find("a/b.json") == b"two"


def test_a_missing_blob_is_none_or_an_error(blobs: BlobStore) -> None:
    """`find` says None, `read` raises, `delete` does not mind."""
    assert blobs.find("nothing") is None
    assert blobs.find_version("nothing") is None
    with pytest.raises(BlobMissing, match="nothing"):
        blobs.read("nothing")
    blobs.delete("nothing")


def test_only_one_creates(blobs: BlobStore) -> None:
    """Of many that create a blob at once, exactly one does."""
    with ThreadPoolExecutor(8) as threads:
        created = list(threads.map(lambda n: blobs.create("claim", str(n).encode()), range(16)))
    assert created.count(True) == 1
    assert blobs.read("claim") == str(created.index(True)).encode()


def test_only_one_replaces(blobs: BlobStore) -> None:
    """Of many that replace the same version, exactly one does."""
    blobs.write("claim", b"old")
    found = blobs.find_version("claim")
    assert found is not None
    with ThreadPoolExecutor(8) as threads:
        replaced = list(
            threads.map(lambda n: blobs.replace("claim", b"%d" % n, found[1]), range(8))
        )
    assert replaced.count(True) == 1
    assert not blobs.replace("gone", b"", found[1])


def test_names_and_folders(blobs: BlobStore) -> None:
    """Names come in order; folders are the next segments that have something below them."""
    for name in ("jobs/b/request.json", "jobs/a/runs/1/cancelled", "jobs/a/request.json", "jobs/x"):
        blobs.write(name, b"")
    assert list(blobs.names("jobs/a/")) == ["jobs/a/request.json", "jobs/a/runs/1/cancelled"]
    assert list(blobs.folders("jobs/")) == ["a", "b"]


def test_a_lease_is_for_one(blobs: BlobStore) -> None:
    """While it is held nobody else gets it; released, the next one does."""
    lease = blobs.lease("state.json", 15)
    assert lease is not None
    assert blobs.lease("state.json", 15) is None
    lease.write(b"mine")
    lease.renew()
    assert blobs.read("state.json") == b"mine"
    lease.release()
    assert blobs.lease("state.json", 15) is not None


def test_a_lost_lease_stops_its_holder(blobs: BlobStore) -> None:
    """Who lost a lease can neither write nor renew, and may release in peace."""
    first = blobs.lease("state.json", 15)
    assert first is not None
    first.release()
    second = blobs.lease("state.json", 15)
    assert second is not None
    with pytest.raises(LeaseLost):
        first.write(b"zombie")
    with pytest.raises(LeaseLost):
        first.renew()
    first.release()
    second.write(b"alive")
    assert blobs.read("state.json") == b"alive"


def test_a_leased_blob_is_not_overwritten_past_the_lease(blobs: BlobStore) -> None:
    """A plain write to a leased blob fails rather than slips under the holder."""
    assert blobs.lease("state.json", 15) is not None
    with pytest.raises(StorageError):
        blobs.write("state.json", b"past")


def test_a_store_that_is_not_there_says_so() -> None:
    """An unreachable account is a storage error that names no key."""
    connection = (
        "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;"
        "BlobEndpoint=http://127.0.0.1:9/a;"
    )
    with pytest.raises(StorageError) as caught:
        AzureBlobs(connection, "c", retries=0).check()
    assert "c2VjcmV0" not in str(caught.value)
