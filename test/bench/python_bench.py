"""What the Python packages need for what a benchmark measures: told as one line of JSON."""

import asyncio
import json
import sys
import time

from frequenz.client.common.microgrid import MicrogridId
from frequenz.client.dispatch import DispatchApiClient
from frequenz.dispatch import Dispatcher

MICROGRID_ID = MicrogridId(1)
PAGE_SIZE = 1000
TIMEOUT_S = 30


async def first_burst(address: str, count: int, start_ms: int) -> dict[str, float]:
    """Wait for dispatches that start at one instant; tell how late the first and the last of them reached a receiver."""
    async with Dispatcher(
        microgrid_id=MICROGRID_ID, server_url=address, auth_key="key"
    ) as dispatcher:
        receiver = await dispatcher.new_running_state_event_receiver("CHARGE")
        late_ms: dict[int, float] = {}
        async with asyncio.timeout(TIMEOUT_S):
            while len(late_ms) < count:
                dispatch = await receiver.receive()
                if not dispatch.started:
                    raise RuntimeError(f"{dispatch.id} came early")
                late_ms.setdefault(int(dispatch.id), time.time() * 1000 - start_ms)
        return {"firstMs": min(late_ms.values()), "lastMs": max(late_ms.values())}


async def list_all(address: str, count: int) -> dict[str, float]:
    """List dispatches with the client alone; tell how long that takes."""
    client = DispatchApiClient(server_url=address, auth_key="key")
    start = time.perf_counter()
    pages = client.list(MICROGRID_ID, page_size=PAGE_SIZE)
    listed = [dispatch async for page in pages for dispatch in page]
    list_ms = (time.perf_counter() - start) * 1000
    if len(listed) != count:
        raise RuntimeError(f"{len(listed)} of {count} dispatches were listed")
    return {"listMs": list_ms}


async def note_created(address: str, dispatch_type: str) -> None:
    """Print the id of each dispatch of a type as soon as its creation reaches a receiver, until killed."""
    async with Dispatcher(
        microgrid_id=MICROGRID_ID, server_url=address, auth_key="key"
    ) as dispatcher:
        async for event in dispatcher.new_lifecycle_events_receiver(dispatch_type):
            print(int(event.dispatch.id), flush=True)


async def main() -> None:
    """Measure what the arguments name."""
    name, address, *numbers = sys.argv[1:]
    if name == "note_created":
        await note_created(address, *numbers)
        return
    measure = {"first_burst": first_burst, "list_all": list_all}[name]
    print(json.dumps(await measure(address, *map(int, numbers))))


if __name__ == "__main__":
    asyncio.run(main())
