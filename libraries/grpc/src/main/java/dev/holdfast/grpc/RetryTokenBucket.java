package dev.holdfast.grpc;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A token bucket that keeps retries from amplifying an outage.
 *
 * <p>Every call pays a part of a token in, every retry takes a whole one out. So a burst of broken
 * connections can be sent again at once, but when everything fails, retries are a small part of all
 * calls. Thread-safe.
 */
final class RetryTokenBucket {
  private static final long TOKEN = 1_000;

  private final long capacity;
  private final long deposit;
  private final AtomicLong balance;

  RetryTokenBucket(int tokens, double ratio) {
    capacity = tokens * TOKEN;
    deposit = Math.round(ratio * TOKEN);
    balance = new AtomicLong(capacity);
  }

  /** Counts a call. A full bucket, which is the rule, costs one read. */
  void onCall() {
    long now = balance.get();
    while (now < capacity && !balance.compareAndSet(now, Math.min(capacity, now + deposit))) {
      now = balance.get();
    }
  }

  /** Takes what a retry costs; false when there isn't enough. */
  boolean tryRetry() {
    long now = balance.get();
    while (now >= TOKEN) {
      if (balance.compareAndSet(now, now - TOKEN)) {
        return true;
      }
      now = balance.get();
    }
    return false;
  }
}
