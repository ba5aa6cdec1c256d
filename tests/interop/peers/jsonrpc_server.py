"""A sleep server by the package jsonrpcserver, which does not know how to cancel: prints its port,
and the method of each call.

    jsonrpc_server.py
"""

import asyncio
import json
import time

from jsonrpcserver import Error, Success, async_dispatch, method


@method
async def sleep(seconds):
    if seconds > 60:
        return Error(1, "that is too long", {"out_of_range": {"seconds": seconds, "maximum": 60}})
    began = time.monotonic()
    await asyncio.sleep(seconds)
    return Success({"seconds": time.monotonic() - began})


async def answer(line, writer):
    print(json.loads(line)["method"], flush=True)
    if said := await async_dispatch(line):
        writer.write(said.encode() + b"\n")
        await writer.drain()


async def serve(reader, writer):
    async with asyncio.TaskGroup() as calls:
        while line := await reader.readline():
            calls.create_task(answer(line.decode(), writer))
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
