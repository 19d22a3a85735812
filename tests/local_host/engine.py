"""The durable engine without HTTP, over a store that can be crashed and opened again."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from local_host import instances
from local_host.app_loader import LoadedApp
from local_host.dispatcher import Dispatcher
from local_host.faults import Fault, Faults
from local_host.host_config import HostConfig
from local_host.instances import Instance
from local_host.management import Management
from local_host.store import Store
from local_host.worker import Worker


class Engine:
    """Store, worker and dispatcher of one life of a host."""

    def __init__(
        self,
        app: LoadedApp,
        path: Path,
        *,
        config: HostConfig | None = None,
        faults: Sequence[Fault] = (),
        before_commit: Callable[[], None] | None = None,
    ) -> None:
        self.store = Store(path, before_commit)
        self.worker = Worker(24, lambda: "{}", str(path.parent))
        self.dispatcher = Dispatcher(
            self.store, app, self.worker, config or HostConfig(), Faults(faults)
        )
        self.management = Management(self.store, self.dispatcher.names.orchestrators)
        self.dispatcher.start()

    def start(self, name: str, value: Any = None, instance_id: str | None = None) -> str:
        """Start an orchestration as the SDK's client would."""
        stored = None if value is None else json.dumps(json.dumps(value))
        started = self.management.start(name, instance_id, stored)
        self.dispatcher.wake()
        return started

    def raise_event(self, instance_id: str, name: str, value: Any) -> None:
        """Raise an event with plain JSON, as a raw HTTP POST would."""
        self.management.raise_event(instance_id, name, json.dumps(value))
        self.dispatcher.wake()

    def wait(
        self,
        instance_id: str,
        until: Callable[[Instance], bool] = lambda found: found.terminal,
        seconds: float = 20.0,
    ) -> Instance:
        """Wait until the instance has come that far."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            found = self.management.find(instance_id)
            if until(found):
                return found
            time.sleep(0.005)
        raise AssertionError(f"{instance_id} did not get there in {seconds} s: {found}")

    def run(self, name: str, value: Any = None) -> Instance:
        """Start an orchestration and wait for its end."""
        return self.wait(self.start(name, value))

    def output(self, name: str, value: Any = None) -> Any:
        """The output of a completed run."""
        found = self.run(name, value)
        assert found.status == "Completed", found
        return None if found.output is None else json.loads(found.output)

    def history(self, instance_id: str) -> list[dict[str, Any]]:
        """The instance's stored events."""
        texts = self.store.run(lambda db: instances.read_history(db, instance_id))
        return [json.loads(text) for text in texts]

    def close(self) -> None:
        """End this life; what was in flight is abandoned."""
        self.dispatcher.stop()
        self.worker.stop()
        self.store.close()
