"""Sends questions to lariat's UDP services in other machines' names, and counts what those receive.

    spoofed.py LARIAT

Runs in a network namespace of its own (see `spoofed.rs`), and makes another one for the server, with
a cable between the two: address 1 is the server, 2 is who sends, and 3 is the victim, which lives on this
side of the cable so that it can be asked what came. All of it over IPv4, and then over IPv6, whose headers
are longer and counted so. Prints one JSON object.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

SERVICES = {
    "echo": 7007,
    "discard": 7009,
    "daytime": 7013,
    "qotd": 7017,
    "chargen": 7019,
    "time": 7037,
    "timestamp": 7567,
}
# Whose answers are worth forging a question for, in the name of the other.
PAIRS = [
    ("echo", "echo"),
    *(("echo", other) for other in ["daytime", "time", "qotd", "chargen", "timestamp"]),
    ("daytime", "time"),
    ("chargen", "qotd"),
    ("qotd", "daytime"),
    ("timestamp", "qotd"),
]
TIMES = 100
QUIET = 0.05  # seconds, after which nothing more comes of what was asked

lariat = sys.argv[1]


def run(*words):
    subprocess.run(words, check=True)


def checksum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Family:
    """One of the two kinds of addresses: who is who, and how a packet is written and read."""

    def __init__(self, name, family, network, length):
        self.name, self.family, self.length = name, family, length
        self.server, self.sender, self.victim = (f"{network}{number}" for number in [1, 2, 3])
        # Of IP and UDP.
        self.headers = {4: 28, 6: 48}[int(name[-1])]
        self.ethertype = {4: 0x0800, 6: 0x86DD}[int(name[-1])]

    def datagram(self, source, destination, content):
        """A whole packet."""
        ends = b"".join(socket.inet_pton(self.family, end[0]) for end in [source, destination])
        length = 8 + len(content)
        udp = struct.pack("!HHHH", source[1], destination[1], length, 0) + content
        if self.family == socket.AF_INET:
            # A UDP checksum of zero is none.
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, 17, 0) + ends
            return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp
        # Over IPv6 there has to be one (RFC 8200, 8.1).
        summed = checksum(ends + struct.pack("!II", length, 17) + udp) or 0xFFFF
        udp = udp[:6] + struct.pack("!H", summed) + content
        return struct.pack("!IHBB", 6 << 28, length, 17, 64) + ends + udp

    def is_between(self, packet, one, other):
        """Whether a packet is UDP from one of these to the other."""
        protocol, ends = (9, 12) if self.family == socket.AF_INET else (6, 8)
        size = 4 if self.family == socket.AF_INET else 16
        found = {packet[ends : ends + size], packet[ends + size : ends + 2 * size]}
        wanted = {socket.inet_pton(self.family, end) for end in [one, other]}
        return packet[protocol] == 17 and found == wanted

    def forge(self, raw, source, port, content):
        """Sends the server a datagram in somebody's name."""
        raw.sendto(self.datagram(source, (self.server, port), content), (self.server, 0))

    def bound(self, address, port):
        end = socket.socket(self.family, socket.SOCK_DGRAM)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        end.bind((address, port))
        return end


FAMILIES = [
    Family("IPv4", socket.AF_INET, "192.0.2.", 24),
    Family("IPv6", socket.AF_INET6, "fd00:192:0:2::", 64),
]


def received(end, most):
    """What comes until nothing more does, or more than could be right: peers are answered in no order, so
    that others may have their answers a moment later than who asked last."""
    came = []
    end.settimeout(QUIET)
    while len(came) <= most:
        try:
            came.append(end.recvfrom(65536))
        except TimeoutError:
            break
    return came


def settle(family, name, raw, asking):
    """Asks in our own name, by the way that forged questions go, and waits for the answer: the server has
    then done all that it was sent before. Discard has nothing to say, so that echo is asked, often enough
    that both have had their turns."""
    if name == "discard":
        for _ in range(20):
            settle(family, "echo", raw, asking)
        return
    question = os.urandom(8) if name == "echo" else bytes(160)
    asking.settimeout(0.5)
    for _ in range(40):
        family.forge(raw, asking.getsockname()[:2], SERVICES[name], question)
        try:
            asking.recv(65536)
            return
        except TimeoutError:
            pass
    raise SystemExit(f"nothing answers as {name} over {family.name}")


