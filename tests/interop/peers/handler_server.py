"""A socketserver.TCPServer: a connection for each line. Prints "ready HOST:PORT"."""

import socketserver
from time import ctime


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline()
        print(repr(line), flush=True)
        self.wfile.write(f"[{ctime()}] ".encode() + line)


with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
    print("ready localhost:%d" % server.server_address[1], flush=True)
    server.serve_forever()
