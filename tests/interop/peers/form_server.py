"""werkzeug's server on a free port of loopback, which reads forms.

form_server.py: prints `ready ADDRESS`. To a form it answers, as JSON, what it has understood of it; to anything else, what
it was sent.
"""

import hashlib
import json
import logging

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

logging.disable()


def digest(content):
    return hashlib.sha256(content).hexdigest()


def described(name, file):
    content = file.read()
    return {
        "field": name,
        "name": file.filename,
        "type": file.content_type,
        "bytes": len(content),
        "sha256": digest(content),
    }


@Request.application
def answer(request):
    said = {
        "fields": list(request.form.items(multi=True)),
        "files": [described(name, file) for name, file in request.files.items(multi=True)],
        "length": request.content_length,
    }
    if not said["fields"] and not said["files"]:
        said["sha256"] = digest(request.get_data())
    return Response(json.dumps(said), mimetype="application/json")


server = make_server("127.0.0.1", 0, answer)
print(f"ready 127.0.0.1:{server.port}", flush=True)
server.serve_forever()
