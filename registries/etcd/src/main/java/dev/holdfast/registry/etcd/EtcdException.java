package dev.holdfast.registry.etcd;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryException;
import io.grpc.Status;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A request to etcd that failed, with the reason that the client's machines branch on. */
final class EtcdException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // A member with TLS hangs up on plain text, as one does that stops. Whether its client then reads
  // an orderly end, a
  // reset or can't write any more depends on what was still unread.
  private static final String CLOSED_WITHOUT_A_WORD = "Network closed for unknown reason";
  private static final Pattern HUNG_UP = Pattern.compile("Connection reset|Broken pipe");

  // The same the other way round: a connection that ended before its handshake was through, and the
  // handler that is still there when it breaks.
  private static final String ENDED_IN_HANDSHAKE = "while performing TLS negotiation";
  private static final String HANDLER_OF_HANDSHAKE = "ClientTlsHandler";

  // That of an answer that is no frame, with a dump of its bytes as the cause.
  private static final String NOT_HTTP_2 = "http2 exception";

  private final EtcdError error;

  /** The mismatch between a member's protocol and that of a request to it. */
  enum ProtocolMismatch {
    /** The request was sent in plain text, and the member speaks TLS. */
    MEMBER_SPEAKS_TLS,
    /** The request was sent with TLS, and the member speaks HTTP/2 in plain text. */
    MEMBER_SPEAKS_PLAIN_TEXT,
    /** None is known: a member that hangs up is stopping, or was never there. */
    NONE
  }

  EtcdException(EtcdError error, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.error = error;
  }

  EtcdException(EtcdError error, String message) {
    this(error, message, null);
  }

  /** From the status of a call; says which member it came from. */
  static EtcdException of(Status status, String member, ProtocolMismatch mismatch) {
    EtcdError error = EtcdError.of(status);
    String what = error == EtcdError.CERTIFICATE_REFUSED ? EtcdTls.explain(status) : words(status);
    if (isHangUp(status) || isHangUpInHandshake(status)) {
      what +=
          switch (mismatch) {
            case MEMBER_SPEAKS_TLS ->
                " (the request was sent without TLS, and the member speaks TLS: it needs tls=true)";
            case MEMBER_SPEAKS_PLAIN_TEXT ->
                " (the request was sent with TLS, and the member speaks plain text: it needs"
                    + " tls=false)";
            case NONE -> "";
          };
    }
    return new EtcdException(error, "etcd " + member + ": " + what, status.getCause());
  }

  EtcdError error() {
    return error;
  }

  /** This failure as the exception that the registry reports to its user. */
  RegistryException toRegistryException() {
    return new RegistryException(error.kind(), messageOrName(), this);
  }

  private String messageOrName() {
    String message = getMessage();
    return message == null ? error.name() : message;
  }

  /**
   * Whether a request ended because the member closed its connection, which has several reasons.
   */
  static boolean isHangUp(Status status) {
    if (CLOSED_WITHOUT_A_WORD.equals(status.getDescription())) {
      return true;
    }
    Throwable root = root(status);
    return root instanceof IOException
        && root.getMessage() != null
        && HUNG_UP.matcher(root.getMessage()).find();
  }

  /** The same during the TLS handshake, or by a first byte that is not TLS. */
  static boolean isHangUpInHandshake(Status status) {
    String description = status.getDescription() == null ? "" : status.getDescription();
    return description.contains(ENDED_IN_HANDSHAKE)
        || (description.contains(HANDLER_OF_HANDSHAKE) && isHangUp(status))
        || root(status) instanceof NotSslRecordException;
  }

  private static String words(Status status) {
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return "no answer in time";
    }
    String reason = reason(status);
    return reason.isEmpty() ? status.getCode().toString() : status.getCode() + ": " + reason;
  }

  /** The reason in words; what grpc-java adds in further lines names its own parts. */
  private static String reason(Status status) {
    if (isHangUp(status)) {
      return "the member closed the connection";
    }
    Throwable root = root(status);
    if (NOT_HTTP_2.equals(status.getDescription())) {
      return "what answers there does not speak HTTP/2";
    }
    if (root instanceof IOException) {
      return IoErrorText.of(root);
    }
    String description = status.getDescription() == null ? "" : status.getDescription();
    String first = description.lines().findFirst().orElse("");
    String last = root == null || root.getMessage() == null ? "" : root.getMessage();
    return last.isEmpty() || first.contains(last) ? first : first + " (" + last + ")";
  }

  private static @Nullable Throwable root(Status status) {
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
