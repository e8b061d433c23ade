package dev.holdfast.grpc.internal.pairing;

import io.grpc.Status;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import java.net.ConnectException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A detector of refused connections, which tells a live machine without a listener from an
 * unreachable one.
 */
final class RefusedConnection {
  /**
   * The exception messages of a refused connection. Netty hides the kernel's errno, so the text for
   * ECONNREFUSED is taken from Netty; it depends on the machine's locale. The JDK's exception has
   * the English text. Any other message counts as unreachable, which is the safe mistake.
   */
  private static final List<String> WORDS =
      Epoll.isAvailable()
          ? List.of("Connection refused", wordsOf(Errors.ERROR_ECONNREFUSED_NEGATIVE))
          : List.of("Connection refused");

  private RefusedConnection() {}

  /** Whether a connection attempt ended because the other machine refused it. */
  static boolean isIn(Status status) {
    return isIn(status.getCause());
  }

  private static boolean isIn(@Nullable Throwable cause) {
    String text = cause instanceof ConnectException ? cause.getMessage() : null;
    return text != null && WORDS.stream().anyMatch(text::contains);
  }

  /** Netty's message for an errno: the text after the name of the failed method. */
  static String wordsOf(int negativeErrno) {
    String text = String.valueOf(Errors.newIOException("connect", negativeErrno).getMessage());
    return text.substring(text.lastIndexOf(": ") + 2);
  }
}
