"""Says hi, and prints the answer; waits for the server's end of the connection, and prints
the code of its close.

    websocket_farewell.py URL
"""

import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

with connect(sys.argv[1], open_timeout=20) as link:
    link.send("hi")
    print(link.recv(timeout=20), flush=True)
    try:
        sys.exit(f"it said {link.recv(timeout=20)!r}")
    except ConnectionClosed as closed:
        print(closed.rcvd.code if closed.rcvd else "no close at all")
