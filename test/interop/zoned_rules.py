"""Evaluates recurrence rules in local time with python-dateutil and zoneinfo, on the zone data of the package tzdata."""

import asyncio
import datetime as datetime_module
import hashlib
import types
import zoneinfo
from datetime import datetime, timedelta, timezone
from typing import Any

from dateutil import rrule
from json_lines import answer_requests

# Not the zone data of the system.
zoneinfo.reset_tzpath(to=[])

# dateutil searches for the next occurrence up to this year: of a rule that has none, for minutes up to 9999.
rrule.datetime = types.SimpleNamespace(**{**vars(datetime_module), "MAXYEAR": 2040})

EPOCH = datetime(1970, 1, 1)
UTC_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instants(rule: dict[str, Any], startTimeMs: int, zone: str, untilMs: int) -> list[int]:
    """Return the seconds since the epoch at which a rule in local time runs, each once.

    dateutil gives naive local times. With fold 0, zoneinfo takes one that is skipped by the offset before the gap, and one that comes twice
    as the first, as RFC 5545 wants.
    """
    local_zone = zoneinfo.ZoneInfo(zone)
    start = UTC_EPOCH + timedelta(seconds=startTimeMs // 1000)
    # A day after the end at the latest, whatever the offset.
    local_end = EPOCH + timedelta(seconds=untilMs // 1000, days=1)
    found = rrule.rrule(
        getattr(rrule, rule["frequency"]),
        dtstart=start.astimezone(local_zone).replace(tzinfo=None, fold=0),
        interval=rule["interval"],
        count=rule.get("count"),
        byminute=rule.get("byMinutes") or None,
        byhour=rule.get("byHours") or None,
        byweekday=[getattr(rrule, day[:2]) for day in rule.get("byWeekdays", [])] or None,
        bymonthday=rule.get("byMonthDays") or None,
        bymonth=rule.get("byMonths") or None,
    )
    seconds = set()
    for local in found:
        if local > local_end:
            break
        seconds.add(int(local.replace(tzinfo=local_zone).timestamp()))
    last = min(untilMs, rule.get("untilMs", untilMs)) // 1000
    return sorted(second for second in seconds if startTimeMs // 1000 <= second <= last)


async def evaluate(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each rule the number of its runs, a digest of them, and the first ones."""
    answers = []
    for rule in rules:
        try:
            seconds = instants(**rule)
        except ValueError as error:
            answers.append({"unreachable": str(error)})
            continue
        digest = hashlib.sha256(",".join(map(str, seconds)).encode()).hexdigest()
        answers.append({"count": len(seconds), "digest": digest, "seconds": seconds[:2000]})
    return answers


async def iana_version() -> str:
    """Return the version of the zone data."""
    import tzdata

    return tzdata.IANA_VERSION


if __name__ == "__main__":
    asyncio.run(answer_requests({"evaluate": evaluate, "iana_version": iana_version}))
