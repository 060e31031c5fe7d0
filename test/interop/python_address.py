"""Reads addresses of services as the Python clients do."""

import asyncio
import dataclasses

from frequenz.client.base.channel import ChannelOptions, parse_grpc_uri
from json_lines import answer_requests

DEFAULTS = dataclasses.replace(ChannelOptions(), port=443)


async def parse(address: str) -> str | None:
    """Return why an address is refused, None when it is taken."""
    try:
        channel = parse_grpc_uri(address, (), DEFAULTS)
    except (ValueError, OverflowError) as error:
        return str(error)
    await channel.close()
    return None


if __name__ == "__main__":
    asyncio.run(answer_requests({"parse": parse}))
