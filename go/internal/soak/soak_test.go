package main

import (
	"errors"
	"testing"
)

func TestCountsAreNumbersAndACause(t *testing.T) {
	talk := &talk{method: chat.StreamName, ports: "1,2", finish: make(chan struct{})}
	talk.seen.sent = 2
	talk.take(1, false)
	talk.take(1, false)
	talk.end(errors.New("it broke\nhere"))
	c := talk.counts()
	if got, want := c.line(), "2 1 1 1 0 1 0 go: Chat to 1,2: it broke here"; got != want {
		t.Errorf("line %q (expected: %q)", got, want)
	}
}

func TestMessageThatChangedIsRefused(t *testing.T) {
	m := message(5, true)
	if number, last, err := read(m); number != 5 || !last || err != nil {
		t.Errorf("read %d, %t, %v (expected: 5, true, nil)", number, last, err)
	}
	m.Value[len(m.Value)-1]++
	if _, _, err := read(m); err == nil {
		t.Error("a changed message was read (expected: an error)")
	}
}
