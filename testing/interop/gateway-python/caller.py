"""grpcio, which is C-core, against a gateway before the service of talks.proto.

    caller.py HOST:PORT     prints a line per check, "ok NAME" or "FAILED NAME: why", then
                            "N ok, M failed"; exit code 1 when one failed
    caller.py roll HOST:PORT  prints "ready", calls without end, and when stdin has ended
                            "N ok, M failed"; exit code 1 when a call failed
    caller.py version       prints "grpcio <version>"
"""

import concurrent.futures
import sys
import threading
import time
import traceback

import grpc

PATIENCE_SECONDS = 120
SERVICE = "/holdfast.bench.clients.Talks/"
REASON = "kein K\u00e4se: 100 %,\n\u65e5\u672c"
BYTES = bytes((0, 1, 254, 255, 10, 61))
LARGE = 3_000_000
WORDS = ("a", "b", "c")
# Below the least that C-core takes between PINGs of a connection without data.
EAGER = (
    ("grpc.keepalive_time_ms", 50),
    ("grpc.keepalive_timeout_ms", 60_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
)
LARGE_MESSAGES = (("grpc.max_receive_message_length", -1),)


def varint(number):
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(0x80 | number & 0x7F)
        number >>= 7
    out.append(number)
    return bytes(out)


def ask(text="", count=0, padding=0, code=0):
    """An Ask, as protobuf writes it."""
    raw = text.encode()
    return (
        b"\x0a" + varint(len(raw)) + raw
        + b"\x10" + varint(count)
        + b"\x18" + varint(padding)
        + b"\x20" + varint(code)
    )


def read_varint(raw, at):
    number = shift = 0
    while True:
        number |= (raw[at] & 0x7F) << shift
        shift += 7
        at += 1
        if raw[at - 1] < 0x80:
            return number, at


def told(raw):
    """The text and the number of a Told."""
    text, number, at = "", 0, 0
    while at < len(raw):
        tag, at = read_varint(raw, at)
        value, at = read_varint(raw, at)
        if tag == 0x0A:
            text, at = raw[at : at + value].decode(), at + value
        else:
            number = value
    return text, number


class Talks:
    """The stub that protoc would make."""

    def __init__(self, channel):
        self.say = channel.unary_unary(SERVICE + "Say", response_deserializer=told)
        self.tell = channel.unary_stream(SERVICE + "Tell", response_deserializer=told)
        self.sum = channel.stream_unary(SERVICE + "Sum", response_deserializer=told)
        self.talk = channel.stream_stream(SERVICE + "Talk", response_deserializer=told)
        self.given_up = channel.unary_unary(SERVICE + "GivenUp", response_deserializer=told)


def expect(seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{seen!r:.200} (expected: {wanted!r:.200})")


def failure(call):
    """The error of a call that must fail."""
    try:
        call()
    except grpc.RpcError as error:
        return error
    raise AssertionError("the call did not fail")


def expect_reason(error, code):
    expect(error.code(), code)
    expect(error.details(), REASON)
    details = dict(error.trailing_metadata())["grpc-status-details-bin"]
    expect(b"GONE" in details, True)


class Checks:
    """What a client can do, by the names of its methods."""

    def __init__(self, talks, name):
        self.talks = talks
        self.name = name

    def unary(self):
        expect(self.talks.say(ask("h\u00e9llo"), timeout=PATIENCE_SECONDS), ("h\u00e9llo", 5))

    def large_messages(self):
        text, number = self.talks.say(ask("y" * LARGE, padding=LARGE), timeout=PATIENCE_SECONDS)
        expect((len(text), number), (LARGE, LARGE))

    def many_at_once(self):
        calls = [self.talks.say.future(ask(str(i))) for i in range(500)]
        for i, call in enumerate(calls):
            expect(call.result(PATIENCE_SECONDS)[0], str(i))

    def metadata(self):
        call = self.talks.say.future(
            ask("x"), metadata=(("x-text", "blue"), ("x-bytes-bin", BYTES))
        )
        call.result(PATIENCE_SECONDS)
        headers, trailers = dict(call.initial_metadata()), dict(call.trailing_metadata())
        expect((headers["x-text"], headers["x-bytes-bin"]), ("blue", BYTES))
        expect((trailers["x-end-text"], trailers["x-end-bytes-bin"]), ("blue", BYTES))

    def failures(self):
        for code in grpc.StatusCode:
            if code not in (grpc.StatusCode.OK, grpc.StatusCode.CANCELLED):
                error = failure(lambda: self.talks.say(ask(code=code.value[0])))
                expect_reason(error, code)

    def deadline(self):
        error = failure(lambda: self.talks.say(ask("sleep"), timeout=0.1))
        expect(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def large_header(self):
        error = failure(lambda: self.talks.say(ask("x"), metadata=(("x-large", "z" * 17_000),)))
        expect(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.unary()

    def server_stream(self):
        seen = [number for _, number in self.talks.tell(ask("a", count=1_000))]
        expect(seen, list(range(1, 1_001)))

    def slow_reader(self):
        seen = 0
        for _, number in self.talks.tell(ask("a", count=200, padding=10_000)):
            seen += 1
            expect(number, seen)
            if seen % 20 == 0:
                time.sleep(0.005)
        expect(seen, 200)

    def stream_that_fails_late(self):
        seen = []
        error = failure(lambda: seen.extend(self.talks.tell(ask("a", 3, code=15))))
        expect_reason(error, grpc.StatusCode.DATA_LOSS)

    def stream_given_up(self):
        text = f"{self.name} stream"
        call = self.talks.tell(ask(text, count=-1))
        expect(next(call), (text, 1))
        call.cancel()
        self.talks.given_up(ask(text), timeout=PATIENCE_SECONDS)

    def call_given_up(self):
        text = f"sleep {self.name}"
        call = self.talks.say.future(ask(text))
        self.talks.given_up(ask(f"begun {text}"), timeout=PATIENCE_SECONDS)
        call.cancel()
        self.talks.given_up(ask(text), timeout=PATIENCE_SECONDS)

    def stream_past_its_deadline(self):
        error = failure(lambda: list(self.talks.tell(ask("late", count=-1), timeout=0.2)))
        expect(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)

    def client_stream(self):
        answer = self.talks.sum((ask(word) for word in WORDS), timeout=PATIENCE_SECONDS)
        expect(answer, ("abc", 3))

    def both_ways_at_once(self):
        turn = threading.Semaphore(1)

        def turns():
            for word in WORDS:
                turn.acquire()
                yield ask(word)

        seen = []
        for text, _ in self.talks.talk(turns(), timeout=PATIENCE_SECONDS):
            seen.append(text)
            turn.release()
        expect(tuple(seen), WORDS)


class Kept(Checks):
    """A silent stream, while C-core asks as often as it can whether the gateway is there."""

    def silent_stream(self):
        text = f"{self.name} silent"
        call = self.talks.tell(ask(text, count=-1))
        expect(next(call), (text, 1))
        error = failure(lambda: self.talks.say(ask("sleep"), timeout=2))
        expect(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        expect(call.is_active(), True)
        call.cancel()


def names(checks):
    return [
        name
        for kind in reversed(type(checks).__mro__[:-1])
        for name in vars(kind)
        if not name.startswith("_")
    ]


def check(checks):
    """Whether each went well, in turn."""
    results = []
    for name in names(checks):
        label = f"{checks.name}: {name.replace('_', ' ')}"
        try:
            getattr(checks, name)()
            print("ok", label, flush=True)
            results.append(True)
        except Exception:  # told, with all that is known
            print(f"FAILED {label}: {traceback.format_exc()}", flush=True)
            results.append(False)
    return results


def end(results):
    print(f"{results.count(True)} ok, {results.count(False)} failed", flush=True)
    sys.exit(0 if all(results) else 1)


def run(address):
    """All kinds of channels side by side."""
    kinds = (
        (Checks, "plain", (), None),
        (Checks, "gzip", (), grpc.Compression.Gzip),
        (Kept, "keepalive", EAGER, None),
    )

    def one(kind, name, options, compression):
        options += LARGE_MESSAGES + (("grpc.use_local_subchannel_pool", 1),)
        with grpc.insecure_channel(address, options, compression) as channel:
            return check(kind(Talks(channel), name))

    with concurrent.futures.ThreadPoolExecutor(len(kinds)) as pool:
        futures = [pool.submit(one, *kind) for kind in kinds]
        end([result for future in futures for result in future.result()])


def roll(address):
    """Calls one after another, none of them repeated, until stdin has ended."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    results = []
    with grpc.insecure_channel(address, (("grpc.enable_retries", 0),)) as channel:
        talks = Talks(channel)
        while not over.is_set():
            try:
                talks.say(ask("roll"), timeout=PATIENCE_SECONDS)
                results.append(True)
            except grpc.RpcError as error:
                print("FAILED", error.code(), error.details(), flush=True)
                results.append(False)
            if len(results) == 1:
                print("ready", flush=True)
    end(results)


def main(args):
    if args == ["version"]:
        print("grpcio", grpc.__version__)
    elif len(args) == 2 and args[0] == "roll":
        roll(args[1])
    elif len(args) == 1:
        run(args[0])
    else:
        sys.exit("usage: caller.py HOST:PORT | caller.py roll HOST:PORT | caller.py version")


if __name__ == "__main__":
    main(sys.argv[1:])
