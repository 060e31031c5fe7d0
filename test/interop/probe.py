"""How a Python program of these tests finds out whether a service's changes reach it."""

import asyncio
from typing import Protocol

import grpc
import grpc.aio
from frequenz.channels import Receiver
from frequenz.client.common.microgrid import MicrogridId
from frequenz.client.dispatch import DispatchApiClient
from frequenz.client.dispatch.types import Dispatch, TargetIds

PROBE_TYPE = "PROBE"
"""The type of the dispatches that are created to be heard of; they are inactive."""

PROBE_INTERVAL_S = 0.5


class ChangeEvent(Protocol):
    """What tells of a change, in the client and in the dispatcher."""

    @property
    def dispatch(self) -> Dispatch:
        """The dispatch that changed."""


async def hear_probe(
    client: DispatchApiClient, microgrid_id: MicrogridId, events: Receiver[ChangeEvent]
) -> None:
    """Create dispatches until `events` tells of the latest one.

    Neither the client nor the dispatcher tells when its stream is open, and before that changes pass it by.
    """
    while True:
        try:
            probe = await client.create(
                microgrid_id, PROBE_TYPE, "NOW", None, TargetIds(1), active=False
            )
            async with asyncio.timeout(PROBE_INTERVAL_S):
                while (await events.receive()).dispatch.id != probe.id:
                    pass
            return
        except TimeoutError:
            pass
        except grpc.aio.AioRpcError as error:
            # A channel that could not connect fails every call until it tries again, up to seconds later.
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
            await asyncio.sleep(PROBE_INTERVAL_S)
