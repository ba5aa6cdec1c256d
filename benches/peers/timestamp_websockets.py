"""The timestamp server over WebSocket, as it is written with Python's websockets."""

import asyncio
import time

import websockets


async def timestamp(socket):
    async for message in socket:
        await socket.send(f"[{time.ctime()}] {message}")


async def main():
    options = {"backlog": 1024, "compression": None}
    async with websockets.serve(timestamp, "127.0.0.1", 0, **options) as server:
        print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()


asyncio.run(main())
