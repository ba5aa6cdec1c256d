"""The sleep server as it is written for asyncio: a task for each call, JSON-RPC in lines."""

import asyncio
import json
import time


async def sleep(call, writer):
    began = time.monotonic()
    await asyncio.sleep(call["params"][0])
    result = {"seconds": time.monotonic() - began}
    answer = {"jsonrpc": "2.0", "id": call["id"], "result": result}
    writer.write(json.dumps(answer).encode() + b"\n")


async def serve(reader, writer):
    calls = set()
    while line := await reader.readline():
        call = asyncio.create_task(sleep(json.loads(line), writer))
        # The loop itself keeps no task alive.
        calls.add(call)
        call.add_done_callback(calls.discard)
    writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1024)
    print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
