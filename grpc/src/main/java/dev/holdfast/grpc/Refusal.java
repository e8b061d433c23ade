package dev.holdfast.grpc;

import io.grpc.Status;
import java.net.ConnectException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Tells a machine where nobody listens from a path that leads nowhere. */
final class Refusal {
  // The kernel's errno is not to be had: Netty's exception keeps it to itself, and the JDK's has
  // only this text. What doesn't match counts as unreachable, which holds on: the safe mistake.
  private static final String ECONNREFUSED = "connection refused";

  private Refusal() {}

  /** Whether a connection attempt ended because the other machine refused it. */
  static boolean isIn(Status status) {
    return isIn(status.getCause());
  }

  private static boolean isIn(@Nullable Throwable cause) {
    String text = cause instanceof ConnectException ? cause.getMessage() : null;
    return text != null && text.toLowerCase(Locale.ROOT).contains(ECONNREFUSED);
  }
}
