"""Files by ftplib, as its documentation has it."""

import os
import ssl
import sys
from ftplib import FTP, FTP_TLS

host, port, security, task, large, folder = sys.argv[1:]
if security == "tls":
    ftp = FTP_TLS(context=ssl._create_unverified_context())
else:
    ftp = FTP()
ftp.connect(host, int(port))
ftp.login()
if security == "tls":
    ftp.prot_p()


def fetch(name, place):
    with open(place, "wb") as file:
        ftp.retrbinary("RETR " + name, file.write)


def send(path, name):
    with open(path, "rb") as file:
        ftp.storbinary("STOR " + name, file)


if task == "fetch-large":
    fetch(large, large)
elif task == "send-large":
    send(large, "sent/" + large)
elif task == "fetch-many":
    ftp.cwd(folder)
    for name in ftp.nlst():
        fetch(name, name)
else:
    for name in os.listdir(folder):
        send(os.path.join(folder, name), "sent/" + name)
ftp.quit()
