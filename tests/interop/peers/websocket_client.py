"""A client of the `websockets` package: each message as text, then the same in bytes.

    websocket_client.py URL CA MESSAGE...
"""

import ssl
import sys

from websockets.sync.client import connect

url, authority, *messages = sys.argv[1:]
options = {}
if url.startswith("wss:"):
    options["ssl"] = ssl.create_default_context(cafile=authority)
with connect(url, open_timeout=20, **options) as link:
    for message in messages:
        for data in (message, message.encode()):
            link.send(data)
            print(repr(link.recv(timeout=20)), flush=True)
