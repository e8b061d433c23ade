package dev.holdfast.grpc;

import io.grpc.Status;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import java.net.ConnectException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells a machine where nobody listens from a path that leads nowhere. */
final class Refusal {
  /**
   * What the exception of a refused connection says. Netty keeps the kernel's errno to itself, so
   * it is asked for its words for that errno, which depend on the locale of the machine; the JDK's
   * exception has this text. What doesn't match counts as unreachable, which holds on: the safe
   * mistake.
   */
  private static final List<String> WORDS =
      Epoll.isAvailable()
          ? List.of("Connection refused", wordsOf(Errors.ERROR_ECONNREFUSED_NEGATIVE))
          : List.of("Connection refused");

  private Refusal() {}

  /** Whether a connection attempt ended because the other machine refused it. */
  static boolean isIn(Status status) {
    return isIn(status.getCause());
  }

  private static boolean isIn(@Nullable Throwable cause) {
    String text = cause instanceof ConnectException ? cause.getMessage() : null;
    return text != null && WORDS.stream().anyMatch(text::contains);
  }

  /** How Netty words an errno: what stands behind the name of the method that failed. */
  static String wordsOf(int negativeErrno) {
    String text = String.valueOf(Errors.newIOException("connect", negativeErrno).getMessage());
    return text.substring(text.lastIndexOf(": ") + 2);
  }
}
