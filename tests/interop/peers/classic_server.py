"""The simplest server: answers whatever one recv gives, line end and all.

    classic_server.py SCHEME PATH CERTIFICATE KEY

SCHEME is tcp, tls, udp or unix; PATH is for unix. Prints "ready ADDRESS", then every
message that it gets.
"""

import socket
import ssl
import sys
from time import ctime

scheme, path, certificate, key = sys.argv[1:]


def stamped(data):
    print(repr(data), flush=True)
    return f"[{ctime()}] ".encode() + data


def ready(address):
    print("ready", address, flush=True)


if scheme == "udp":
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))
    ready("127.0.0.1:%d" % server.getsockname()[1])
    while True:
        data, client = server.recvfrom(1024)
        server.sendto(stamped(data), client)

if scheme == "unix":
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
else:
    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
server.listen(5)
context = None
if scheme == "tls":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
ready(path if scheme == "unix" else "localhost:%d" % server.getsockname()[1])
while True:
    client, _ = server.accept()
    try:
        if context:
            client = context.wrap_socket(client, server_side=True)
        while data := client.recv(1024):
            client.sendall(stamped(data))
    except OSError as error:
        # A client that goes away, or does not trust us, ends its own connection only.
        print("error", error, flush=True)
    print("closed", flush=True)
    client.close()
