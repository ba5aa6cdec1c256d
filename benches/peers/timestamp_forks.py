"""The timestamp server as it is written with Python's socketserver: a process a connection."""

import socketserver
import time


class Timestamp(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"[%s] %s" % (time.ctime().encode(), line))


class Server(socketserver.ForkingTCPServer):
    request_queue_size = 1024
    max_children = 1100


with Server(("127.0.0.1", 0), Timestamp) as server:
    print("%s:%d" % server.server_address, flush=True)
    server.serve_forever()
