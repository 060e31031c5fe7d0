"""The conversation of a Python program with a test: one JSON object a line on standard input, one answer each."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc.aio

Handler = Callable[..., Awaitable[Any]]


async def answer_requests(handlers: Mapping[str, Handler]) -> None:
    """Answer {"call": …, "args": {…}} with {"result": …} or {"error": …}, one after the other, until the input ends."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        request = json.loads(line)
        try:
            result = await handlers[request["call"]](**request["args"])
        except grpc.aio.AioRpcError as error:
            say({"error": {"code": error.code().name, "message": error.details()}})
        except Exception as error:  # the test wants to hear of each
            say({"error": {"code": type(error).__name__, "message": str(error)}})
        else:
            say({"result": result})


def say(message: dict[str, Any]) -> None:
    """Write one line."""
    print(json.dumps(message), flush=True)
