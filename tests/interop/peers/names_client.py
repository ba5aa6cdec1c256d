"""Uses a name server as a program does that has read its protocol: `names_client.py HOST PORT`.

Many requests in one write, events between the answers, and errors that leave the connection as it is.
"""

import shlex
import socket
import sys

host, port = sys.argv[1:]


class Names:
    def __init__(self):
        self.stream = socket.create_connection((host, int(port)), timeout=20)
        self.lines = self.stream.makefile("r", encoding="utf-8", newline="\n")
        self.events = []

    def send(self, *requests):
        self.stream.sendall("".join(request + "\n" for request in requests).encode())

    def line(self):
        line = self.lines.readline()
        assert line.endswith("\n"), line
        return line[:-1]

    def answer(self):
        """The first line's words, and the lines behind it."""
        while (first := self.line()).startswith("event "):
            self.events.append(shlex.split(first)[1:3])
        kind, count, *rest = first.split(" ")
        if kind == "error":
            return [kind, count], []
        assert kind == "ok", first
        return rest, [self.line() for _ in range(int(count))]

    def event(self):
        while not self.events:
            line = self.line()
            assert line.startswith("event "), line
            self.events.append(shlex.split(line)[1:3])
        return self.events.pop(0)


watcher = Names()
watcher.send("watch prefix=python.")
assert watcher.answer() == ([], [])

names = Names()
about = 'tags=a,b description="über den Dächern" probe=none ttl=600'
names.send(*(f"register python.{n} 127.0.0.1:{1000 + n} {about}" for n in range(50)))
tokens = []
for _ in range(50):
    words, lines = names.answer()
    fields = dict(word.split("=", 1) for word in words)
    tokens.append(fields["token"])
    assert (fields["ttl"], lines) == ("600", []), words
# What is looked up is what was acknowledged before, so this waits for the answers.
names.send(
    "find python.7",
    "find python.99",
    "register python.7 127.0.0.1:9",
    "nonsense",
    "find prefix=python. tag=a all",
    "ping",
)
_, (found,) = names.answer()
name, place, *fields = shlex.split(found)
fields = dict(field.split("=", 1) for field in fields)
assert (name, place) == ("python.7", "tcp://127.0.0.1:1007"), found
assert fields["description"] == "über den Dächern" and fields["tags"] == "a,b", found
for code in ["unknown", "taken", "invalid"]:
    words, _ = names.answer()
    assert words == ["error", code], words
_, everything = names.answer()
assert len(everything) == 50, everything
assert names.answer() == ([], [])
print("asked")

names.send(*(f"remove python.{n} token={token}" for n, token in enumerate(tokens)), "quit")
for _ in range(51):
    assert names.answer() == ([], [])
assert names.lines.readline() == ""
changes = [watcher.event() for _ in range(100)]
for change in ["registered", "removed"]:
    told = [name for what, name in changes if what == change]
    assert told == [f"python.{n}" for n in range(50)], changes
print("watched")
