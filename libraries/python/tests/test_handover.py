"""A session that one instance hands over and another one takes."""

from __future__ import annotations

import unittest

from holdfast_streams.session import outputs as out
from holdfast_streams.session.plain_peer import MethodKind
from holdfast_streams.wire.frame_header import CANCEL, DRAIN, FINAL, HALF_CLOSE, LEAVING, MOVED, SETTLED
from holdfast_streams.wire.handshake import RefusalCode
from holdfast_streams.wire.session_handover import OFFER, SessionHandover

from .played_session import NEXT_TOKEN, OLD_TOKEN, SEAL, PlayedSession

_LOST = (RefusalCode.UNKNOWN, RefusalCode.EXPIRED, RefusalCode.GAP, RefusalCode.DENIED)
_STATUS_OK = out.CallClosure(out.Scope.STATUS, 0)


class HandoverTest(unittest.TestCase):
    def test_each_attachment_offers_to_take_hand_overs(self) -> None:
        played = PlayedSession.talking()
        played.close(played.newest)
        played.pass_time(250)
        self.assertEqual([opened.handover for opened in played.all(out.StartCall)], [OFFER, OFFER])
        self.assertEqual(played.opened.hello.token, OLD_TOKEN)

    def test_application_sees_nothing_of_a_hand_over(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        handover = played.hand_over(2, ack=1, cursor=b"42")

        opened = played.opened
        self.assertEqual(opened.handover, handover)
        hello = opened.hello
        self.assertEqual((hello.attach, hello.token, hello.untouched), (2, b"", False))
        self.assertEqual((hello.watermark, hello.low, hello.age, hello.touched_by), (2, 2, 0, 0))
        self.assertEqual(opened.address, "")
        self.assertEqual(played.sent_on(old)[-1].ack, 2)
        self.assertEqual(played.sent_on(opened.attachment), [])

        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        played.frame(opened.attachment, seq=3, body=b"y")
        played.offer(b"b")
        self.assertEqual(played.delivered, [b"x", b"y"])
        self.assertEqual(played.positions_on(opened.attachment), [2])
        self.assertEqual(played.ends, [])
        closed = [(closed.attachment, closed.why) for closed in played.all(out.EndCall)]
        # A reset may overtake the ack of the last word, for which the old owner's drain waits.
        self.assertEqual(closed, [(old, out.CloseReason.DONE)])
        self.assertEqual(len(played.all(out.StartCall)), 2)

    def test_probe_follows_the_welcome_and_starts_the_handler(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        self.assertEqual(played.sent_on(played.newest), [])
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        (probe,) = played.sent_on(played.newest)
        self.assertEqual((probe.seq, probe.probe), (0, 1))

    def test_kept_messages_go_to_the_next_owner(self) -> None:
        played = PlayedSession.talking()
        played.offer(b"b", b"c")
        old = played.newest
        played.hand_over(2, ack=1)
        played.offer(b"d")
        self.assertEqual(played.positions_on(old), [1, 2, 3])
        self.assertEqual(played.opened.hello.low, 2)

        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual(played.positions_on(played.newest), [2, 3, 4])

    def test_half_close_that_was_kept_goes_to_the_next_owner(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.session.half_close()
        played.drive()
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual([header.flags for header in played.sent_on(played.newest) if header.seq == 2], [HALF_CLOSE])

    def test_instance_that_leaves_is_settled_with_and_the_next_one_gets_what_waited(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.frame(old, flags=DRAIN | LEAVING)
        played.offer(b"b")
        self.assertEqual(played.sent_on(old)[-1].flags, SETTLED)
        played.hand_over(2, ack=1)
        # It may say so again, behind its last frame.
        played.frame(old, flags=DRAIN | LEAVING)
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual(played.positions_on(played.newest), [2])
        self.assertFalse(any(header.flags & SETTLED for header in played.sent_on(played.newest)))

    def test_hand_over_waits_until_the_application_was_given_all_before_it(self) -> None:
        played = PlayedSession.talking(demand=1)
        played.frame(played.newest, seq=2, body=b"y")
        handover = played.hand_over(3, ack=1)
        self.assertEqual(len(played.all(out.StartCall)), 1)

        played.request(1)
        self.assertEqual(played.opened.handover, handover)
        self.assertEqual(played.delivered, [b"x", b"y"])
        self.assertEqual(played.opened.hello.watermark, 3)

    def test_message_in_hand_is_acknowledged_to_the_next_owner(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.processes = False
        played.frame(old, seq=2, body=b"y")
        played.hand_over(3, ack=1)
        self.assertEqual(played.opened.hello.watermark, 1)
        # It holds nothing of what its application has in hand.
        played.welcome(NEXT_TOKEN, watermark=1, low=4)
        self.assertEqual(played.ends, [])

        played.processed(2)
        played.pass_time(1)
        self.assertEqual(played.sent_on(played.newest)[-1].ack, 3)

    def test_final_frame_is_acknowledged_to_the_old_owner_once_all_before_it_is_processed(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.processes = False
        played.frame(old, seq=2, body=b"y")
        played.hand_over(3, ack=1)
        self.assertEqual(max(header.ack for header in played.sent_on(old)), 1)
        played.processed(2)
        played.pass_time(1)
        self.assertEqual(played.sent_on(old)[-1].ack, 3)

    def test_message_behind_the_final_frame_is_not_taken(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.hand_over(2, ack=1)
        played.frame(old, seq=3, body=b"late")
        self.assertEqual(played.delivered, [b"x"])
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        played.frame(played.newest, seq=3, body=b"y")
        self.assertEqual(played.delivered, [b"x", b"y"])

    def test_busy_and_a_cut_show_it_again(self) -> None:
        played = PlayedSession.talking()
        handover = played.hand_over(2, ack=1)
        played.refuse(RefusalCode.BUSY, retry_after=100)
        self.assertEqual(len(played.all(out.StartCall)), 2)
        played.pass_time(350)
        self.assertEqual(len(played.all(out.StartCall)), 3)
        played.close(played.newest)
        played.pass_time(500)
        shown = [(opened.handover, opened.hello.token) for opened in played.all(out.StartCall)[1:]]
        self.assertEqual(shown, [(handover, b"")] * 3)
        self.assertEqual([opened.hello.attach for opened in played.all(out.StartCall)], [1, 2, 3, 4])

        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual(len(played.sent_on(played.newest)), 1)
        self.assertEqual(played.ends, [])

    def test_end_of_the_old_call_does_not_end_the_hand_over(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        handover = played.hand_over(2, ack=1)
        played.close(old, _STATUS_OK)
        self.assertEqual(played.opened.handover, handover)
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual(played.session.state.name, "ATTACHED")

    def test_refusal_ends_the_session_as_moved(self) -> None:
        for code in _LOST:
            with self.subTest(code.name):
                played = PlayedSession.talking()
                played.offer(b"b")
                played.hand_over(2, ack=1)
                played.refuse(code)
                self.assertEqual(played.ends, [("MOVED", 1, 2)])
                self.assertTrue(played.session.is_over)

    def test_headers_without_a_welcome_end_the_session_as_moved(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.session.on_plain_headers(played.now, played.newest)
        played.drive()
        self.assertEqual(played.ends, [("MOVED", 1, 2)])

    def test_server_without_the_method_ends_the_session_as_moved(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.hand_over(2, ack=1)
        played.close(old, _STATUS_OK)
        played.close(played.newest, out.CallClosure(out.Scope.STATUS, out.UNIMPLEMENTED))
        self.assertEqual(played.ends, [("MOVED", 1, 2)])

    def test_end_of_patience_ends_the_session_as_moved(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.close(played.all(out.StartCall)[0].attachment)
        played.pass_time(60_000 + 30_000 + 10_000)
        self.assertGreater(len(played.all(out.StartCall)), 3)
        self.assertEqual(played.ends, [("MOVED", 1, 2)])

    def test_last_frame_that_hands_nothing_over_ends_the_session_as_moved(self) -> None:
        whole = SessionHandover(2, 1, 1, seal=SEAL).to_bytes()
        bodies = {
            "nothing": b"",
            "a field of another version": whole + b"\x48\x01",
            "an offer": OFFER.to_bytes(),
            "another position": SessionHandover(3, 1, 1, seal=SEAL).to_bytes(),
            "no seal": SessionHandover(2, 1, 1).to_bytes(),
        }
        for name, body in bodies.items():
            with self.subTest(name):
                played = PlayedSession.talking()
                played.last_frame(2, 1, body)
                self.assertEqual(played.ends, [("MOVED", 1, 2)])
                self.assertEqual(played.sent_on(played.newest)[-1].ack, 2)
                self.assertEqual(len(played.all(out.StartCall)), 1)

    def test_hand_over_is_never_shown_again_after_the_welcome(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        played.close(played.newest)
        played.pass_time(250)
        self.assertEqual((played.opened.handover, played.opened.hello.token), (OFFER, NEXT_TOKEN))

    def test_next_owner_hands_over_as_well(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        played.offer(b"b")
        played.frame(played.newest, seq=3, ack=2, body=b"y")
        second = played.hand_over(4, ack=2, moves=2)

        self.assertEqual((played.opened.handover, played.opened.hello.token), (second, b""))
        self.assertEqual((played.opened.hello.watermark, played.opened.hello.low), (4, 3))
        played.welcome(OLD_TOKEN, watermark=2, low=5)
        played.frame(played.newest, seq=5, flags=FINAL)
        self.assertEqual(played.ends, [("FINISHED", 2, 5)])

    def test_second_hand_over_waits_for_the_message_before_the_first_one(self) -> None:
        played = PlayedSession.talking()
        played.processes = False
        played.frame(played.newest, seq=2, body=b"y")
        played.hand_over(3, ack=1)
        played.welcome(NEXT_TOKEN, watermark=1, low=4)
        second = played.hand_over(4, ack=1, moves=2)
        self.assertEqual(len(played.all(out.StartCall)), 2)

        played.processed(2)
        self.assertEqual(played.opened.handover, second)
        # The final frames of both owners are processed with it.
        self.assertEqual(played.opened.hello.watermark, 4)

    def test_successor_of_the_attachment_is_replaced_by_one_that_shows_the_hand_over(self) -> None:
        played = PlayedSession.talking()
        old = played.newest
        played.frame(old, flags=DRAIN)
        successor = played.newest
        self.assertIsNot(successor, old)
        body = SessionHandover(2, 1, 1, seal=SEAL).to_bytes()
        played.frame(old, body, seq=2, ack=1, flags=FINAL | MOVED, status=14)
        self.assertEqual(played.all(out.EndCall)[-1].attachment, successor)
        self.assertTrue(played.opened.handover.is_present)

    def test_hand_over_that_becomes_due_without_an_attachment_is_shown_by_the_next_one(self) -> None:
        played = PlayedSession.talking(demand=1)
        played.frame(played.newest, seq=2, body=b"y")
        handover = played.hand_over(3, ack=1)
        played.close(played.newest)
        self.assertEqual(len(played.all(out.StartCall)), 1)
        played.request(1)
        self.assertEqual(played.opened.handover, handover)

    def test_cancel_is_said_to_the_next_owner(self) -> None:
        played = PlayedSession.talking()
        handover = played.hand_over(2, ack=1)
        played.cancel()
        self.assertEqual(played.ends, [("CANCELLED", 1, 2)])
        played.close(played.newest)
        played.pass_time(250)
        self.assertEqual(played.opened.handover, handover)
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertTrue(played.sent_on(played.newest)[0].flags & CANCEL)
        self.assertEqual(len(played.ends), 1)

    def test_refusal_after_a_cancel_ends_the_session_silently(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1)
        played.cancel()
        played.refuse(RefusalCode.DENIED)
        self.assertEqual(played.ends, [("CANCELLED", 1, 2)])
        self.assertTrue(played.session.is_over)

    def test_deadline_ends_a_hand_over(self) -> None:
        played = PlayedSession.talking(remaining_millis=5_000)
        played.hand_over(2, ack=1)
        self.assertEqual(played.opened.hello.remaining, 5_000)
        played.pass_time(5_000)
        self.assertEqual(played.ends, [("DEADLINE", 1, 2)])
        self.assertEqual({closed.attachment.number for closed in played.all(out.EndCall)}, {1, 2})
        self.assertTrue(played.session.is_over)


class ReplayTest(unittest.TestCase):
    def test_request_and_half_close_are_sent_again_at_their_first_positions(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, processed=0, replay=1, cursor=b"42")
        self.assertEqual((played.opened.hello.low, played.opened.hello.watermark), (1, 2))
        self.assertEqual(played.sent_on(played.newest), [])

        played.welcome(NEXT_TOKEN, watermark=0, low=3)
        sent = [send for send in played.all(out.Send) if send.attachment is played.newest]
        positions = [(send.header.seq, send.header.flags, send.body) for send in sent if send.header and send.header.seq]
        self.assertEqual(positions, [(1, 0, b"request"), (2, HALF_CLOSE, b"")])
        played.frame(played.newest, seq=3, ack=2, body=b"y")
        self.assertEqual(played.delivered, [b"x", b"y"])
        self.assertEqual(played.all(out.Restarted), [])

    def test_request_is_kept_for_a_second_hand_over(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, processed=0, replay=1)
        played.welcome(NEXT_TOKEN, watermark=0, low=3)
        played.frame(played.newest, ack=2)
        played.hand_over(3, ack=2, processed=0, moves=2, replay=1)
        played.welcome(OLD_TOKEN, watermark=0, low=4)
        self.assertEqual(played.positions_on(played.newest), [1, 2])

    def test_request_is_not_sent_again_where_the_cursor_covers_it(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, half_closed=True)
        self.assertEqual(played.opened.hello.low, 3)
        played.welcome(NEXT_TOKEN, watermark=2, low=3)
        self.assertEqual(played.positions_on(played.newest), [])

    def test_numbers_of_a_refused_replay_are_those_of_the_old_owner(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, processed=0, replay=1)
        played.refuse(RefusalCode.UNKNOWN)
        self.assertEqual(played.ends, [("MOVED", 2, 2)])

    def test_request_of_64_kib_is_kept_and_a_larger_one_is_not(self) -> None:
        for size, ends in ((64 * 1024, []), (64 * 1024 + 1, [("MOVED", 2, 2)])):
            with self.subTest(size):
                played = PlayedSession.listing(1, request=bytes(size))
                played.hand_over(2, ack=2, processed=0, replay=1)
                self.assertEqual(played.ends, ends)

    def test_messages_of_a_bidirectional_method_are_not_kept(self) -> None:
        played = PlayedSession.talking()
        played.hand_over(2, ack=1, processed=0, replay=1)
        self.assertEqual(played.ends, [("MOVED", 1, 2)])

    def test_kept_request_is_let_go_with_the_session(self) -> None:
        played = PlayedSession.listing(1)
        self.assertEqual(played.session.sent.held_bytes, len(b"request"))
        played.frame(played.newest, seq=2, flags=FINAL)
        played.close(played.newest, _STATUS_OK)
        self.assertTrue(played.session.is_over)
        self.assertEqual(played.session.sent.held_bytes, 0)

    def test_request_side_stays_open_while_a_hand_over_is_under_way(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, processed=0, replay=1)
        played.pass_time(9_000)
        self.assertEqual(played.all(out.HalfClose), [])
        # Without a hand-over it is ended, as a hop may pass on complete requests only.
        resumed = PlayedSession.listing(1)
        resumed.close(resumed.newest)
        resumed.pass_time(9_000)
        self.assertEqual(len(resumed.all(out.HalfClose)), 1)


class OldOwnerTest(unittest.TestCase):
    def test_end_of_its_call_is_no_end_of_a_session_that_is_handed_over(self) -> None:
        for status in (7, 8, 12, 16):
            with self.subTest(status=status):
                played = PlayedSession.talking()
                old = played.newest
                played.hand_over(2, ack=1)
                played.close(old, out.CallClosure(out.Scope.STATUS, status))
                self.assertEqual(played.ends, [])
                played.welcome(NEXT_TOKEN, watermark=1, low=3)
                played.frame(played.newest, seq=3, body=b"y")
                self.assertEqual((played.delivered, played.ends), ([b"x", b"y"], []))

    def test_end_of_its_call_is_no_end_while_a_message_before_the_hand_over_is_unread(self) -> None:
        played = PlayedSession.talking(demand=1)
        old = played.newest
        played.frame(old, seq=2, body=b"y")
        handover = played.hand_over(3, ack=1)
        played.close(old, out.CallClosure(out.Scope.STATUS, 7))
        self.assertEqual(played.ends, [])
        played.request(1)
        self.assertEqual((played.opened.handover, played.delivered), (handover, [b"x", b"y"]))

    def test_third_reset_is_no_end_of_a_session_that_is_handed_over(self) -> None:
        reset = out.CallClosure(out.Scope.STREAM, 2)
        played = PlayedSession.talking()
        played.offer(b"b")
        for _ in range(2):
            played.close(played.newest, reset)
            played.pass_time(1_000)
            played.welcome(watermark=1, low=2)
        old = played.newest
        played.hand_over(2, ack=1)
        played.close(old, reset)
        self.assertEqual(played.ends, [])
        played.welcome(NEXT_TOKEN, watermark=1, low=3)
        self.assertEqual(played.positions_on(played.newest), [2])


class RestartTest(unittest.TestCase):
    def test_handler_begins_anew_unnoticed_before_its_first_message(self) -> None:
        played = PlayedSession.listing(0)
        played.hand_over(1, ack=2, processed=0, replay=2)
        played.welcome(NEXT_TOKEN, watermark=0, low=2)
        self.assertEqual(played.positions_on(played.newest), [1, 2])
        played.frame(played.newest, seq=2, ack=2, body=b"x")
        self.assertEqual((played.delivered, played.all(out.Restarted), played.ends), ([b"x"], [], []))

    def test_handler_that_begins_anew_behind_a_message_ends_the_session_as_moved(self) -> None:
        played = PlayedSession.listing(1)
        played.hand_over(2, ack=2, processed=0, replay=2)
        self.assertEqual(played.ends, [("MOVED", 2, 2)])

    def test_application_that_takes_a_restart_is_told_before_the_first_message(self) -> None:
        played = PlayedSession.listing(2, accepts_restart=True)
        played.hand_over(3, ack=2, processed=0, replay=2)
        self.assertEqual(played.all(out.Restarted), [])
        played.welcome(NEXT_TOKEN, watermark=0, low=4)
        played.frame(played.newest, seq=4, ack=2, body=b"x")
        told = [output for output in played.outputs if isinstance(output, out.Deliver | out.Restarted)]
        self.assertEqual(told[2:], [out.Restarted(2), out.Deliver(4, b"x")])

    def test_application_that_takes_a_restart_is_not_told_before_the_first_message_of_all(self) -> None:
        played = PlayedSession.listing(0, accepts_restart=True)
        played.hand_over(1, ack=2, processed=0, replay=2)
        played.welcome(NEXT_TOKEN, watermark=0, low=2)
        self.assertEqual(played.all(out.Restarted), [])

    def test_application_that_cancelled_is_not_told(self) -> None:
        played = PlayedSession.listing(1, accepts_restart=True)
        played.hand_over(2, ack=2, processed=0, replay=2)
        played.cancel()
        played.welcome(NEXT_TOKEN, watermark=0, low=3)
        self.assertEqual(played.all(out.Restarted), [])
        self.assertTrue(played.sent_on(played.newest)[0].flags & CANCEL)
        self.assertEqual(played.positions_on(played.newest), [])

    def test_restart_of_a_method_whose_messages_were_not_kept_ends_the_session_as_moved(self) -> None:
        played = PlayedSession(MethodKind.BIDIRECTIONAL, accepts_restart=True)
        played.welcome()
        played.offer(b"a", b"b", b"c")
        played.frame(played.newest, seq=1, ack=3, body=b"x")
        played.hand_over(2, ack=3, processed=0, replay=2)
        self.assertEqual(played.ends, [("MOVED", 3, 2)])


if __name__ == "__main__":
    unittest.main()
