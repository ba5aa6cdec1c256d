"""Posts an article by Python's nntplib, reads the group, and prints all that it got as JSON."""

import json
import nntplib
import sys

ARTICLE = """From: =?iso-8859-1?Q?Andr=E9?= <andre@test.example>
Newsgroups: misc.test
Subject: =?utf-8?b?R3LDvMOfZQ==?= from Python
Message-ID: <python@test.example>
Content-Type: text/plain; charset=utf-8

..
.
Grüße
""".encode()

news = nntplib.NNTP("127.0.0.1", int(sys.argv[1]), readermode=True)
news.post(ARTICLE)
_, count, first, last, name = news.group("misc.test")
_, overviews = news.over((first, last))
_, article = news.article(last)
_, values = news.xhdr("From", f"{first}-{last}")
print(
    json.dumps(
        {
            "group": [count, first, last, name],
            "over": overviews,
            "article": [line.decode() for line in article.lines],
            "xhdr": values,
            "decoded": [nntplib.decode_header(fields["from"]) for _, fields in overviews],
            "description": news.description("misc.test"),
        }
    )
)
news.quit()
