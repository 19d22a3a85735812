"""NCRONTAB, and timer triggers across restarts."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest

from local_host.app_loader import AppError, index_app
from local_host.host import Host, HostOptions
from local_host.ncrontab import read_schedule
from local_host.store import Store

NOW = datetime(2026, 2, 27, 22, 59, 30, 500, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 */5 * * * *", "2026-02-27 23:00:00"),
        ("*/10 * * * * *", "2026-02-27 22:59:40"),
        ("0 0 3 * * *", "2026-02-28 03:00:00"),
        ("0 0 0 29 2 *", "2028-02-29 00:00:00"),
        ("0 30 9 * * Mon-Fri", "2026-03-02 09:30:00"),
        ("0 0 12 1,15 Jan,Jul *", "2026-07-01 12:00:00"),
        ("0 0 0 * * 7", "2026-03-01 00:00:00"),
        ("30 59 22 * * 5", "2026-03-06 22:59:30"),
        ("5/20 * * * * *", "2026-02-27 22:59:45"),
        ("*/15 * * * *", "2026-02-27 23:00:00"),
        ("00:00:10", "2026-02-27 22:59:40"),
        ("1.00:00:00", "2026-02-28 22:59:30"),
    ],
)
def test_the_next_time(expression: str, expected: str) -> None:
    """Each expression fires next when NCRONTAB says."""
    found = read_schedule(expression).after(NOW)
    assert found.strftime("%Y-%m-%d %H:%M:%S") == expected


@pytest.mark.parametrize(
    "expression", ["", "* * *", "61 * * * * *", "0 0 0 * Foo *", "0 5-1 * * * *"]
)
def test_expressions_that_are_none(expression: str) -> None:
    """What is no schedule is refused, and an impossible date as well."""
    with pytest.raises(ValueError, match=r"schedule|TimeSpan"):
        read_schedule(expression)
    with pytest.raises(ValueError, match="never fires"):
        read_schedule("0 0 0 31 2 *").after(NOW)


def _app(schedule: str, fired: list[func.TimerRequest], **options: Any) -> Any:
    app = func.FunctionApp()

    @app.timer_trigger(arg_name="timer", schedule=schedule, **options)
    def tick(timer: func.TimerRequest) -> None:
        fired.append(timer)

    return index_app(app)


def _serve(app: Any, state: Path, fired: list[Any], count: int, **settings: str) -> None:
    host = Host(app, HostOptions(state=state, settings=settings))
    host.start()
    limit = time.monotonic() + 10
    while len(fired) < count and time.monotonic() < limit:
        time.sleep(0.01)
    host.stop()


def test_a_timer_fires_by_a_setting(tmp_path: Path) -> None:
    """A schedule may stand in an app setting; a short interval is not monitored."""
    fired: list[func.TimerRequest] = []
    _serve(_app("%TICK%", fired), tmp_path, fired, 2, TICK="00:00:01")
    assert len(fired) >= 2
    assert not fired[0].past_due


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    """A host whose timer has no schedule does not start."""
    with pytest.raises(AppError, match="TICK"):
        _serve(_app("%TICK%", []), tmp_path, [], 1)


def test_run_on_startup(tmp_path: Path) -> None:
    """RunOnStartup fires at once."""
    fired: list[func.TimerRequest] = []
    _serve(_app("0 0 0 1 1 *", fired, run_on_startup=True), tmp_path, fired, 1)
    assert [timer.past_due for timer in fired] == [False]


def test_a_missed_run_is_made_up_for(tmp_path: Path) -> None:
    """A run that came due while the host was down is past due at the next start."""
    fired: list[func.TimerRequest] = []
    _serve(_app("0 0 0 1 1 *", []), tmp_path, fired, 0)
    store = Store(tmp_path / "durable.sqlite3")
    missed = '{"last": "2025-12-01T00:00:00.000000Z", "next": "2026-01-01T00:00:00.000000Z"}'
    store.run(lambda db: db.execute("UPDATE schedules SET body = ?", (missed,)).rowcount)
    store.close()
    _serve(_app("0 0 0 1 1 *", fired), tmp_path, fired, 1)
    assert [timer.past_due for timer in fired] == [True]
    assert vars(fired[0])["_TimerRequest__schedule_status"]["Last"] == "2025-12-01T00:00:00.000000Z"
