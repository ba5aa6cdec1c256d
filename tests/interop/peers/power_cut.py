"""A file system that loses what was not written for good when its power is cut.

    power_cut.py MOUNTPOINT DISK

What a program does under MOUNTPOINT is kept in memory twice: as the program sees it, and as it would be
found after a power cut. fsync and fdatasync bring a file's content from the one to the other, fsync of
a folder its names; nothing else does. A line `cut SEED` on standard input writes into the folder DISK
what a disk would hold now, says `cut` and ends without unmounting: with seed 0 nothing but what was
synchronised, with another one also a part of the rest by chance, in any order, pieces of single
writes included. What was in DISK at the start is there as if synchronised.

There are files in one folder, which is what an embedded database needs, and sockets, which no disk
keeps. Locks are the kernel's.
"""

import errno
import os
import random
import stat
import sys
import threading
import time

from fuse import FUSE, FuseOSError, Operations

BLOCK = 512


class File:
    """The content as it is seen, as it is safe, and the writes between the two."""

    def __init__(self, content=b"", mode=stat.S_IFREG | 0o600):
        self.mode = mode
        self.seen = bytearray(content)
        self.safe = bytes(content)
        self.waiting = []

    def write(self, data, offset):
        end = offset + len(data)
        if len(self.seen) < end:
            self.seen.extend(bytes(end - len(self.seen)))
        self.seen[offset:end] = data
        self.waiting.append((offset, bytes(data)))

    def truncate(self, length):
        del self.seen[length:]
        self.seen.extend(bytes(length - len(self.seen)))
        self.waiting.append((length, None))

    def sync(self):
        self.safe = bytes(self.seen)
        self.waiting = []

    def after_cut(self, chance):
        """What is on the disk: a drive writes sectors, each whole, in whatever order it likes."""
        content = bytearray(self.safe)
        if chance is None:
            return bytes(content)
        pieces = []
        for offset, data in self.waiting:
            if data is None:
                pieces.append((offset, None))
                continue
            start = 0
            while start < len(data):
                length = BLOCK - (offset + start) % BLOCK
                pieces.append((offset + start, data[start : start + length]))
                start += length
        kept = [piece for piece in pieces if chance.random() < 0.5]
        chance.shuffle(kept)
        for offset, data in kept:
            end = offset + len(data or b"")
            if len(content) < end:
                content.extend(bytes(end - len(content)))
            if data is None:
                del content[offset:]
            else:
                content[offset:end] = data
        return bytes(content)


class Disk(Operations):
    def __init__(self, folder):
        self.guard = threading.RLock()
        self.names = {}
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                self.names[name] = File(file.read())
        self.safe_names = dict(self.names)
        # What a name was changed to, in order; nothing is a removed one.
        self.changed_names = []
        self.handles = {}
        self.next_handle = 1

    def cut(self, seed, folder):
        with self.guard:
            chance = random.Random(seed) if seed else None
            names = dict(self.safe_names)
            if chance:
                # A journal of names is replayed in order, up to some point.
                kept = chance.randint(0, len(self.changed_names))
                for name, file in self.changed_names[:kept]:
                    names[name] = file
            for name in os.listdir(folder):
                os.remove(os.path.join(folder, name))
            for name, file in names.items():
                if file is not None and stat.S_ISREG(file.mode):
                    with open(os.path.join(folder, name), "wb") as out:
                        out.write(file.after_cut(chance))

    def name(self, path):
        name = path[1:]
        if "/" in name:
            raise FuseOSError(errno.ENOTDIR)
        return name

    def find(self, path):
        file = self.names.get(self.name(path))
        if file is None:
            raise FuseOSError(errno.ENOENT)
        return file

    def set_name(self, name, file):
        if file is None:
            self.names.pop(name, None)
        else:
            self.names[name] = file
        self.changed_names.append((name, file))

    def open_file(self, file):
        handle = self.next_handle
        self.next_handle += 1
        self.handles[handle] = file
        return handle

    def getattr(self, path, handle=None):
        with self.guard:
            about = {"st_uid": os.getuid(), "st_gid": os.getgid(), "st_nlink": 1}
            now = time.time()
            about.update(st_atime=now, st_mtime=now, st_ctime=now)
            if path == "/":
                return dict(about, st_mode=stat.S_IFDIR | 0o700, st_nlink=2)
            file = self.handles[handle] if handle else self.find(path)
            return dict(about, st_mode=file.mode, st_size=len(file.seen))

    def readdir(self, path, handle):
        with self.guard:
            return [".", "..", *self.names]

    def create(self, path, mode, info=None):
        with self.guard:
            file = File(mode=stat.S_IFREG | stat.S_IMODE(mode))
            self.set_name(self.name(path), file)
            return self.open_file(file)

    def mknod(self, path, mode, device):
        with self.guard:
            self.set_name(self.name(path), File(mode=mode))

    def open(self, path, flags):
        with self.guard:
            return self.open_file(self.find(path))

    def read(self, path, size, offset, handle):
        with self.guard:
            return bytes(self.handles[handle].seen[offset : offset + size])

    def write(self, path, data, offset, handle):
        with self.guard:
            self.handles[handle].write(data, offset)
            return len(data)

    def truncate(self, path, length, handle=None):
        with self.guard:
            file = self.handles[handle] if handle else self.find(path)
            file.truncate(length)

    def fsync(self, path, datasync, handle):
        with self.guard:
            self.handles[handle].sync()

    def fsyncdir(self, path, datasync, handle):
        with self.guard:
            self.safe_names = dict(self.names)
            self.changed_names = []

    def release(self, path, handle):
        with self.guard:
            del self.handles[handle]

    def unlink(self, path):
        with self.guard:
            self.find(path)
            self.set_name(self.name(path), None)

    def rename(self, old, new):
        with self.guard:
            file = self.find(old)
            self.set_name(self.name(old), None)
            self.set_name(self.name(new), file)

    def chmod(self, path, mode):
        with self.guard:
            file = self.find(path)
            file.mode = stat.S_IFMT(file.mode) | stat.S_IMODE(mode)

    def chown(self, path, uid, gid):
        pass

    def utimens(self, path, times=None):
        pass

    def statfs(self, path):
        return {"f_bsize": 4096, "f_blocks": 1 << 20, "f_bavail": 1 << 20, "f_bfree": 1 << 20}

    def init(self, path):
        print("mounted", flush=True)


def wait_for_the_cut(disk, folder):
    for line in sys.stdin:
        word, seed = line.split()
        assert word == "cut", line
        # Held to the end: what is synchronised behind the cut would be acknowledged, and is not there.
        with disk.guard:
            disk.cut(int(seed), folder)
            print("cut", flush=True)
            os._exit(0)
    # Whoever started it is gone.
    os._exit(1)


def main():
    mountpoint, folder = sys.argv[1:]
    disk = Disk(folder)
    threading.Thread(target=wait_for_the_cut, args=(disk, folder), daemon=True).start()
    # Every write is handed on at once, so that nothing is safe by luck or lost by the kernel.
    FUSE(disk, mountpoint, foreground=True, nothreads=True, direct_io=True, raw_fi=False)


main()
