package session_test

import (
	"testing"
	"time"

	"holdfast.dev/go/internal/session"
	"holdfast.dev/go/internal/wire"
)

// leastPause is how close to its last failure the next attempt may come.
const leastPause = 2 * second

// afterAnOutage is a session whose attempts came to nothing for so long that its delays are long, and when
// the last one failed.
func afterAnOutage(t *testing.T) (*firstContact, *session.Attachment, int64) {
	t.Helper()
	c := welcomedContact(t, session.Bidirectional, 1)
	last, at := c.first, int64(0)
	for range 12 {
		c.client.OnClosed(at, last, session.Closure{Scope: session.ScopeConnection})
		outputs := c.outputs(at)
		for count(session.OpStart, outputs) == 0 {
			at = c.due()
			outputs = c.outputs(at)
		}
		last = c.opened(outputs)
	}
	return c, last, at
}

func TestServerThatCanBeReachedBringsTheNextAttemptForward(t *testing.T) {
	c, last, failed := afterAnOutage(t)
	c.client.OnClosed(failed, last, session.Closure{Scope: session.ScopeConnection})
	c.outputs(failed)
	if server, paused := c.client.Paused(); server != "" || !paused {
		t.Errorf("paused: %q, %v (expected: for any server)", server, paused)
	}
	if due := c.client.NextDeadline(); due <= failed+leastPause {
		t.Fatalf("due %v after the failure (expected: a long delay)", time.Duration(due-failed))
	}
	c.client.OnReachable(failed + second)
	if outputs := c.outputs(failed + second); count(session.OpStart, outputs) > 0 {
		t.Errorf("outputs: %v (expected: a pause behind the failure)", ops(outputs))
	}
	if due := c.client.NextDeadline(); due != failed+leastPause {
		t.Errorf("due %v after the failure (expected: %v)", time.Duration(due-failed), time.Duration(leastPause))
	}
	c.client.OnTimeout(failed + leastPause)
	c.opened(c.outputs(failed + leastPause))
	if _, paused := c.client.Paused(); paused {
		t.Error("paused with an attempt under way (expected: not)")
	}
	c.client.OnReachable(failed + leastPause)
	if outputs := c.outputs(failed + leastPause); count(session.OpStart, outputs) > 0 {
		t.Errorf("outputs: %v (expected: one attempt at a time)", ops(outputs))
	}
}

func TestBusyServerIsLeftAloneForTheTimeItAskedFor(t *testing.T) {
	c, last, at := afterAnOutage(t)
	c.client.OnRefused(at, last, &wire.Refusal{Code: wire.CodeBusy, RetryAfterMillis: 9_000})
	c.outputs(at)
	c.client.OnReachable(at + 3*second)
	if outputs := c.outputs(at + 3*second); count(session.OpStart, outputs) > 0 {
		t.Errorf("outputs: %v (expected: nothing for 9 s)", ops(outputs))
	}
	if due := c.client.NextDeadline(); due != at+9*second {
		t.Errorf("due %v after the refusal (expected: 9s)", time.Duration(due-at))
	}
}
