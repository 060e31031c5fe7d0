"""Dispatches of the Python package as JSON, as the tests write and compare them, and the way back.

Instants are RFC 3339 texts with milliseconds, durations are seconds, enum members are texts such as "BatteryType.LI_ION".
"""

from datetime import datetime, timedelta
from typing import Any

from frequenz.client.common.microgrid.electrical_components import (
    ElectricalComponentCategory,
)
from frequenz.client.dispatch.recurrence import (
    EndCriteria,
    Frequency,
    RecurrenceRule,
    Weekday,
)
from frequenz.client.dispatch.types import (
    BatteryType,
    Dispatch,
    EvChargerType,
    InverterType,
    TargetCategories,
    TargetComponents,
    TargetIds,
)

_CATEGORY_ENUMS = {
    enum.__name__: enum
    for enum in (
        ElectricalComponentCategory,
        BatteryType,
        InverterType,
        EvChargerType,
    )
}


def dispatch_to_json(dispatch: Dispatch) -> dict[str, Any]:
    """Return everything that Python knows of a dispatch."""
    return {
        "id": int(dispatch.id),
        "type": dispatch.type,
        "start_time": instant_to_json(dispatch.start_time),
        "duration": _duration_to_json(dispatch.duration),
        "target": target_to_json(dispatch.target),
        "active": dispatch.active,
        "dry_run": dispatch.dry_run,
        "payload": dispatch.payload,
        "recurrence": _recurrence_to_json(dispatch.recurrence),
        "create_time": instant_to_json(dispatch.create_time),
        "update_time": instant_to_json(dispatch.update_time),
        "end_time": instant_to_json(dispatch.end_time),
    }


def instant_to_json(instant: datetime | None) -> str | None:
    """Return an instant in UTC as JavaScript writes it."""
    if instant is None:
        return None
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def instant_from_json(text: str | None) -> datetime | None:
    """Read an instant."""
    return None if text is None else datetime.fromisoformat(text)


def duration_from_json(seconds: float | None) -> timedelta | None:
    """Read a duration."""
    return None if seconds is None else timedelta(seconds=seconds)


def target_to_json(target: TargetComponents) -> dict[str, Any]:
    """Return a target: {"ids": […]} or {"categories": […]}."""
    if isinstance(target, TargetIds):
        return {"ids": sorted(target)}
    return {"categories": sorted(str(category.target) for category in target)}


def target_from_json(target: dict[str, Any]) -> TargetComponents:
    """Read a target."""
    if "ids" in target:
        return TargetIds(*target["ids"])
    return TargetCategories(*map(_member_from_json, target["categories"]))


def recurrence_from_json(rule: dict[str, Any] | None) -> RecurrenceRule | None:
    """Read a recurrence rule; what it leaves out keeps Python's default."""
    if rule is None:
        return None
    return RecurrenceRule(
        **{field: rule_field_from_json(field, value) for field, value in rule.items()}
    )


def rule_field_from_json(field: str, value: Any) -> Any:
    """Read one field of a recurrence rule."""
    match field:
        case "frequency" | "freq":
            return Frequency[value]
        case "end_criteria":
            until = instant_from_json(value.get("until"))
            return EndCriteria(count=value.get("count"), until=until)
        case "byweekdays":
            return [Weekday[day] for day in value]
        case _:
            return value


def _duration_to_json(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _recurrence_to_json(rule: RecurrenceRule) -> dict[str, Any]:
    end = rule.end_criteria
    return {
        "frequency": rule.frequency.name,
        "interval": rule.interval,
        "end_criteria": end and {"count": end.count, "until": instant_to_json(end.until)},
        "byminutes": rule.byminutes,
        "byhours": rule.byhours,
        "byweekdays": [day.name for day in rule.byweekdays],
        "bymonthdays": rule.bymonthdays,
        "bymonths": rule.bymonths,
    }


def _member_from_json(text: str) -> Any:
    enum, member = text.split(".")
    return _CATEGORY_ENUMS[enum][member]
