"""The pause of Python's search for unreachable objects."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from shared.domain.garbage import no_collection


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    """Searches are on before, and after whatever a test does."""
    gc.enable()
    yield
    gc.enable()


def test_searches_go_on_after_the_block() -> None:
    """Off inside, even nested; on again afterwards, after an error too."""
    states = []

    def fail() -> None:
        with no_collection():
            with no_collection():
                states.append(gc.isenabled())
            states.append(gc.isenabled())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert states == [False, False]
    assert gc.isenabled()


def test_the_last_of_several_threads_restores() -> None:
    """A thread that ends first does not switch searches on under another."""
    inside, leave = threading.Event(), threading.Event()

    def stay() -> None:
        with no_collection():
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    other.start()
    assert inside.wait(10)
    with no_collection():
        pass
    still_off = not gc.isenabled()
    leave.set()
    other.join()
    assert still_off
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    """A process that runs without searches keeps doing so."""
    gc.disable()
    with no_collection():
        pass
    assert not gc.isenabled()
