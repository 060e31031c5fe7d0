"""Calls of the contract with the messages of the Python package, for what its client does not offer.

Requests are in protobuf's text format, answers in its JSON with the names of the contract.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc.aio
from dispatch_json import dispatch_to_json
from frequenz.api.dispatch.v1 import dispatch_pb2, dispatch_pb2_grpc
from frequenz.client.base import signing
from frequenz.client.dispatch.types import DispatchEvent
from google.protobuf import text_format
from google.protobuf.json_format import MessageToDict

Json = dict[str, Any]

CALL_TIMEOUT_S = 15

SERVICE = "/frequenz.api.dispatch.v1.MicrogridDispatchService/"


class Stub:
    """The stub of the client that is connected."""

    def __init__(self, stub: Callable[[], Any]) -> None:
        """Begin without a stream."""
        self._stub = stub
        self._streams: dict[str, Any] = {}

    async def call(self, method: str, request: str) -> Json:
        """Make a call."""
        return await _call(self._stub(), method, request)

    async def open_stream(self, name: str, microgrid_id: int) -> list[str]:
        """Open a stream and wait for its headers; return their names."""
        request = dispatch_pb2.StreamMicrogridDispatchesRequest(microgrid_id=microgrid_id)
        stream = self._stub().StreamMicrogridDispatches(request)
        self._streams[name] = stream
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return [key for key, _ in await stream.initial_metadata()]

    async def read_stream(self, name: str, count: int) -> list[Json]:
        """Return the next events of a stream, or fail as it fails."""
        events = self._read(name)
        async with asyncio.timeout(CALL_TIMEOUT_S):
            return [await anext(events) for _ in range(count)]

    async def close_stream(self, name: str) -> None:
        """Close a stream."""
        self._streams.pop(name).cancel()

    async def _read(self, name: str) -> AsyncIterator[Json]:
        while (message := await self._streams[name].read()) is not grpc.aio.EOF:
            event = DispatchEvent.from_protobuf(message)
            yield {
                "event": event.event.name,
                "dispatch": dispatch_to_json(event.dispatch),
            }
        raise RuntimeError("the stream ended without an error")


async def call_as_stranger(  # pylint: disable=too-many-arguments
    *,
    target: str,
    method: str,
    request: str,
    auth_key: str,
    sign_secret: str,
    signed_method: str | None = None,
    clock_offset_s: int = 0,
    nonce: str = "",
    without: Sequence[str] = (),
    instead: Json | None = None,
) -> Json:
    """Make a call that is signed by the Python package, with a clock, a nonce or metadata that may be wrong."""
    details = grpc.aio.ClientCallDetails(
        method=(SERVICE + (signed_method or method)).encode(),
        timeout=None,
        metadata=grpc.aio.Metadata(("key", auth_key)),
        credentials=None,
        wait_for_ready=None,
    )
    now_s = int(time.time()) + clock_offset_s
    token = nonce.encode() if nonce else signing.secrets.token_bytes(16)
    signing._add_hmac(sign_secret.encode(), details, now_s, token)
    signed = {key: value for key, value in details.metadata if key not in without}
    async with grpc.aio.insecure_channel(target) as channel:
        stub = dispatch_pb2_grpc.MicrogridDispatchServiceStub(channel)
        metadata = tuple({**signed, **(instead or {})}.items())
        return await _call(stub, method, request, metadata)


async def _call(stub: Any, method: str, request: str, metadata: Any = None) -> Json:
    message = getattr(dispatch_pb2, f"{method}Request")()
    text_format.Parse(request, message)
    call = getattr(stub, method)(message, metadata=metadata, timeout=CALL_TIMEOUT_S)
    # A stream that should be refused has nothing else to say.
    answer = await call.read() if method.startswith("Stream") else await call
    return MessageToDict(answer, preserving_proto_field_name=True)
