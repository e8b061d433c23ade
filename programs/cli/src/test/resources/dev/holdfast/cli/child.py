"""A server that is not Java: child.py PORT [wait=FILE] [code=N] [stubborn] [look=DIR]

Listens on the port of 127.0.0.1 once the file is there. On SIGTERM and SIGINT it says which signal came and
how many records DIR holds at that moment, and ends with the code; stubborn: it goes on instead.
"""
import os
import signal
import socket
import sys
import time

port = int(sys.argv[1])
options = dict((word.split("=", 1) + [""])[:2] for word in sys.argv[2:])


def stop(number, frame):
    records = len(os.listdir(options["look"])) if os.path.isdir(options.get("look", "")) else 0
    print("child: signal", number, "records", records, flush=True)
    if "stubborn" not in options:
        os._exit(int(options.get("code", 0)))


for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(name, stop)
print("child: started", os.getpid(), flush=True)
while "wait" in options and not os.path.exists(options["wait"]):
    time.sleep(0.02)
if port:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen(16)
    print("child: listening", flush=True)
    while True:
        server.accept()[0].close()
while True:
    time.sleep(1)
