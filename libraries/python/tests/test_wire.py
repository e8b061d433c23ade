"""The bytes of libraries/streams/vectors."""

from __future__ import annotations

import unittest
from dataclasses import asdict
from typing import Any

from holdfast_streams.wire.fields import WireError
from holdfast_streams.wire.final_status import read_final_status
from holdfast_streams.wire.frame_header import FrameHeader, read_frame, write_frame
from holdfast_streams.wire.handshake import Hello, Refusal, Welcome, owner_of

from .vectors import vectors


def _fields(value: Any) -> dict[str, Any]:
    """The fields by the names of the vectors."""
    named = {name.replace("_", " "): field for name, field in asdict(value).items()}
    return {name: field.hex() if isinstance(field, bytes) else field for name, field in named.items()}


class FrameHeaderTest(unittest.TestCase):
    def test_reads_and_writes_headers(self) -> None:
        for vector in vectors("frames.json")["headers"]:
            with self.subTest(vector.pop("name")):
                data = bytes.fromhex(vector.pop("bytes"))
                header = FrameHeader(**vector)
                self.assertEqual(read_frame(data + b"body"), (header, b"body"))
                self.assertEqual(write_frame(header, b"body"), data + b"body")

    def test_finds_no_header(self) -> None:
        for vector in vectors("frames.json")["none"]:
            self.assertIsNone(read_frame(bytes.fromhex(vector["bytes"])))

    def test_refuses(self) -> None:
        for vector in vectors("frames.json")["refused"]:
            with self.subTest(vector["bytes"]), self.assertRaises(WireError) as refused:
                read_frame(bytes.fromhex(vector["bytes"]))
            self.assertEqual(refused.exception.violation.name, vector["kind"])


class HandshakeTest(unittest.TestCase):
    def test_reads_and_writes_hellos(self) -> None:
        for vector in vectors("handshakes.json")["hellos"]:
            data = bytes.fromhex(vector.pop("bytes"))
            hello = Hello.parse(data)
            self.assertEqual(_fields(hello), vector)
            self.assertEqual(hello.to_bytes(), data)

    def test_reads_welcomes(self) -> None:
        for vector in vectors("handshakes.json")["welcomes"]:
            data = bytes.fromhex(vector.pop("bytes"))
            self.assertEqual(_fields(Welcome.parse(data)), vector)

    def test_reads_refusals(self) -> None:
        for vector in vectors("handshakes.json")["refusals"]:
            data = bytes.fromhex(vector.pop("bytes"))
            self.assertEqual(_fields(Refusal.parse(data)), vector)

    def test_reads_the_owner_of_a_token(self) -> None:
        for vector in vectors("handshakes.json")["tokens"]:
            self.assertEqual(owner_of(bytes.fromhex(vector["token"])), vector["owner"])

    def test_refuses_another_version_too_many_bytes_and_what_is_cut_off(self) -> None:
        welcome = bytes.fromhex(vectors("handshakes.json")["welcomes"][0]["bytes"])
        # Behind the ttl nothing is required.
        required = len(welcome) - len(bytes.fromhex("3810403248d00f"))
        wrong = [b"\x08\x02" + welcome[2:], bytes(1025), *(welcome[:length] for length in range(required))]
        for data in wrong:
            with self.assertRaises(WireError):
                Welcome.parse(data)


class FinalStatusTest(unittest.TestCase):
    def test_reads_bodies(self) -> None:
        for vector in vectors("finals.json")["bodies"]:
            with self.subTest(vector["name"]):
                read = read_final_status(bytes.fromhex(vector["bytes"]))
                assert read is not None
                trailers = {entry["key"]: bytes.fromhex(entry["value"]) for entry in vector["trailers"]}
                self.assertEqual(read[0], vector["description"])
                # The vectors list them in an order of their own, and all values in hex.
                texts = {key: value if key.endswith("-bin") else value.decode() for key, value in trailers.items()}
                self.assertEqual(dict(read[1]), texts)

    def test_only_the_code_counts(self) -> None:
        for vector in vectors("finals.json")["only the code counts"]:
            self.assertIsNone(read_final_status(bytes.fromhex(vector["bytes"])))


if __name__ == "__main__":
    unittest.main()
