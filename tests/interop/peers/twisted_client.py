"""Twisted clients: send a message, wait, print the answer, send the next, lose the connection.

    twisted_client.py KIND ADDRESS CA MESSAGE...

KIND is tcp, tls or unix (a Protocol, bare words), line (a LineReceiver with CRLF), or udp.
"""

import sys

from twisted.internet import protocol, reactor, ssl
from twisted.protocols.basic import LineReceiver

kind, address, authority, *messages = sys.argv[1:]


class Conversation:
    def __init__(self):
        self.left = list(messages)

    def next(self):
        if self.left:
            return self.left.pop(0).encode()
        return None


class Words(protocol.Protocol):
    def connectionMade(self):
        self.conversation = Conversation()
        self.send()

    def send(self):
        message = self.conversation.next()
        if message is None:
            self.transport.loseConnection()
        else:
            self.transport.write(message)

    def dataReceived(self, data):
        print(repr(data), flush=True)
        self.send()


class Lines(LineReceiver):
    def connectionMade(self):
        self.conversation = Conversation()
        self.send()

    def send(self):
        message = self.conversation.next()
        if message is None:
            self.transport.loseConnection()
        else:
            self.sendLine(message)

    def lineReceived(self, line):
        print(repr(line), flush=True)
        self.send()


class Datagrams(protocol.DatagramProtocol):
    def startProtocol(self):
        self.conversation = Conversation()
        host, port = address.rsplit(":", 1)
        self.transport.connect(host, int(port))
        self.send()

    def send(self):
        message = self.conversation.next()
        if message is None:
            reactor.stop()
        else:
            self.transport.write(message)

    def datagramReceived(self, data, _):
        print(repr(data), flush=True)
        self.send()


class Factory(protocol.ClientFactory):
    protocol = Lines if kind == "line" else Words

    def clientConnectionLost(self, connector, reason):
        reactor.stop()

    def clientConnectionFailed(self, connector, reason):
        print("failed", reason.getErrorMessage(), flush=True)
        reactor.stop()


if kind == "udp":
    reactor.listenUDP(0, Datagrams())
elif kind == "unix":
    reactor.connectUNIX(address, Factory())
else:
    host, port = address.rsplit(":", 1)
    if kind == "tls":
        with open(authority, "rb") as file:
            root = ssl.Certificate.loadPEM(file.read())
        options = ssl.optionsForClientTLS("localhost", trustRoot=root)
        reactor.connectSSL(host, int(port), Factory(), options)
    else:
        reactor.connectTCP(host, int(port), Factory())
reactor.run()
