"""The interop test cases of gRPC (doc/interop-test-descriptions.md) that need no credentials, by grpcio.

    caller.py version
    caller.py CASE HOST:PORT [CA_FILE SERVER_NAME]

exits with 0 when the case passed. Messages are those of grpc.testing, encoded here by hand.
"""

import queue
import sys

import grpc

SERVICE = "/grpc.testing.TestService/"
REQUEST_SIZES, ANSWER_SIZES = (27182, 8, 1828, 45904), (31415, 9, 2653, 58979)
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
TIMEOUT = 20


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def nested(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def payload(field, size):
    return nested(field, nested(2, bytes(size)))


def status(code, message):
    return nested(7, number(1, code) + nested(2, message.encode()))


def fields(data):
    found, at = {}, 0

    def read():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = read()
        value = read()
        if key & 7 == 2:
            value, at = data[at : at + value], at + value
        found[key >> 3] = value
    return found


def body(answer):
    return len(fields(fields(answer).get(1, b"")).get(2, b""))


def asked(size):
    return nested(2, number(1, size))


def expect(condition, what):
    if not condition:
        sys.exit(f"expected: {what}")


def expect_status(call, code, details=None):
    try:
        call()
    except grpc.RpcError as error:
        expect(error.code() == code, f"{code}, not {error.code()}: {error.details()}")
        expect(details is None or error.details() == details, f"{details!r}, not {error.details()!r}")
        return
    sys.exit(f"expected: {code}, not OK")


class Cases:
    def __init__(self, channel):
        self.unary = lambda name, *a, **k: channel.unary_unary(SERVICE + name)(*a, timeout=TIMEOUT, **k)
        self.up = channel.stream_unary(SERVICE + "StreamingInputCall")
        self.down = channel.unary_stream(SERVICE + "StreamingOutputCall")
        self.both = channel.stream_stream(SERVICE + "FullDuplexCall")
        self.channel = channel

    def empty_unary(self):
        expect(self.unary("EmptyCall", b"") == b"", "an empty answer")

    def large_unary(self):
        answer = self.unary("UnaryCall", number(2, 314159) + payload(3, 271828))
        expect(body(answer) == 314159, "314159 bytes")

    def client_streaming(self):
        answer = self.up(iter([payload(1, size) for size in REQUEST_SIZES]), timeout=TIMEOUT)
        expect(fields(answer)[1] == sum(REQUEST_SIZES), "the sum of the sizes")

    def server_streaming(self):
        answers = self.down(b"".join(asked(size) for size in ANSWER_SIZES), timeout=TIMEOUT)
        expect([body(each) for each in answers] == list(ANSWER_SIZES), "the sizes asked for")

    def ping_pong(self):
        # Another thread of grpcio's takes the requests, maybe before the call is known here.
        requests, sizes = queue.SimpleQueue(), []
        answers = self.both(iter(requests.get, None), timeout=TIMEOUT)
        try:
            for wanted, sent in zip(ANSWER_SIZES, REQUEST_SIZES):
                requests.put(asked(wanted) + payload(3, sent))
                sizes.append(body(next(answers)))
        finally:
            requests.put(None)
        code = answers.code()
        expect(code == grpc.StatusCode.OK and sizes == list(ANSWER_SIZES), f"the sizes asked for, not {sizes} {code}")

    def empty_stream(self):
        expect(list(self.both(iter(()), timeout=TIMEOUT)) == [], "no answer")

    def cancel_after_begin(self):
        call = self.up.future(never(), timeout=TIMEOUT)
        call.cancel()
        expect(call.cancelled() and call.code() == grpc.StatusCode.CANCELLED, "cancelled")

    def cancel_after_first_response(self):
        call = self.both(first_then_never(asked(31415) + payload(3, 27182)), timeout=TIMEOUT)
        expect(body(next(call)) == 31415, "31415 bytes")
        call.cancel()
        expect_status(lambda: next(call), grpc.StatusCode.CANCELLED)

    def timeout_on_sleeping_server(self):
        call = self.both(first_then_never(payload(3, 27182)), timeout=0.001)
        expect_status(lambda: next(call), grpc.StatusCode.DEADLINE_EXCEEDED)

    def status_code_and_message(self):
        unknown, message = grpc.StatusCode.UNKNOWN, "test status message"
        expect_status(lambda: self.unary("UnaryCall", status(2, message)), unknown, message)
        expect_status(lambda: list(self.both(iter([status(2, message)]), timeout=TIMEOUT)), unknown, message)

    def special_status_message(self):
        expect_status(lambda: self.unary("UnaryCall", status(2, SPECIAL)), grpc.StatusCode.UNKNOWN, SPECIAL)

    def custom_metadata(self):
        sent = (
            ("x-grpc-test-echo-initial", "test_initial_metadata_value"),
            ("x-grpc-test-echo-trailing-bin", b"\x0a\x0b\x0a\x0b\x0a\x0b"),
        )
        _, unary = self.channel.unary_unary(SERVICE + "UnaryCall").with_call(
            number(2, 9) + payload(3, 9), timeout=TIMEOUT, metadata=sent
        )
        duplex = self.both(iter([asked(9) + payload(3, 9)]), timeout=TIMEOUT, metadata=sent)
        list(duplex)
        for call in (unary, duplex):
            expect(sent[0] in [tuple(each) for each in call.initial_metadata()], "the initial metadata")
            expect(sent[1] in [tuple(each) for each in call.trailing_metadata()], "the trailing metadata")

    def unimplemented_method(self):
        expect_status(lambda: self.unary("UnimplementedCall", b""), grpc.StatusCode.UNIMPLEMENTED)

    def unimplemented_service(self):
        call = self.channel.unary_unary("/grpc.testing.UnimplementedService/UnimplementedCall")
        expect_status(lambda: call(b"", timeout=TIMEOUT), grpc.StatusCode.UNIMPLEMENTED)


def never():
    import threading

    threading.Event().wait(TIMEOUT)
    yield b""


def first_then_never(first):
    yield first
    yield from never()


def main():
    if sys.argv[1] == "version":
        return
    case, target = sys.argv[1:3]
    if len(sys.argv) > 3:
        with open(sys.argv[3], "rb") as ca:
            credentials = grpc.ssl_channel_credentials(ca.read())
        options = [("grpc.ssl_target_name_override", sys.argv[4])]
        channel = grpc.secure_channel(target, credentials, options)
    else:
        channel = grpc.insecure_channel(target)
    getattr(Cases(channel), case)()
    sys.stdout.flush()
    import os

    os._exit(0)


main()
