"""A C-core peer of Holdfast's tests, with the default settings of grpcio: a server and a client of
test.Words, whose messages are plain text.

    words.py serve              prints "port <n>", serves until stdin ends
    words.py client <address>   connects, prints "ready", then obeys the lines on stdin:
                                "get" prints "word <answer>", "follow" prints "word <answer>" per
                                message and "ended <code>"
    words.py version            prints "grpcio <version>"
"""

import sys
import threading
from concurrent import futures

import grpc

PATIENCE_SECONDS = 20
CALLS_AT_ONCE = 64
EVERY = b"every:"
ANSWER = b"python"


def say(*words):
    print(*words, flush=True)


def get(_request, _context):
    return ANSWER


def follow(request, context):
    """Answers once and then stays silent, or every so many milliseconds when asked every:<ms>."""
    ended = threading.Event()
    if not context.add_callback(ended.set):
        return
    yield ANSWER
    pause = int(request[len(EVERY) :]) / 1000 if request.startswith(EVERY) else None
    while not ended.wait(pause):
        yield ANSWER


def serve():
    server = grpc.server(futures.ThreadPoolExecutor(CALLS_AT_ONCE))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "test.Words",
                {
                    "Get": grpc.unary_unary_rpc_method_handler(get),
                    "Place": grpc.unary_unary_rpc_method_handler(get),
                    "Follow": grpc.unary_stream_rpc_method_handler(follow),
                },
            ),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say("port", port)
    for _line in sys.stdin:
        pass
    server.stop(0).wait(PATIENCE_SECONDS)


def call_get(channel):
    try:
        answer = channel.unary_unary("/test.Words/Get")(b"word", timeout=PATIENCE_SECONDS)
        say("word", answer.decode())
    except grpc.RpcError as error:
        say("ended", error.code().name)


def call_follow(channel):
    try:
        for answer in channel.unary_stream("/test.Words/Follow")(b"deaf"):
            say("word", answer.decode())
        say("ended OK")
    except grpc.RpcError as error:
        say("ended", error.code().name)


def client(address):
    # Nobody waits for a state of the channel: who does keeps a thread of C-core polling, which the
    # quiet client of an ordinary program has not.
    with grpc.insecure_channel(address) as channel:
        call_get(channel)
        say("ready")
        for line in sys.stdin:
            order = line.strip()
            if order == "get":
                call_get(channel)
            elif order == "follow":
                threading.Thread(target=call_follow, args=(channel,), daemon=True).start()
            else:
                say("unknown", order)


def main(args):
    if args == ["serve"]:
        serve()
    elif len(args) == 2 and args[0] == "client":
        client(args[1])
    elif args == ["version"]:
        say("grpcio", grpc.__version__)
    else:
        sys.exit("usage: words.py serve | words.py client <address> | words.py version")


if __name__ == "__main__":
    main(sys.argv[1:])
