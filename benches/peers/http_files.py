"""Files by urllib and http.client, as their documentation has them."""

import http.client
import shutil
import ssl
import sys
import urllib.request
from urllib.parse import urlsplit

url, large, folder, many = sys.argv[1:]
context = ssl._create_unverified_context()
if int(many) == 0:
    with urllib.request.urlopen(f"{url}/{large}", context=context) as answer, open(large, "wb") as file:
        shutil.copyfileobj(answer, file)
else:
    where = urlsplit(url)
    if where.scheme == "https":
        connection = http.client.HTTPSConnection(where.netloc, context=context)
    else:
        connection = http.client.HTTPConnection(where.netloc)
    for number in range(int(many)):
        name = f"f{number:05}"
        connection.request("GET", f"/{folder}/{name}")
        with connection.getresponse() as answer, open(name, "wb") as file:
            shutil.copyfileobj(answer, file)
