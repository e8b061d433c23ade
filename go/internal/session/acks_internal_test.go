package session

import "testing"

// An answer carries the ack of a large message; when answers stop, half of a small buffer is enough.
func TestAckAfterBytesWhileMessagesAreAnswered(t *testing.T) {
	const kib = 1 << 10
	for _, c := range []struct {
		buffer, processed int64
		answers, due      bool
	}{
		{8192 * kib, 2048*kib - 1, true, false},
		{8192 * kib, 2048 * kib, true, true},
		{8192 * kib, 256*kib - 1, false, false},
		{8192 * kib, 256 * kib, false, true},
		{256 * kib, 128*kib - 1, true, false},
		{256 * kib, 128 * kib, true, true},
		{256 * kib, 64 * kib, false, true},
	} {
		o := Defaults()
		o.ReceiveBytes = c.buffer
		in := &receiveBuffer{processed: 1, processedBytes: c.processed}
		acks := newAckSchedule(&o, in)
		acks.answers = c.answers
		if due := acks.isDue(0, &Attachment{handshook: true}); due != c.due {
			t.Errorf("%d bytes of a buffer of %d, answers: %v: due: %v", c.processed, c.buffer, c.answers, due)
		}
	}
}
