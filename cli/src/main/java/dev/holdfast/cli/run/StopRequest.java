package dev.holdfast.cli.run;

import java.util.concurrent.CompletableFuture;

/**
 * The wish to stop, as signals express it: the first begins the orderly way, a second one means
 * that somebody does not want to wait. Thread-safe.
 */
public final class StopRequest {
  private final CompletableFuture<String> first = new CompletableFuture<>();
  private final CompletableFuture<String> second = new CompletableFuture<>();

  /** A request that hears SIGTERM and SIGINT of this process. */
  public static StopRequest ofSignals() {
    StopRequest request = new StopRequest();
    Signals.handle("TERM", request::signal);
    Signals.handle("INT", request::signal);
    return request;
  }

  /** A signal arrived. */
  public synchronized void signal(String name) {
    if (!first.complete(name)) {
      second.complete(name);
    }
  }

  /** Completes with the name of the first signal. */
  public CompletableFuture<String> first() {
    return first;
  }

  /** Completes with the name of the second signal. */
  public CompletableFuture<String> second() {
    return second;
  }
}
