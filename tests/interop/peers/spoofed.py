"""Sends questions to lariat's UDP services in other machines' names, and counts what those receive.

    spoofed.py LARIAT

Runs in a network namespace of its own (see `spoofed.rs`), and makes another one for the server, with
a cable between the two: 192.0.2.1 is the server, 192.0.2.2 is who sends, and 192.0.2.3 is the victim,
which lives on this side of the cable so that it can be asked what came. Prints one JSON object.
"""

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

SERVER, SENDER, VICTIM = "192.0.2.1", "192.0.2.2", "192.0.2.3"
SERVICES = {"echo": 7007, "daytime": 7013, "qotd": 7017, "chargen": 7019, "time": 7037}
HEADERS = 28  # of IPv4 and UDP
TIMES = 100

lariat = sys.argv[1]


def run(*words):
    subprocess.run(words, check=True)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(source, destination, content):
    """A whole IPv4 packet. A UDP checksum of zero is none."""
    udp = struct.pack("!HHHH", source[1], destination[1], 8 + len(content), 0) + content
    ends = socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + udp


def bound(address, port):
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    end.bind((address, port))
    return end


def received(end):
    """How many datagrams came, and how many bytes they had on the wire."""
    count = size = 0
    end.setblocking(False)
    while True:
        try:
            size += HEADERS + len(end.recv(65536))
            count += 1
        except BlockingIOError:
            return count, size


def settle(port, asking):
    """Asks in our own name and waits for the answer: the server has then done all that it was sent
    before."""
    question = os.urandom(8) if port == SERVICES["echo"] else bytes(160)
    asking.settimeout(0.5)
    for _ in range(40):
        asking.sendto(question, (SERVER, port))
        try:
            asking.recv(65536)
            return
        except TimeoutError:
            pass
    raise SystemExit(f"nothing answers at {port}")


def cable():
    """The server's namespace, by the process that keeps it, with a cable to it."""
    keeper = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
    ours = os.readlink("/proc/self/ns/net")
    while os.readlink(f"/proc/{keeper.pid}/ns/net") == ours:
        pass
    there = ["nsenter", f"--net=/proc/{keeper.pid}/ns/net"]
    run("ip", "link", "add", "here", "type", "veth", "peer", "name", "there", "netns", str(keeper.pid))
    for address in [SENDER, VICTIM]:
        run("ip", "address", "add", f"{address}/24", "dev", "here")
    run(*there, "ip", "address", "add", f"{SERVER}/24", "dev", "there")
    for name, words in [("here", []), ("lo", []), ("there", there), ("lo", there)]:
        run(*words, "ip", "link", "set", name, "up")
    return keeper, there


def serve(words, address, state):
    endpoints = [f"{name}=udp://{address}:{port}" for name, port in SERVICES.items()]
    server = subprocess.Popen(
        [*words, lariat, "serve", "--json", "--state", state, *endpoints],
        stdout=subprocess.PIPE,
        text=True,
    )
    while '"ready":true' not in server.stdout.readline():
        assert server.poll() is None, "the server does not start"
    return server


def counted(name, source_port, content, raw, asking):
    """What the victim receives of a service that was asked so often in its name."""
    port = SERVICES[name]
    victim = bound(VICTIM, source_port)
    packet = datagram((VICTIM, source_port), (SERVER, port), content)
    for _ in range(TIMES):
        raw.sendto(packet, (SERVER, 0))
    settle(port, asking)
    count, size = received(victim)
    victim.close()
    return {"sent": TIMES * (HEADERS + len(content)), "count": count, "size": size}


def loops(raw, asking, state):
    """How many datagrams two servers say to each other, once somebody has said the first."""
    other = serve([], VICTIM, state)
    seen = {}
    for first, second in [("echo", "echo"), ("daytime", "time"), ("chargen", "qotd"), ("qotd", "daytime")]:
        watch = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        source, target = (VICTIM, SERVICES[second]), (SERVER, SERVICES[first])
        raw.sendto(datagram(source, target, bytes(200)), (SERVER, 0))
        for _ in range(20):
            settle(SERVICES[first], asking)
        watch.setblocking(False)
        count = 0
        while True:
            try:
                packet = watch.recv(65536)
            except BlockingIOError:
                break
            ends = {socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])}
            count += ends == {SERVER, VICTIM}
        watch.close()
        seen[f"{first} and {second}"] = count
    other.terminate()
    other.wait()
    return seen


def main():
    keeper, there = cable()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    asking = bound(SENDER, 0)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        server = serve(there, SERVER, one)
        try:
            result = {
                "low": {name: counted(name, 53, b"x", raw, asking) for name in SERVICES},
                "alike": {
                    name: counted(name, SERVICES[name], b"x", raw, asking)
                    for name in ["echo", "chargen", "qotd"]
                },
                "victim": {
                    f"{name} {length}": counted(name, 40000 + length, bytes(length), raw, asking)
                    for name in SERVICES
                    for length in [0, 1, 10, 160]
                },
                "loops": loops(raw, asking, two),
            }
        finally:
            server.terminate()
            server.wait()
            keeper.kill()
    print(json.dumps(result))


main()
