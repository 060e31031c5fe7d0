"""Makes the calls of the Python dispatch client that a test asks for, and tells what Python got."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from dispatch_json import (
    dispatch_to_json,
    duration_from_json,
    instant_from_json,
    recurrence_from_json,
    rule_field_from_json,
    target_from_json,
)
from frequenz.channels import Receiver
from frequenz.client.common.microgrid import MicrogridId
from frequenz.client.dispatch import DispatchApiClient
from frequenz.client.dispatch.types import Dispatch, DispatchEvent, DispatchId
from json_lines import answer_requests
from probe import hear_probe
from python_stub import Stub, call_as_stranger

Json = dict[str, Any]

# How long events may take; a stream that was lost comes back after 1 to 2 s.
RECEIVE_TIMEOUT_S = 60


class Client:
    """The Python client, in JSON."""

    def __init__(self) -> None:
        """Begin without a connection."""
        self._client: DispatchApiClient
        self._pages: AsyncIterator[Iterator[Dispatch]]
        self._events: Receiver[DispatchEvent]

    async def connect(self, address: str, auth_key: str, sign_secret: str) -> None:
        """Use another connection from now on."""
        self._client = DispatchApiClient(
            server_url=address, auth_key=auth_key, sign_secret=sign_secret
        )

    async def create(
        self, microgrid_id: int, start_time: str, **dispatch: Any
    ) -> Json:
        """Create a dispatch; "NOW" starts it at once."""
        created = await self._client.create(
            MicrogridId(microgrid_id),
            start_time="NOW" if start_time == "NOW" else instant_from_json(start_time),
            type=dispatch.pop("type"),
            duration=duration_from_json(dispatch.pop("duration")),
            target=target_from_json(dispatch.pop("target")),
            recurrence=recurrence_from_json(dispatch.pop("recurrence", None)),
            **dispatch,
        )
        return dispatch_to_json(created)

    async def get(self, microgrid_id: int, dispatch_id: int) -> Json:
        """Get a dispatch."""
        return dispatch_to_json(
            await self._client.get(
                microgrid_id=MicrogridId(microgrid_id),
                dispatch_id=DispatchId(dispatch_id),
            )
        )

    async def list_pages(
        self, microgrid_id: int, **options: Any
    ) -> list[list[int]]:
        """List dispatches; return the ids of each page."""
        pages = self._list(microgrid_id, options)
        return [[int(dispatch.id) for dispatch in page] async for page in pages]

    async def open_list(self, microgrid_id: int, **options: Any) -> None:
        """Begin to list dispatches."""
        self._pages = self._list(microgrid_id, options)

    async def next_page(self) -> list[int] | None:
        """Return the ids of the next page of the list that was begun last, or None behind the last one."""
        page = await anext(self._pages, None)
        return None if page is None else [int(dispatch.id) for dispatch in page]

    def _list(
        self, microgrid_id: int, options: Json
    ) -> AsyncIterator[Iterator[Dispatch]]:
        for option in ("start_from", "start_to", "end_from", "end_to"):
            if option in options:
                options[option] = instant_from_json(options[option])
        if "target_components" in options:
            targets = options["target_components"]
            options["target_components"] = [*map(target_from_json, targets)]
        if "dispatch_ids" in options:
            options["dispatch_ids"] = [*map(DispatchId, options["dispatch_ids"])]
        return self._client.list(MicrogridId(microgrid_id), **options)

    async def update(
        self, microgrid_id: int, dispatch_id: int, new_fields: Json
    ) -> Json:
        """Update fields of a dispatch."""
        updated = await self._client.update(
            microgrid_id=MicrogridId(microgrid_id),
            dispatch_id=DispatchId(dispatch_id),
            new_fields={
                field: _new_value(field, value) for field, value in new_fields.items()
            },
        )
        return dispatch_to_json(updated)

    async def delete(self, microgrid_id: int, dispatch_id: int) -> None:
        """Delete a dispatch."""
        await self._client.delete(
            microgrid_id=MicrogridId(microgrid_id), dispatch_id=DispatchId(dispatch_id)
        )

    def stub(self) -> Any:
        """Return the stub of the present connection."""
        return self._client.stub

    async def watch(self, microgrid_id: int) -> None:
        """Open the stream of a microgrid."""
        self._events = self._client.stream(MicrogridId(microgrid_id))

    async def await_stream(self, microgrid_id: int) -> None:
        """Wait until the stream carries events."""
        await hear_probe(self._client, MicrogridId(microgrid_id), self._events)

    async def receive(self, count: int) -> list[Json]:
        """Return the next events of the stream."""
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            events = [await self._events.receive() for _ in range(count)]
        return [
            {"event": event.event.name, "dispatch": dispatch_to_json(event.dispatch)}
            for event in events
        ]


def _new_value(field: str, value: Any) -> Any:
    match field.split("."):
        case ["start_time"]:
            return instant_from_json(value)
        case ["duration"]:
            return duration_from_json(value)
        case ["target"]:
            return target_from_json(value)
        case ["recurrence", rule_field]:
            return rule_field_from_json(rule_field, value)
        case _:
            return value


async def main() -> None:
    """Serve the test until its end."""
    client = Client()
    stub = Stub(client.stub)
    await answer_requests(
        {
            "connect": client.connect,
            "create": client.create,
            "get": client.get,
            "list": client.list_pages,
            "update": client.update,
            "delete": client.delete,
            "watch": client.watch,
            "await_stream": client.await_stream,
            "receive": client.receive,
            "open_list": client.open_list,
            "next_page": client.next_page,
            "call": stub.call,
            "call_as_stranger": call_as_stranger,
            "open_stream": stub.open_stream,
            "read_stream": stub.read_stream,
            "close_stream": stub.close_stream,
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
