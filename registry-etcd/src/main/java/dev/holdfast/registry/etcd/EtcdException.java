package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryException;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** A request to etcd that failed, with the reason that the client's machines branch on. */
final class EtcdException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  // How grpc-java calls the end of a connection that a member with TLS closes; a hint depends on
  // it.
  private static final String CLOSED_WITHOUT_A_WORD = "Network closed for unknown reason";

  private final EtcdError error;

  EtcdException(EtcdError error, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.error = error;
  }

  EtcdException(EtcdError error, String message) {
    this(error, message, null);
  }

  /** From the status of a call; says which member it came from. */
  static EtcdException of(Status status, String member, boolean plainText) {
    EtcdError error = EtcdError.of(status);
    String what = error == EtcdError.CERTIFICATE_REFUSED ? EtcdTls.explain(status) : words(status);
    if (plainText && CLOSED_WITHOUT_A_WORD.equals(status.getDescription())) {
      what += " (it was asked without TLS; a member that wants TLS needs tls=true)";
    }
    return new EtcdException(error, "etcd " + member + ": " + what, status.getCause());
  }

  EtcdError error() {
    return error;
  }

  /** What a user of the registry is told. */
  RegistryException toRegistryException() {
    return new RegistryException(error.kind(), messageOrName(), this);
  }

  private String messageOrName() {
    String message = getMessage();
    return message == null ? error.name() : message;
  }

  private static String words(Status status) {
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return "no answer in time";
    }
    String text =
        status.getDescription() == null
            ? status.getCode().toString()
            : status.getCode() + ": " + status.getDescription();
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    return root == null || root.getMessage() == null ? text : text + " (" + root.getMessage() + ")";
  }
}
