package dev.holdfast.gateway.traffic;

import java.util.concurrent.atomic.AtomicLong;

/** The counters of one kind of calls on one event loop. Written by that loop only. */
final class CallCounters {
  final CallStatisticsKey kind;

  /** Calls with exactly one attempt; counted as calls and as attempts. */
  final StatusHistograms plain = new StatusHistograms();

  /** Calls without an attempt, or with several. */
  final StatusHistograms calls = new StatusHistograms();

  /** The attempts of calls with several. */
  final StatusHistograms attempts = new StatusHistograms();

  private final AtomicLong started = new AtomicLong();
  private final AtomicLong startedAttempts = new AtomicLong();

  CallCounters(CallStatisticsKey kind) {
    this.kind = kind;
  }

  void start() {
    started.lazySet(started.getPlain() + 1);
  }

  void attempt() {
    startedAttempts.lazySet(startedAttempts.getPlain() + 1);
  }

  void addTo(CallStatisticsTotals sums) {
    sums.add(started.get(), startedAttempts.get());
    plain.addTo(sums.calls());
    calls.addTo(sums.calls());
    plain.addTo(sums.attempts());
    attempts.addTo(sums.attempts());
  }
}
