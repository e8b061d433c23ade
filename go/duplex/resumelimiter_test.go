package duplex

import "testing"

func TestAServerThatDoesNotAnswerHoldsBackItsOwnStreamsOnly(t *testing.T) {
	var limiters resumeLimiters
	silent := limiters.ask("10.0.0.1:1", now())
	behind := limiters.ask("10.0.0.1:1", now())
	other := limiters.ask("10.0.0.2:1", now())
	behindOther := limiters.ask("10.0.0.2:1", now())
	if !silent.begun() || behind.begun() || !other.begun() || behindOther.begun() {
		t.Fatal("the first one of each server begins, and no other")
	}
	other.welcomed()
	if behind.begun() || !behindOther.begun() {
		t.Fatal("a welcome is that of its server")
	}
}

func TestAServerWithoutAttemptsIsForgotten(t *testing.T) {
	var limiters resumeLimiters
	first := limiters.ask("10.0.0.1:1", now())
	second := limiters.ask("10.0.0.2:1", now())
	waits := limiters.ask("10.0.0.2:1", now())
	first.welcomed()
	waits.over()
	if n := len(limiters.servers); n != 1 {
		t.Fatalf("%d servers have attempts, want 1", n)
	}
	second.over()
	first.over()
	if n := len(limiters.servers); n != 0 {
		t.Fatalf("%d servers have attempts, want none", n)
	}
}
