package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryException;
import io.grpc.Status;
import io.netty.handler.ssl.NotSslRecordException;
import java.io.IOException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A request to etcd that failed, with the reason that the client's machines branch on. */
final class EtcdException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // A member with TLS hangs up on plain text. Whether its client then reads an orderly end, a reset
  // or can't write any more depends on what was still unread, so each of them earns the hint.
  private static final String CLOSED_WITHOUT_A_WORD = "Network closed for unknown reason";
  private static final Pattern HUNG_UP = Pattern.compile("Connection reset|Broken pipe");

  // The same the other way round: a connection that ended before its handshake was through, and the
  // handler that is still there when it breaks.
  private static final String ENDED_IN_HANDSHAKE = "while performing TLS negotiation";
  private static final String HANDLER_OF_HANDSHAKE = "ClientTlsHandler";

  private final EtcdError error;

  /** The way in which a member was asked. */
  enum ChannelSecurityHint {
    /** Without TLS; it has not answered yet. */
    PLAIN_TEXT,
    /** With TLS; it has not answered yet. */
    TLS,
    /** As it has answered before: when it hangs up, it is for another reason. */
    ANSWERED_BEFORE
  }

  EtcdException(EtcdError error, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.error = error;
  }

  EtcdException(EtcdError error, String message) {
    this(error, message, null);
  }

  /** From the status of a call; says which member it came from. */
  static EtcdException of(Status status, String member, ChannelSecurityHint channelSecurityHint) {
    EtcdError error = EtcdError.of(status);
    String what = error == EtcdError.CERTIFICATE_REFUSED ? EtcdTls.explain(status) : words(status);
    if (channelSecurityHint == ChannelSecurityHint.PLAIN_TEXT && isHangUp(status)) {
      what += " (the request was sent without TLS; a member that wants TLS needs tls=true)";
    } else if (channelSecurityHint == ChannelSecurityHint.TLS && isHangUpInHandshake(status)) {
      what += " (the request was sent with TLS; a member without TLS needs tls=false)";
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

  private static boolean isHangUp(Status status) {
    if (CLOSED_WITHOUT_A_WORD.equals(status.getDescription())) {
      return true;
    }
    Throwable root = root(status);
    return root instanceof IOException
        && root.getMessage() != null
        && HUNG_UP.matcher(root.getMessage()).find();
  }

  private static boolean isHangUpInHandshake(Status status) {
    String description = status.getDescription() == null ? "" : status.getDescription();
    return description.contains(ENDED_IN_HANDSHAKE)
        || (description.contains(HANDLER_OF_HANDSHAKE) && isHangUp(status))
        || root(status) instanceof NotSslRecordException;
  }

  private static String words(Status status) {
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return "no answer in time";
    }
    String text =
        status.getDescription() == null
            ? status.getCode().toString()
            : status.getCode() + ": " + status.getDescription();
    Throwable root = root(status);
    return root == null || root.getMessage() == null ? text : text + " (" + root.getMessage() + ")";
  }

  private static @Nullable Throwable root(Status status) {
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
