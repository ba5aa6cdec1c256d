"""Calls a sleep server through the package jsonrpcclient: prints the seconds in the order in which
they were slept, then what the errors are.

    jsonrpc_client.py HOST:PORT
"""

import socket
import sys

from jsonrpcclient import Error, Ok, notification_json, parse_json, request_json

host, port = sys.argv[1].rsplit(":", 1)
connection = socket.create_connection((host, int(port)), timeout=20)
lines = connection.makefile("rw", encoding="utf-8", newline="\n")


def say(*messages):
    for message in messages:
        lines.write(message + "\n")
    lines.flush()


def hear():
    line = lines.readline()
    return parse_json(line)


asked = {number: seconds for number, seconds in enumerate([0.3, 0.0, 0.2, 0.1])}
say(*(request_json("sleep", params=[seconds], id=number) for number, seconds in asked.items()))
for _ in asked:
    answer = hear()
    assert isinstance(answer, Ok), answer
    assert asked[answer.id] <= answer.result["seconds"] < asked[answer.id] + 10, answer
    print(asked[answer.id])

say(
    request_json("sleep", params={"seconds": 60}, id="a text"),
    notification_json("$/cancelRequest", params={"id": "a text"}),
    request_json("sleep", params=[-1], id=7),
    request_json("slumber", id=8),
    "no JSON",
)
for _ in range(4):
    answer = hear()
    assert isinstance(answer, Error), answer
    print(answer.id, answer.code)
