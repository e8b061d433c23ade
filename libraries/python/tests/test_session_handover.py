"""The bytes of a hand-over, by the table of docs/duplex-v1.md."""

from __future__ import annotations

import hmac
import unittest
from dataclasses import replace

from holdfast_streams.wire.fields import HIGHEST, WireError, WireViolation, write_bytes, write_number
from holdfast_streams.wire.session_handover import OFFER, SessionHandover

from .vectors import vectors

_VECTORS = vectors("handovers.json")
_SEAL = bytes(range(32))
_SEAL_HEX = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
_WHOLE = SessionHandover(300, 7, 2, True, 1, b"\x04\x02", _SEAL)
_RESTART = SessionHandover(1, moves=1, replay=2, seal=_SEAL)


def _by_table(*numbers: int, cursor: bytes = b"", seal: bytes = _SEAL) -> bytes:
    """Version, position, processed, moves, half closed and replays, then the bytes."""
    out = bytearray()
    for field, number in enumerate(numbers, 1):
        write_number(out, field, number)
    write_bytes(out, 7, cursor)
    write_bytes(out, 8, seal)
    return bytes(out)


def _seal(vector: dict[str, str], unsealed: SessionHandover) -> bytes:
    """The seal that a server makes, by the document."""
    parts = (vector["principal"].encode(), vector["method"].encode(), b"", unsealed.to_bytes())
    sealed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return hmac.digest(vector["key"].encode(), bytes.fromhex(vector["session"]) + sealed, "sha256")


class SessionHandoverTest(unittest.TestCase):
    def test_bytes_are_those_of_the_table(self) -> None:
        self.assertEqual(OFFER.to_bytes().hex(), "0801")
        self.assertEqual(_WHOLE.to_bytes().hex(), "080110ac02180720022801300" + "13a0204024220" + _SEAL_HEX)
        self.assertEqual(_RESTART.to_bytes().hex(), "0801100120013002" + "4220" + _SEAL_HEX)

    def test_reads_what_it_writes(self) -> None:
        longest = SessionHandover(HIGHEST - 1, HIGHEST, (1 << 31) - 1, True, 2, bytes(4096), _SEAL)
        for handover in (OFFER, _WHOLE, _RESTART, longest, SessionHandover(5, 3, 5, seal=_SEAL)):
            self.assertEqual(SessionHandover.parse(handover.to_bytes()), handover)

    def test_says_what_the_next_owner_does(self) -> None:
        self.assertFalse(OFFER.is_present)
        self.assertTrue(_WHOLE.is_present)
        self.assertEqual((_WHOLE.replays, _WHOLE.restarts, _WHOLE.messages), (True, False, 298))
        self.assertEqual((_RESTART.replays, _RESTART.restarts, _RESTART.messages), (True, True, 0))
        self.assertFalse(replace(_WHOLE, replay=0).replays)

    def test_refuses(self) -> None:
        refused = {
            "nothing": (b"", WireViolation.BAD_VALUE),
            "another version": (_by_table(2, 2, 1, 1), WireViolation.BAD_VALUE),
            "no version": (_by_table(0, 2, 1, 1), WireViolation.BAD_VALUE),
            "a position that none can follow": (_by_table(1, HIGHEST, 1, 1), WireViolation.BAD_VALUE),
            "no position": (_by_table(1, 0, 1, 1), WireViolation.BAD_VALUE),
            "no moves": (_by_table(1, 2, 1), WireViolation.BAD_VALUE),
            "more moves than positions": (_by_table(1, 2, 1, 3), WireViolation.BAD_VALUE),
            "too many moves": (_by_table(1, HIGHEST - 1, 1, 1 << 31), WireViolation.BAD_VALUE),
            "no seal": (_by_table(1, 2, 1, 1, seal=b""), WireViolation.BAD_VALUE),
            "a seal of 31 bytes": (_by_table(1, 2, 1, 1, seal=_SEAL[1:]), WireViolation.BAD_VALUE),
            "a seal of 33 bytes": (_by_table(1, 2, 1, 1, seal=_SEAL + b"x"), WireViolation.TOO_LONG),
            "half closed twice": (_by_table(1, 2, 1, 1, 2), WireViolation.BAD_VALUE),
            "replays of another version": (_by_table(1, 2, 1, 1, 1, 3), WireViolation.BAD_VALUE),
            "a cursor of 4,097 bytes": (_by_table(1, 2, 1, 1, cursor=bytes(4097)), WireViolation.TOO_LONG),
            "4,225 bytes": (bytes(4225), WireViolation.TOO_LONG),
            "an offer with a seal": (_by_table(1), WireViolation.BAD_VALUE),
            "an offer with a cursor": (_by_table(1, cursor=b"x", seal=b""), WireViolation.BAD_VALUE),
            "another field": (_by_table(1, 2, 1, 1) + b"\x48\x01", WireViolation.UNKNOWN_FIELD),
            "fields that descend": (_by_table(1, 2, 1, 1) + b"\x18\x01", WireViolation.NOT_CANONICAL),
            "a field twice": (b"\x08\x01\x10\x02\x10\x02", WireViolation.NOT_CANONICAL),
            "a zero": (b"\x08\x01\x10\x00", WireViolation.NOT_CANONICAL),
            "a field of another type": (b"\x08\x01\x12\x01x", WireViolation.UNKNOWN_FIELD),
        }
        for name, (data, violation) in refused.items():
            with self.subTest(name), self.assertRaises(WireError) as error:
                SessionHandover.parse(data)
            self.assertIs(error.exception.violation, violation, name)

    def test_refuses_what_is_cut_off(self) -> None:
        data = _WHOLE.to_bytes()
        for length in range(len(data)):
            if data[:length] != OFFER.to_bytes():
                with self.subTest(length), self.assertRaises(WireError):
                    SessionHandover.parse(data[:length])

    def test_vectors_are_read_and_written(self) -> None:
        for vector in _VECTORS["handovers"]:
            with self.subTest(vector["name"]):
                handover = SessionHandover(
                    vector["position"],
                    vector["processed"],
                    vector["moves"],
                    vector["half closed"],
                    vector["replays"],
                    bytes.fromhex(vector["cursor"]),
                    bytes.fromhex(vector["seal"]),
                )
                self.assertEqual(SessionHandover.parse(bytes.fromhex(vector["bytes"])), handover)
                self.assertEqual(handover.to_bytes().hex(), vector["bytes"])

    def test_seals_of_the_vectors_are_those_of_the_document(self) -> None:
        for vector in _VECTORS["seals"]:
            with self.subTest(vector["name"]):
                handover = SessionHandover.parse(bytes.fromhex(vector["bytes"]))
                self.assertEqual(_seal(vector, replace(handover, seal=b"")) == handover.seal, vector["fits"])

    def test_vectors_are_refused(self) -> None:
        self.assertGreater(len(_VECTORS["refused"]), 10)
        for vector in _VECTORS["refused"]:
            with self.subTest(vector["name"]), self.assertRaises(WireError) as error:
                SessionHandover.parse(bytes.fromhex(vector["bytes"]))
            self.assertEqual(error.exception.violation.name, vector["kind"], vector["name"])

    def test_text_shows_neither_cursor_nor_seal(self) -> None:
        text = repr(replace(_WHOLE, cursor=b"secret", seal=b"seal" * 8))
        self.assertIn("position=300", text)
        self.assertNotIn("secret", text)
        self.assertNotIn("seal", text)


if __name__ == "__main__":
    unittest.main()
