"""Stands in for systemd: prints each notification that arrives at a Unix datagram socket as one line, with the sender's pid.

usage: notify-listener.py SOCKET    (a path, or a name in the abstract namespace after @)
"""
import os
import socket
import struct
import sys

name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
listener.bind("\0" + name[1:] if name.startswith("@") else name)
if not name.startswith("@"):
    os.chmod(name, 0o666)
print("listening", flush=True)
while True:
    data, ancillary, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(struct.calcsize("3i")))
    pid = struct.unpack("3i", ancillary[0][2][: struct.calcsize("3i")])[0]
    print(f"pid={pid} " + " ".join(data.decode().splitlines()), flush=True)
