"""A server of the `websockets` package. Prints "ready URL".

    websocket_server.py CERTIFICATE KEY    (both empty: without TLS)
"""

import ssl
import sys
from time import ctime

from websockets.sync.server import serve

certificate, key = sys.argv[1:]


def handle(link):
    for message in link:
        stamp = f"[{ctime()}] "
        link.send(stamp + message if isinstance(message, str) else stamp.encode() + message)


context = None
if certificate:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
with serve(handle, "127.0.0.1", 0, ssl=context) as server:
    scheme = "wss" if context else "ws"
    print("ready %s://localhost:%d" % (scheme, server.socket.getsockname()[1]), flush=True)
    server.serve_forever()
