"""The simplest client: sends each message, waits for one answer, prints it.

    classic_client.py SCHEME ADDRESS ENDING CA MESSAGE...

SCHEME is tcp, tls, udp, unix or unixgram; ADDRESS is HOST:PORT or a path; ENDING is
bare, lf or crlf. All messages go over one connection.
"""

import os
import socket
import ssl
import sys
import tempfile

scheme, address, ending, authority, *messages = sys.argv[1:]
endings = {"bare": b"", "lf": b"\n", "crlf": b"\r\n"}


def host_and_port():
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


if scheme in ("tcp", "tls"):
    link = socket.create_connection(host_and_port())
    if scheme == "tls":
        context = ssl.create_default_context(cafile=authority)
        link = context.wrap_socket(link, server_hostname="localhost")
elif scheme == "udp":
    host, port = host_and_port()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    link = socket.socket(family, socket.SOCK_DGRAM)
    # A connected socket takes answers from the address that was asked only.
    link.connect((host, port))
elif scheme == "unix":
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.connect(address)
elif scheme == "unixgram":
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    folder = tempfile.TemporaryDirectory()
    link.bind(os.path.join(folder.name, "client"))
    link.connect(address)
else:
    sys.exit(f"unknown scheme {scheme}")

link.settimeout(20)
for message in messages:
    link.send(message.encode() + endings[ending])
    print(repr(link.recv(1024)), flush=True)
link.close()
