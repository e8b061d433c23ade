package dev.holdfast.gateway.traffic;

import java.util.concurrent.atomic.AtomicLong;

/** The counters of one kind of calls on one event loop. Written by that loop only. */
final class Cell {
  final CallKind kind;

  /** Calls with exactly one attempt; counted as calls and as attempts. */
  final Tally plain = new Tally();

  /** Calls without an attempt, or with several. */
  final Tally calls = new Tally();

  /** The attempts of calls with several. */
  final Tally attempts = new Tally();

  private final AtomicLong started = new AtomicLong();
  private final AtomicLong startedAttempts = new AtomicLong();

  Cell(CallKind kind) {
    this.kind = kind;
  }

  void start() {
    started.lazySet(started.getPlain() + 1);
  }

  void attempt() {
    startedAttempts.lazySet(startedAttempts.getPlain() + 1);
  }

  void addTo(KindTraffic sums) {
    sums.add(started.get(), startedAttempts.get());
    plain.addTo(sums.calls());
    calls.addTo(sums.calls());
    plain.addTo(sums.attempts());
    attempts.addTo(sums.attempts());
  }
}
