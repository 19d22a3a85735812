"""Schedules of timer triggers: NCRONTAB with six fields, or a TimeSpan."""

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta

from local_host.host_config import seconds_of

_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6}
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("second", 0, 59, {}),
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 7, _DAYS),
)
_HORIZON_DAYS = 366 * 8


@dataclass(frozen=True)
class Schedule:
    """When a timer fires: at an interval, or at times of the calendar (UTC)."""

    interval: timedelta | None = None
    fields: tuple[frozenset[int], ...] = ()

    def after(self, moment: datetime) -> datetime:
        """The first time after `moment`."""
        if self.interval is not None:
            return moment + self.interval
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        for ahead in range(_HORIZON_DAYS):
            day = (start + timedelta(days=ahead)).date()
            if self._has_day(day.day, day.month, day.isoweekday() % 7):
                base = datetime(day.year, day.month, day.day, tzinfo=moment.tzinfo)
                found = self._in_day(base, max(start, base))
                if found is not None:
                    return found
        raise ValueError("the schedule never fires: its day and month do not meet")

    def _has_day(self, day: int, month: int, weekday: int) -> bool:
        return day in self.fields[3] and month in self.fields[4] and weekday in self.fields[5]

    def _in_day(self, base: datetime, start: datetime) -> datetime | None:
        seconds, minutes, hours = (sorted(field) for field in self.fields[:3])
        for hour in hours:
            for minute in minutes:
                latest = base.replace(hour=hour, minute=minute, second=seconds[-1])
                if latest < start:
                    continue
                for second in seconds:
                    moment = base.replace(hour=hour, minute=minute, second=second)
                    if moment >= start:
                        return moment
        return None


def read_schedule(text: str) -> Schedule:
    """Read an expression; five fields mean that the second is 0."""
    parts = text.split()
    if len(parts) == 1:
        return Schedule(interval=timedelta(seconds=seconds_of(text)))
    if len(parts) == 5:
        parts = ["0", *parts]
    if len(parts) != 6:
        raise ValueError(f"schedule {text!r} has {len(parts)} fields: NCRONTAB needs six")
    return Schedule(fields=tuple(_field(part, place) for place, part in enumerate(parts)))


def _field(text: str, place: int) -> frozenset[int]:
    name, low, high, words = _FIELDS[place]
    values: set[int] = set()
    for piece in text.split(","):
        span, _, step = piece.partition("/")
        try:
            first, last = _span(span, low, high, words, stepped=bool(step))
            values.update(range(first, last + 1, int(step) if step else 1))
        except ValueError as error:
            raise ValueError(f"schedule: {piece!r} is no {name} (from {low} to {high})") from error
    if name == "weekday":
        values = {value % 7 for value in values}
    return frozenset(values)


def _span(
    span: str, low: int, high: int, words: dict[str, int], *, stepped: bool
) -> tuple[int, int]:
    if span == "*":
        return low, high
    begin, dash, end = span.partition("-")
    first = words.get(begin.lower()[:3]) if begin.isalpha() else int(begin)
    last = first
    if dash:
        last = words.get(end.lower()[:3]) if end.isalpha() else int(end)
    elif stepped:
        last = high
    if first is None or last is None or not low <= first <= last <= high:
        raise ValueError(span)
    return first, last
