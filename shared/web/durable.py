"""The part of the Durable client that the web uses."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

FINISHED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


class RuntimeStatus(Protocol):
    """A member of the SDK's `OrchestrationRuntimeStatus`."""

    @property
    def name(self) -> str:
        """Such as `Running`."""


class InstanceStatus(Protocol):
    """What Durable knows of an instance; false where it knows of none."""

    def __bool__(self) -> bool: ...

    @property
    def name(self) -> str | None:
        """The orchestrator's name."""

    @property
    def runtime_status(self) -> RuntimeStatus | None:
        """Where it stands."""

    @property
    def custom_status(self) -> object:
        """What the orchestrator last said of itself."""

    @property
    def output(self) -> object:
        """What it returned, or why it failed."""

    @property
    def created_time(self) -> datetime | None:
        """When this generation began."""

    @property
    def last_updated_time(self) -> datetime | None:
        """When it last advanced."""


class DurableClient(Protocol):
    """`DurableOrchestrationClient`, as far as it is used here."""

    async def get_status(self, instance_id: str) -> InstanceStatus:
        """What is known of an instance."""

    async def start_new(
        self, orchestration_function_name: str, instance_id: str, client_input: object
    ) -> str:
        """Start an instance; its id."""

    async def raise_event(self, instance_id: str, event_name: str, event_data: object) -> None:
        """Wake an instance."""


def runtime_status(status: InstanceStatus) -> str:
    """The name of its state; empty where Durable knows nothing of it."""
    return status.runtime_status.name if status and status.runtime_status else ""


def is_finished(status: InstanceStatus) -> bool:
    """Whether it will never run again by itself."""
    return runtime_status(status) in FINISHED
