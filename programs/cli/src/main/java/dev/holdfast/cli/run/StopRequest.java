package dev.holdfast.cli.run;

import java.util.concurrent.CompletableFuture;

/**
 * The request to stop, as signals express it. The first signal begins an orderly stop; a second
 * signal asks for an immediate one. Thread-safe.
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

  /** Records a signal; signals after the second are ignored. */
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
