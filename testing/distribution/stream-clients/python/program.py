"""One stream over the package as pip has installed it: program.py PORT."""

import asyncio
import struct
import sys

import grpc.aio

from holdfast_streams import ResumableChannel


def reading(number: int) -> bytes:
    """A Reading of examples with the value 2.5; the number is below 128."""
    return bytes((0x10, number, 0x19)) + struct.pack("<d", 2.5)


def receipt(message: bytes) -> tuple[int, float]:
    """The number and the sum of a Receipt."""
    return message[1], struct.unpack("<d", message[3:])[0]


async def main(port: str) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        streams = ResumableChannel(channel)
        report = streams.stream_stream("/holdfast.examples.v1.Telemetry/Report", reading, receipt)()
        await report.write(1)
        await report.write(2)
        report.done_writing()
        async for number, total in report:
            print(f"reading={number} sum={total}")
        streams.close()


asyncio.run(main(sys.argv[1]))
