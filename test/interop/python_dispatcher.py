"""Runs the Python package's dispatcher, and tells a test what its receivers and its actors are told."""

import asyncio
from collections.abc import Callable
from typing import Any

from dispatch_json import dispatch_to_json, target_to_json
from frequenz.channels import Receiver
from frequenz.client.common.microgrid import MicrogridId
from frequenz.client.dispatch.types import DispatchId
from frequenz.dispatch import (
    Dispatcher,
    DispatchEvent,
    DispatchInfo,
    MergeByType,
    MergeByTypeTarget,
)
from frequenz.sdk.actor import Actor
from json_lines import answer_requests
from probe import PROBE_TYPE, hear_probe

Json = dict[str, Any]

TAKE_TIMEOUT_S = 60

MERGE_STRATEGIES = {
    None: None,
    "MergeByType": MergeByType(),
    "MergeByTypeTarget": MergeByTypeTarget(),
}


class LoggingActor(Actor):
    """An actor that logs what it is told to do."""

    def __init__(
        self,
        log: Callable[[str, DispatchInfo], None],
        info: DispatchInfo,
        updates: Receiver[DispatchInfo],
    ) -> None:
        """Hold what the dispatcher gives a new actor."""
        super().__init__()
        self._log = log
        self._info = info
        self._updates = updates

    async def _run(self) -> None:
        self._log("starts", self._info)
        try:
            async for info in self._updates:
                self._info = info
                self._log("is reconfigured", info)
        finally:
            self._log("stops", self._info)


class DispatcherProgram:
    """The dispatcher, in JSON. Each receiver and each kind of actor has a journal, known by a number."""

    def __init__(self) -> None:
        """Begin without a dispatcher."""
        self._microgrid_id: MicrogridId
        self._dispatcher: Dispatcher
        self._probes: Receiver[DispatchEvent]
        self._journals: list[asyncio.Queue[Json]] = []
        self._readers: list[asyncio.Task[None]] = []

    async def connect(
        self, address: str, auth_key: str, sign_secret: str, microgrid_id: int
    ) -> None:
        """Make the dispatcher of a microgrid."""
        self._microgrid_id = MicrogridId(microgrid_id)
        self._dispatcher = Dispatcher(
            microgrid_id=self._microgrid_id,
            server_url=address,
            auth_key=auth_key,
            sign_secret=sign_secret,
        )
        self._probes = self._dispatcher.new_lifecycle_events_receiver(PROBE_TYPE)

    async def start(self) -> None:
        """Start the dispatcher; it has listed the dispatches then, and hears of changes."""
        await self._dispatcher.__aenter__()
        await self.catch_up()

    async def catch_up(self) -> None:
        """Wait until every change until now is worked off, and the next ones will be heard of.

        The first probe may be one that a list told of. It takes another to know that the stream is open: what changes
        between the two passes the dispatcher by until its stream is lost the next time.
        """
        for _ in range(2):
            await hear_probe(self._dispatcher.client, self._microgrid_id, self._probes)

    async def follow_lifecycle(self, type: str) -> int:
        """Write a journal of the lifecycle events of a type."""
        return self._journal_of(
            self._dispatcher.new_lifecycle_events_receiver(type),
            lambda event: {
                "event": event.__class__.__name__,
                "dispatch": dispatch_to_json(event.dispatch),
                "deleted": event.dispatch.deleted,
            },
        )

    async def follow_running_state(self, type: str, merge_strategy: str | None) -> int:
        """Write a journal of the running state of dispatches of a type, as it is when a message arrives."""
        receiver = await self._dispatcher.new_running_state_event_receiver(
            type, merge_strategy=MERGE_STRATEGIES[merge_strategy]
        )
        return self._journal_of(
            receiver,
            lambda dispatch: {
                "started": dispatch.started,
                "dispatch": dispatch_to_json(dispatch),
            },
        )

    async def manage(self, type: str, merge_strategy: str | None) -> int:
        """Let the dispatcher manage actors of a type; write a journal of what they do, each with its number."""
        number, journal = self._new_journal()
        actors = 0

        async def create(info: DispatchInfo, updates: Receiver[DispatchInfo]) -> Actor:
            nonlocal actors
            actors += 1
            actor = actors

            def log(does: str, info: DispatchInfo) -> None:
                journal.put_nowait(
                    {
                        "actor": actor,
                        "does": does,
                        "target": target_to_json(info.target),
                        "dry_run": info.dry_run,
                        "options": info.options,
                    }
                )

            return LoggingActor(log, info, updates)

        await self._dispatcher.start_managing(
            type, actor_factory=create, merge_strategy=MERGE_STRATEGIES[merge_strategy]
        )
        return number

    async def take(self, journal: int, count: int) -> list[Json]:
        """Wait for so many entries of a journal, and remove them."""
        entries: list[Json] = []
        try:
            async with asyncio.timeout(TAKE_TIMEOUT_S):
                while len(entries) < count:
                    entries.append(await self._journals[journal].get())
        except TimeoutError:
            raise TimeoutError(f"{len(entries)} of {count} came: {entries}") from None
        return entries

    async def take_rest(self, journal: int) -> list[Json]:
        """Remove all entries of a journal about changes until now."""
        await self.catch_up()
        queue = self._journals[journal]
        return [queue.get_nowait() for _ in range(queue.qsize())]

    async def get(self, dispatch_id: int) -> Json:
        """Return a dispatch as the service holds it."""
        return dispatch_to_json(
            await self._dispatcher.client.get(
                microgrid_id=self._microgrid_id, dispatch_id=DispatchId(dispatch_id)
            )
        )

    async def held(self, type: str) -> list[Json]:
        """Return what the dispatcher holds of a type, which it tells nobody."""
        # pylint: disable-next=protected-access
        return _in_order(self._dispatcher._bg_service._dispatches.values(), type)

    async def listed(self, type: str) -> list[Json]:
        """Return what the service holds of a type."""
        pages = self._dispatcher.client.list(self._microgrid_id)
        return _in_order([dispatch async for page in pages for dispatch in page], type)

    def _new_journal(self) -> tuple[int, asyncio.Queue[Json]]:
        journal: asyncio.Queue[Json] = asyncio.Queue()
        self._journals.append(journal)
        return len(self._journals) - 1, journal

    def _journal_of(
        self, receiver: Receiver[Any], to_json: Callable[[Any], Json]
    ) -> int:
        number, journal = self._new_journal()

        async def read() -> None:
            async for message in receiver:
                journal.put_nowait(to_json(message))

        self._readers.append(asyncio.create_task(read()))
        return number


def _in_order(dispatches: Any, type: str) -> list[Json]:
    found = [dispatch for dispatch in dispatches if dispatch.type == type]
    return [dispatch_to_json(d) for d in sorted(found, key=lambda d: int(d.id))]


async def main() -> None:
    """Serve the test until its end."""
    program = DispatcherProgram()
    await answer_requests(
        {
            "connect": program.connect,
            "start": program.start,
            "catch_up": program.catch_up,
            "follow_lifecycle": program.follow_lifecycle,
            "follow_running_state": program.follow_running_state,
            "manage": program.manage,
            "take": program.take,
            "take_rest": program.take_rest,
            "get": program.get,
            "held": program.held,
            "listed": program.listed,
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
