"""pyftpdlib's server on a free port of loopback.

ftp_server.py FOLDER [CERTIFICATE_WITH_KEY]: prints `ready ADDRESS`. Anybody may log in and change everything, and so
may anna, whose password is swordfish. With a certificate it insists on TLS, on both kinds of connections.
"""

import sys
import warnings

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.log import config_logging
from pyftpdlib.servers import FTPServer

# It would warn of what is wanted here: that anybody may write.
warnings.simplefilter("ignore")
folder, *certificate = sys.argv[1:]
everything = "elradfmwMT"
authorizer = DummyAuthorizer()
authorizer.add_anonymous(folder, perm=everything)
authorizer.add_user("anna", "swordfish", folder, perm=everything)

handler = FTPHandler
if certificate:
    handler = TLS_FTPHandler
    handler.certfile = certificate[0]
    handler.tls_control_required = True
    handler.tls_data_required = True
handler.authorizer = authorizer
# A wrong password is answered after this many seconds.
handler.auth_failed_timeout = 0
config_logging(level=100)

server = FTPServer(("127.0.0.1", 0), handler)
host, port = server.socket.getsockname()[:2]
print(f"ready {host}:{port}", flush=True)
server.serve_forever()
