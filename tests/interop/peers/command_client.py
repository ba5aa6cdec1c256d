"""Asks a command server several things at once on one connection, and prints each answer as JSON.

    command_client.py HOST PORT COMMAND...

Written from the page on the protocol alone.
"""

import json
import socket
import sys

host, port, *commands = sys.argv[1:]
link = socket.create_connection((host, int(port)), timeout=20)
link.sendall("".join(command + "\r\n" for command in commands).encode())
answers = link.makefile("rb")
for command in commands:
    word, _, why = answers.readline().decode().rstrip("\n").partition(" ")
    text = []
    if word in ("ok", "failed"):
        while (line := answers.readline()) != b".\n":
            text.append(line[1:] if line.startswith(b".") else line)
    answer = {"outcome": word, "why": why, "text": b"".join(text).decode()}
    print(json.dumps(answer), flush=True)
