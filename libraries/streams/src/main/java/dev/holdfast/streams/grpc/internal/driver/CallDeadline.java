package dev.holdfast.streams.grpc.internal.driver;

import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Deadline;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The deadline of a call: its own or that of its context, whichever comes first. */
public final class CallDeadline {
  private CallDeadline() {}

  static @Nullable public Deadline of(CallOptions options, Context context) {
    Deadline own = options.getDeadline();
    Deadline outer = context.getDeadline();
    if (own == null || outer == null) {
      return own == null ? outer : own;
    }
    return own.minimum(outer);
  }

  /** Time until then, more than zero; zero for none. */
  public static Duration left(CallOptions options, Context context) {
    Deadline deadline = of(options, context);
    return deadline == null
        ? Duration.ZERO
        : Duration.ofNanos(Math.max(1, deadline.timeRemaining(TimeUnit.NANOSECONDS)));
  }
}
