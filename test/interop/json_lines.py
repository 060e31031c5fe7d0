"""The conversation of a Python program with a test: one JSON object a line on standard input, one answer each."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc.aio
from google.rpc import error_details_pb2, status_pb2

Handler = Callable[..., Awaitable[Any]]


async def answer_requests(handlers: Mapping[str, Handler]) -> None:
    """Answer {"call": …, "args": {…}} with {"result": …} or {"error": …}, one after the other, until the input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            result = await handlers[request["call"]](**request["args"])
        except grpc.aio.AioRpcError as error:
            say({"error": {"code": error.code().name, "message": error.details(), "violations": _violations(error)}})
        except Exception as error:  # the test wants to hear of each
            say({"error": {"code": type(error).__name__, "message": str(error)}})
        else:
            say({"result": result})


def _violations(error: grpc.aio.AioRpcError) -> list[dict[str, str]]:
    """Return the fields that are wrong, as the details of the error tell them."""
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    bad_request = error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(bad_request)
    return [
        {"field": violation.field, "description": violation.description}
        for violation in bad_request.field_violations
    ]


def say(message: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(message), flush=True)
