"""The timestamp server as it is written for Twisted: a LineReceiver.

With a certificate and a key as arguments it serves TLS.
"""

import sys
import time

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols.basic import LineReceiver


class Timestamp(LineReceiver):
    delimiter = b"\n"
    MAX_LENGTH = 65536

    def lineReceived(self, line):
        self.sendLine(b"[%s] %s" % (time.ctime().encode(), line))


where = "tcp:0:interface=127.0.0.1:backlog=1024"
if len(sys.argv) == 3:
    certificate, key = sys.argv[1:]
    where = f"ssl:0:interface=127.0.0.1:backlog=1024:certKey={certificate}:privateKey={key}"
endpoint = endpoints.serverFromString(reactor, where)
listening = endpoint.listen(protocol.Factory.forProtocol(Timestamp))
listening.addCallback(lambda port: print(f"127.0.0.1:{port.getHost().port}", flush=True))
reactor.run()
