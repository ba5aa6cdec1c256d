"""The timestamp server as it is written for asyncio with uvloop: a Protocol."""

import asyncio
import time

import uvloop


class Timestamp(asyncio.Protocol):
    def __init__(self):
        self.rest = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        *lines, self.rest = (self.rest + data).split(b"\n")
        if lines:
            stamp = b"[%s] " % time.ctime().encode()
            self.transport.write(b"".join(b"%s%s\n" % (stamp, line) for line in lines))


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Timestamp, "127.0.0.1", 0, backlog=1024)
    print("127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.install()
asyncio.run(main())
