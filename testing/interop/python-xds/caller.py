"""A client of xDS made with grpcio, for Holdfast's tests: steady calls whose answers are names.

    caller.py TARGET CALLS_PER_SECOND

prints "first <name>" at the first answer of each name and "failed <code> <details>" for each call
that fails, and obeys the lines on stdin:

    count                prints "counts <name>=<answers> .." of the time since the last one
    header <name> <text> sends it with every call from now on
    method <path>        calls this method from now on

It ends with its stdin and prints "ended <answered> <failed>".
"""

import sys
import threading
import time

import grpc

PATIENCE_SECONDS = 60


class Caller:
    """Makes the calls, and counts their answers. Its lock guards all that changes."""

    def __init__(self, channel, rate):
        self.channel = channel
        self.pause = 1 / rate
        self.lock = threading.Lock()
        self.idle = threading.Condition(self.lock)
        self.over = threading.Event()
        self.method = "/holdfast.interop.Names/Who"
        self.headers = {}
        self.seen = set()
        self.counts = {}
        self.answered = 0
        self.failed = 0
        self.under_way = 0

    def run(self):
        due = time.monotonic()
        while not self.over.wait(max(0, due - time.monotonic())):
            due += self.pause
            self.call()

    def call(self):
        with self.lock:
            self.under_way += 1
            method, headers = self.method, list(self.headers.items())
        future = self.channel.unary_unary(method).future(
            b"", timeout=PATIENCE_SECONDS, metadata=headers
        )
        future.add_done_callback(self.done)

    def done(self, future):
        code = future.code()
        name = future.result().decode() if code is grpc.StatusCode.OK else None
        with self.lock:
            self.under_way -= 1
            self.idle.notify_all()
            if name is None:
                self.failed += 1
                print("failed", code.name, future.details(), flush=True)
                return
            self.answered += 1
            self.counts[name] = self.counts.get(name, 0) + 1
            if name not in self.seen:
                self.seen.add(name)
                print("first", name, flush=True)

    def obey(self, line):
        order, _, rest = line.partition(" ")
        with self.lock:
            if order == "count":
                words = [f"{name}={times}" for name, times in self.counts.items()]
                print("counts", *words, flush=True)
                self.counts = {}
            elif order == "header":
                name, _, text = rest.partition(" ")
                self.headers[name] = text
            elif order == "method":
                self.method = rest
            else:
                print("unknown", line, flush=True)

    def end(self):
        self.over.set()
        with self.lock:
            self.idle.wait_for(lambda: self.under_way == 0, PATIENCE_SECONDS)
            print("ended", self.answered, self.failed, flush=True)


def main(args):
    if args == ["version"]:
        print("grpcio", grpc.__version__, flush=True)
        return
    if len(args) != 2:
        sys.exit("usage: caller.py TARGET CALLS_PER_SECOND")
    with grpc.insecure_channel(args[0]) as channel:
        caller = Caller(channel, float(args[1]))
        calls = threading.Thread(target=caller.run, daemon=True)
        calls.start()
        for line in sys.stdin:
            caller.obey(line.strip())
        caller.end()
        calls.join()


if __name__ == "__main__":
    main(sys.argv[1:])
