"""Sends numbered lines on several connections, always some ahead of their answers, until the
server ends each: prints how many answers came on it, or fails when one is missing or broken.

    pipelining_client.py CONNECTIONS HOST:PORT CA

Over TLS if a CA is named. Prints `ready CONNECTIONS` when each has had answers.
"""

import socket
import ssl
import sys
import threading

AT_ONCE = 100

count, address, authority = int(sys.argv[1]), sys.argv[2], sys.argv[3]
host, port = address.rsplit(":", 1)
under_way = threading.Barrier(count + 1, timeout=20)
counts = []
wrong = []


def connect():
    link = socket.create_connection((host, int(port)), timeout=20)
    if authority:
        context = ssl.create_default_context(cafile=authority)
        # An end without TLS's own word for it is an error.
        link = context.wrap_socket(
            link, server_hostname="localhost", suppress_ragged_eofs=False
        )
    return link


class Pipeline:
    def __init__(self, link):
        self.link = link
        self.sent = 0
        self.answered = 0
        self.held = b""

    def send(self):
        numbers = range(self.sent, self.sent + AT_ONCE)
        self.link.sendall(b"".join(b"%d\n" % number for number in numbers))
        self.sent += AT_ONCE

    def receive(self):
        """Reads what has come; false at the end."""
        data = self.link.recv(65536)
        *lines, self.held = (self.held + data).split(b"\n")
        for line in lines:
            number = self.answered
            if not line.startswith(b"[") or not line.endswith(b"] %d" % number):
                raise ValueError(f"{line!r} where the answer to {number} was awaited")
            self.answered += 1
        if not data and self.held:
            raise ValueError(f"the last answer is cut off: {self.held!r}")
        return bool(data)

    def run(self):
        self.send()
        while True:
            self.send()
            while self.answered < self.sent - AT_ONCE:
                if not self.receive():
                    return
            if self.sent == 2 * AT_ONCE:
                under_way.wait()


def run():
    pipeline = None
    try:
        pipeline = Pipeline(connect())
        pipeline.run()
        counts.append(pipeline.answered)
    except Exception as error:
        wrong.append(f"{error!r}, {pipeline and vars(pipeline)}")


threads = [threading.Thread(target=run) for _ in range(count)]
for thread in threads:
    thread.start()
under_way.wait()
print("ready", count, flush=True)
for thread in threads:
    thread.join()
if wrong:
    sys.exit("\n".join(wrong))
print(*counts, sep="\n")
