"""Twisted servers.

    twisted_server.py KIND PATH CERTIFICATE KEY

KIND is tcp, tls or unix (a Protocol with dataReceived), line (a LineReceiver, which wants
CRLF), or udp. Prints "ready ADDRESS".
"""

import sys
from time import ctime

from twisted.internet import protocol, reactor, ssl
from twisted.protocols.basic import LineReceiver

kind, path, certificate, key = sys.argv[1:]


def stamped(data):
    return f"[{ctime()}] ".encode() + data


class Timestamp(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(stamped(data))


class TimestampLines(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(stamped(line))


class TimestampDatagrams(protocol.DatagramProtocol):
    def datagramReceived(self, data, address):
        self.transport.write(stamped(data), address)


if kind == "udp":
    port = reactor.listenUDP(0, TimestampDatagrams(), interface="127.0.0.1")
    where = "127.0.0.1:%d" % port.getHost().port
elif kind == "unix":
    reactor.listenUNIX(path, protocol.Factory.forProtocol(Timestamp))
    where = path
else:
    factory = protocol.Factory.forProtocol(TimestampLines if kind == "line" else Timestamp)
    if kind == "tls":
        context = ssl.DefaultOpenSSLContextFactory(key, certificate)
        port = reactor.listenSSL(0, factory, context, interface="127.0.0.1")
    else:
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    where = "localhost:%d" % port.getHost().port
reactor.callWhenRunning(print, "ready", where, flush=True)
reactor.run()