def cable():
    """The server's namespace, by the process that keeps it, with a cable to it."""
    keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{keeper.pid}/ns/net") == ours:
        pass
    there = ["nsenter", f"--net=/proc/{keeper.pid}/ns/net"]
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(keeper.pid))
    for family in FAMILIES:
        # An IPv6 address is otherwise looked for elsewhere first, and cannot be used meanwhile.
        now = ["nodad"] if family.family == socket.AF_INET6 else []
        for address in [family.sender, family.victim]:
            run("ip", "address", "add", f"{address}/{family.length}", "dev", "here", *now)
        ours = f"{family.server}/{family.length}"
        run(*there, "ip", "address", "add", ours, "dev", "there", *now)
    for name, words in [("here", []), ("lo", []), ("there", there), ("lo", there)]:
        run(*words, "ip", "link", "set", name, "up")
    return keeper, there


def serve(words, addresses, state):
    endpoints = [
        f"{name}=udp://{f'[{address}]' if ':' in address else address}:{port}"
        for name, port in SERVICES.items()
        for address in addresses
    ]
    server = subprocess.Popen(
        [*words, lariat, "serve", "--json", "--state", state, *endpoints],
        stdout=subprocess.PIPE,
        text=True,
    )
    while '"ready":true' not in server.stdout.readline():
        assert server.poll() is None, "the server does not start"
    return server


def counted(family, name, source_port, content, raw, asking):
    """What the victim receives of a service that was asked so often in its name."""
    victim = family.bound(family.victim, source_port)
    for _ in range(TIMES):
        family.forge(raw, (family.victim, source_port), SERVICES[name], content)
    settle(family, name, raw, asking)
    lengths = [len(data) for data, _ in received(victim, 2 * TIMES)]
    victim.close()
    return {
        "sent": TIMES * (family.headers + len(content)),
        "count": len(lengths),
        "size": sum(family.headers + length for length in lengths),
    }


def said(family, first, second, raw, asking):
    """How many datagrams two servers say to each other, once somebody has said the first; which is
    counted too."""
    # Only who hears everything hears what leaves as well.
    everything = 0x0003
    watch = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(everything))
    watch.bind(("here", everything))
    family.forge(raw, (family.victim, SERVICES[second]), SERVICES[first], bytes(200))
    for _ in range(20):
        settle(family, first, raw, asking)
    count = 0
    for packet, (_, ethertype, *_) in received(watch, 500):
        is_ours = ethertype == family.ethertype
        count += is_ours and family.is_between(packet, family.server, family.victim)
    watch.close()
    return count


def measured(family):
    """All that is counted over one kind of addresses."""
    raw = socket.socket(family.family, socket.SOCK_RAW, socket.IPPROTO_RAW)
    asking = family.bound(family.sender, 0)
    result = {
        "low": {name: counted(family, name, 53, b"x", raw, asking) for name in SERVICES},
        "alike": {
            name: counted(family, name, SERVICES[name], b"x", raw, asking)
            for name in ["echo", "chargen", "qotd"]
        },
        "victim": {
            f"{name} {length}": counted(family, name, 40000 + length, bytes(length), raw, asking)
            for name in SERVICES
            for length in [0, 1, 10, 160]
        },
    }
    with tempfile.TemporaryDirectory() as state:
        other = serve([], [family.victim], state)
        result["loops"] = {
            f"{first} and {second}": said(family, first, second, raw, asking)
            for first, second in PAIRS
        }
        other.terminate()
        other.wait()
    return result


def main():
    keeper, there = cable()
    with tempfile.TemporaryDirectory() as state:
        server = serve(there, [family.server for family in FAMILIES], state)
        try:
            result = {family.name: measured(family) for family in FAMILIES}
        finally:
            server.terminate()
            server.wait()
            keeper.kill()
    print(json.dumps(result))


main()
