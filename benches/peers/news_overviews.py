"""The overviews of a group by nntplib, as its documentation has it: a line for each article."""

import ssl
import sys
from email.utils import parseaddr, parsedate_to_datetime
from nntplib import NNTP, NNTP_SSL, decode_header

host, port, security, group, last = sys.argv[1:]
if security == "tls":
    news = NNTP_SSL(host, int(port), ssl_context=ssl._create_unverified_context())
else:
    news = NNTP(host, int(port))
news.group(group)
_, overviews = news.over((1, int(last)))
for number, over in overviews:
    name, _ = parseaddr(decode_header(over["from"]))
    day = parsedate_to_datetime(over["date"]).astimezone()
    print(f"{number:>6}  {day:%Y-%m-%d}  {name[:20]:20}  {decode_header(over['subject'])}")
news.quit()
