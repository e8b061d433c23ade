package dev.holdfast.gateway.traffic;

import java.util.concurrent.atomic.AtomicLong;

/** The calls of one kind on one event loop, which writes. */
final class Cell {
  final CallKind kind;

  /** Calls of one attempt; counted as both. */
  final Tally plain = new Tally();

  /** Calls of no attempt, and of several. */
  final Tally calls = new Tally();

  /** Attempts of calls that aren't plain. */
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
