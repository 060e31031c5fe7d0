"""Serves the fake service of the Python package over gRPC, as a test commands it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import grpc
import grpc.aio
from dispatch_json import dispatch_to_json
from frequenz.api.dispatch.v1 import dispatch_pb2
from frequenz.client.common.microgrid import MicrogridId
from frequenz.client.dispatch.test._service import FakeService
from json_lines import answer_requests

SERVICE = "frequenz.api.dispatch.v1.MicrogridDispatchService"
UNARY_CALLS = {
    "ListMicrogridDispatches": dispatch_pb2.ListMicrogridDispatchesRequest,
    "CreateMicrogridDispatch": dispatch_pb2.CreateMicrogridDispatchRequest,
    "UpdateMicrogridDispatch": dispatch_pb2.UpdateMicrogridDispatchRequest,
    "GetMicrogridDispatch": dispatch_pb2.GetMicrogridDispatchRequest,
    "DeleteMicrogridDispatch": dispatch_pb2.DeleteMicrogridDispatchRequest,
}


class Service:
    """The fake service behind a real gRPC server. What it holds outlives the server."""

    def __init__(self) -> None:
        """Begin without dispatches and without a server."""
        self._fake = FakeService()
        self._server: grpc.aio.Server
        self._ending = asyncio.Event()
        self._attempts: list[dict[str, Any]] = []
        self._failures: list[tuple[grpc.StatusCode, bool]] = []

    async def start(self, port: int = 0) -> int:
        """Serve on a port of the loopback interface, by default a free one; return it."""
        self._server = grpc.aio.server()
        self._server.add_generic_rpc_handlers((self._handlers(),))
        bound = self._server.add_insecure_port(f"127.0.0.1:{port}")
        await self._server.start()
        return bound

    async def stop(self) -> None:
        """Stop serving; calls and streams under way are cut off."""
        await self._server.stop(grace=None)

    async def end_streams(self) -> None:
        """End the streams of now with OK."""
        self._ending.set()
        self._ending = asyncio.Event()

    async def stored(self, microgrid_id: int) -> list[dict[str, Any]]:
        """Return what it holds, as Python reads it."""
        dispatches = self._fake.dispatches.get(MicrogridId(microgrid_id), [])
        return [dispatch_to_json(dispatch) for dispatch in dispatches]

    async def forget(self, microgrid_id: int, dispatch_id: int) -> None:
        """Drop a dispatch without telling the streams."""
        microgrid = MicrogridId(microgrid_id)
        self._fake.dispatches[microgrid] = [
            dispatch
            for dispatch in self._fake.dispatches[microgrid]
            if int(dispatch.id) != dispatch_id
        ]

    async def attempts(self) -> list[dict[str, Any]]:
        """Return the calls that arrived since it was asked last."""
        attempts, self._attempts = self._attempts, []
        return attempts

    async def fail(self, codes: list[str], applied: bool) -> None:
        """Fail the next calls with these, before or after they were applied."""
        self._failures = [(grpc.StatusCode[code], applied) for code in codes]

    def _note(self, name: str, context: grpc.aio.ServicerContext) -> None:
        metadata = {key: value for key, value in context.invocation_metadata() or ()}
        self._attempts.append(
            {"call": name, "metadata": metadata, "seconds_left": context.time_remaining()}
        )

    def _handlers(self) -> grpc.GenericRpcHandler:
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._unary(name), request.FromString, _serialize
            )
            for name, request in UNARY_CALLS.items()
        }
        handlers["StreamMicrogridDispatches"] = grpc.unary_stream_rpc_method_handler(
            self._stream,
            dispatch_pb2.StreamMicrogridDispatchesRequest.FromString,
            _serialize,
        )
        return grpc.method_handlers_generic_handler(SERVICE, handlers)

    def _unary(self, name: str) -> Any:
        async def answer(request: Any, context: grpc.aio.ServicerContext) -> Any:
            self._note(name, context)
            code, applied = self._failures.pop(0) if self._failures else (None, False)
            if code and not applied:
                await context.abort(code, "as the test says")
            try:
                response = await getattr(self._fake, name)(request)
                if code:
                    await context.abort(code, "as the test says")
                return response
            except grpc.RpcError as error:
                # The fake raises what its fake client raises: the status is in private fields.
                await context.abort(error._code, error._details)  # type: ignore

        return answer

    async def _stream(
        self, request: Any, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[Any]:
        self._note("StreamMicrogridDispatches", context)
        ended = asyncio.ensure_future(self._ending.wait())
        messages = self._fake.StreamMicrogridDispatches(request)
        try:
            while (message := await _first_of(anext(messages), ended)) is not None:
                yield message
        finally:
            ended.cancel()


async def _first_of(message: Awaitable[Any], ended: asyncio.Future[Any]) -> Any | None:
    """Return the message, or None when the end comes first."""
    coming = asyncio.ensure_future(message)
    try:
        await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
        return coming.result() if coming.done() else None
    finally:
        coming.cancel()


def _serialize(message: Any) -> bytes:
    # Delete answers with another type of message than the contract says: any is taken.
    return bytes(message.SerializeToString())


async def main() -> None:
    """Serve until the test ends."""
    service = Service()
    await answer_requests(
        {
            "start": service.start,
            "stop": service.stop,
            "end_streams": service.end_streams,
            "stored": service.stored,
            "forget": service.forget,
            "attempts": service.attempts,
            "fail": service.fail,
        }
    )


if __name__ == "__main__":
    asyncio.run(main())
