package dev.holdfast.cli;

import dev.holdfast.core.IoErrorText;
import io.grpc.Status;
import io.netty.channel.ConnectTimeoutException;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The text of the status of a call that this program made: code, description and, if the call never
 * reached a gRPC server, the reason for people, without names of classes.
 */
public final class CallFailureText {
  /** The description that grpc-java gives to a connection that its peer closed. */
  private static final String CLOSED = "Network closed for unknown reason";

  /** The description of a deadline that passed here, before times and states of connections. */
  private static final String OUR_DEADLINE = "CallOptions deadline exceeded";

  private static final String HUNG_UP =
      "the server closed the connection without an answer: it is stopping, or it speaks TLS where"
          + " the call does not, or the reverse (--tls)";

  private CallFailureText() {}

  /** The text of a status, in one line. */
  public static String of(Status status) {
    String description = status.getDescription() == null ? "" : status.getDescription();
    Throwable root = root(status.getCause());
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED && description.startsWith(OUR_DEADLINE)) {
      return status.getCode() + ": no answer in time";
    }
    if (root == null) {
      String text = description.equals(CLOSED) ? HUNG_UP : description;
      return text.isEmpty() ? status.getCode().toString() : status.getCode() + ": " + text;
    }
    return status.getCode() + ": " + reason(root, description);
  }

  private static String reason(Throwable root, String description) {
    if (root instanceof UnknownHostException) {
      return "unknown host";
    }
    if (root instanceof ConnectTimeoutException || root instanceof NoRouteToHostException) {
      return "no connection: nothing answers at this address";
    }
    if (root instanceof ConnectException) {
      return "connection refused: nobody listens there";
    }
    if (root instanceof Http2Exception) {
      return "the server does not speak HTTP/2 (expected: a gRPC server, --tls if it wants TLS)";
    }
    if (root instanceof NotSslRecordException) {
      return "the server does not speak TLS (expected: no --tls, --ca, --cert and --tls-name)";
    }
    if (root instanceof SSLException || root instanceof GeneralSecurityException) {
      return "TLS: " + IoErrorText.of(root);
    }
    if (root instanceof IOException || root instanceof ClosedChannelException) {
      return HUNG_UP + " (" + IoErrorText.of(root) + ")";
    }
    // What grpc-java adds in further lines names its own parts.
    String first = description.lines().findFirst().orElse("");
    String last = String.valueOf(root.getMessage());
    return first.isEmpty() || first.contains(last) ? last : first + " (" + last + ")";
  }

  private static @Nullable Throwable root(@Nullable Throwable cause) {
    Throwable root = cause;
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
