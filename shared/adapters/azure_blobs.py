"""Blob Storage through `azure-storage-blob`: one container, conditional writes, leases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import (
    BlobLeaseClient,
    BlobPrefix,
    BlobServiceClient,
    ContainerClient,
    ExponentialRetry,
)
from requests import Session
from requests.adapters import HTTPAdapter

from shared.domain.errors import BlobMissing, LeaseLost, StorageError

if TYPE_CHECKING:
    from shared.ports import Lease

_CONNECTIONS = 64
_LEASE_IS_HELD = "LeaseAlreadyPresent"
_LEASE_IS_GONE = {404, 409, 412}


class AzureBlobs:
    """`BlobStore` on a real account or Azurite. Retries of storage faults are the SDK's own."""

    def __init__(self, connection: str, container: str, retries: int = 4) -> None:
        self._connection = connection
        self._container_name = container
        self._retries = retries

    @cached_property
    def _container(self) -> ContainerClient:
        # Documents write their pages side by side; the default pool of 10 connections would open
        # and drop one for almost every page.
        session = Session()
        session.mount("http://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
        session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS))
        service = BlobServiceClient.from_connection_string(
            self._connection,
            transport=RequestsTransport(session=session, session_owner=False),
            connection_timeout=10,
            read_timeout=60,
            # The SDK's own first wait is 15 s, half a lease.
            retry_policy=ExponentialRetry(
                initial_backoff=1, increment_base=2, retry_total=self._retries
            ),
        )
        container = service.get_container_client(self._container_name)
        try:
            container.create_container()
        except ResourceExistsError:
            pass
        except AzureError as fault:
            raise _unavailable(fault) from fault
        return container

    def read(self, name: str) -> bytes:
        """The blob's bytes."""
        data = self.find(name)
        if data is None:
            raise BlobMissing(f"There is no {name} in storage.")
        return data

    def find(self, name: str) -> bytes | None:
        """The blob's bytes, or None."""
        version = self.find_version(name)
        return version and version[0]

    def find_version(self, name: str) -> tuple[bytes, str] | None:
        """The blob's bytes and ETag, or None."""
        try:
            download = self._container.download_blob(name)
            data: bytes = download.readall()
        except ResourceNotFoundError:
            return None
        except AzureError as fault:
            raise _unavailable(fault) from fault
        return data, str(download.properties.etag)

    def write(self, name: str, data: bytes) -> None:
        """Create or overwrite."""
        try:
            self._container.upload_blob(name, data, overwrite=True)
        except AzureError as fault:
            raise _unavailable(fault) from fault

    def create(self, name: str, data: bytes) -> bool:
        """Create if absent; False where a blob of that name exists."""
        try:
            self._container.upload_blob(name, data, overwrite=False)
        except ResourceExistsError:
            return False
        except AzureError as fault:
            raise _unavailable(fault) from fault
        return True

    def replace(self, name: str, data: bytes, version: str) -> bool:
        """Overwrite if the ETag is still `version`; False where it is not."""
        try:
            self._container.upload_blob(
                name,
                data,
                overwrite=True,
                etag=version,
                match_condition=MatchConditions.IfNotModified,
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return False
        except AzureError as fault:
            raise _unavailable(fault) from fault
        return True

    def delete(self, name: str) -> None:
        """Delete; a missing blob is fine."""
        try:
            self._container.delete_blob(name)
        except ResourceNotFoundError:
            return
        except AzureError as fault:
            raise _unavailable(fault) from fault

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with `prefix`, in order."""
        try:
            yield from self._container.list_blob_names(name_starts_with=prefix)
        except AzureError as fault:
            raise _unavailable(fault) from fault

    def folders(self, prefix: str) -> Iterator[str]:
        """The next path segments below `prefix` that have blobs under them."""
        try:
            for item in self._container.walk_blobs(name_starts_with=prefix, delimiter="/"):
                if isinstance(item, BlobPrefix):
                    yield item.name[len(prefix) : -1]
        except AzureError as fault:
            raise _unavailable(fault) from fault

    def lease(self, name: str, seconds: int) -> Lease | None:
        """A lease on an existing or new blob for 15 to 60 s; None while another holds it."""
        blob = self._container.get_blob_client(name)
        try:
            try:
                lease = blob.acquire_lease(lease_duration=seconds)
            except ResourceNotFoundError:
                self.create(name, b"")
                lease = blob.acquire_lease(lease_duration=seconds)
        except ResourceExistsError as fault:
            if getattr(fault, "error_code", None) == _LEASE_IS_HELD:
                return None
            raise _unavailable(fault) from fault
        except AzureError as fault:
            raise _unavailable(fault) from fault
        return _BlobLease(self._container, name, lease)

    def check(self) -> None:
        """Returns if the store answers."""
        try:
            self._container.get_container_properties()
        except AzureError as fault:
            raise _unavailable(fault) from fault


class _BlobLease:
    """A held lease; every write proves that it is still held."""

    def __init__(self, container: ContainerClient, name: str, lease: BlobLeaseClient) -> None:
        self._container = container
        self._name = name
        self._lease = lease
        self._released = False

    def renew(self) -> None:
        """Hold it for its full time again."""
        with self._translated():
            self._lease.renew()

    def write(self, data: bytes) -> None:
        """Overwrite the leased blob."""
        with self._translated():
            self._container.upload_blob(self._name, data, overwrite=True, lease=self._lease)

    def release(self) -> None:
        """Give it up; does nothing if it is gone already."""
        with suppress(LeaseLost), self._translated():
            self._lease.release()
        self._released = True

    @contextmanager
    def _translated(self) -> Iterator[None]:
        lost = LeaseLost(f"The lease on {self._name} is held no more.")
        if self._released:
            raise lost
        try:
            yield
        except HttpResponseError as fault:
            if fault.status_code in _LEASE_IS_GONE:
                raise lost from fault
            raise _unavailable(fault) from fault
        except AzureError as fault:
            raise _unavailable(fault) from fault


def _unavailable(fault: AzureError) -> StorageError:
    """The fault without the request's URL, which may carry a signature."""
    status = getattr(fault, "status_code", None)
    code = getattr(fault, "error_code", None)
    detail = " ".join(str(part) for part in (status, code) if part) or type(fault).__name__
    return StorageError(f"Blob Storage did not do as asked ({detail}). Try again shortly.")
