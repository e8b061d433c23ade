package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryException;
import io.grpc.Status;
import java.util.Map;

/**
 * The kinds of failed etcd requests that the client handles differently.
 *
 * <p>etcd tells its errors apart by their description alone (several share a gRPC code, and a watch
 * has only the text), and its own clients compare that text too: rpctypes/error.go. The texts are
 * the same from 3.4 to 3.6.
 */
enum EtcdError {
  /** The connection failed, or the member says it can't serve: another one may. */
  UNAVAILABLE(RegistryException.Kind.UNAVAILABLE, true),
  /** No answer in time: the member may be paused, or cut off from the others. */
  TIMEOUT(RegistryException.Kind.UNAVAILABLE, true),
  /** The member does not know the token: it was restarted, or the token ran out. */
  TOKEN_REFUSED(RegistryException.Kind.UNAUTHENTICATED, false),
  /** Authentication is on and the request had no user. */
  USER_MISSING(RegistryException.Kind.UNAUTHENTICATED, false),
  /** The user name or the password was rejected. */
  PASSWORD_REFUSED(RegistryException.Kind.UNAUTHENTICATED, false),
  /** The TLS handshake failed: a certificate is not trusted or has expired. */
  CERTIFICATE_REFUSED(RegistryException.Kind.UNAUTHENTICATED, true),
  /** Authentication is off: there is nobody to ask for a token. */
  AUTH_OFF(RegistryException.Kind.UNAUTHENTICATED, false),
  /** The user's roles don't allow it. */
  PERMISSION_DENIED(RegistryException.Kind.PERMISSION_DENIED, false),
  /** The role is there already. */
  ROLE_EXISTS(RegistryException.Kind.UNAVAILABLE, false),
  /** The lease ran out or was revoked. */
  LEASE_NOT_FOUND(RegistryException.Kind.LEASE_LOST, false),
  /** The revision asked for is not kept any more. */
  COMPACTED(RegistryException.Kind.UNAVAILABLE, false),
  /** The answer is larger than what is accepted at once, or the server has too much to do. */
  TOO_LARGE(RegistryException.Kind.UNAVAILABLE, false),
  /** The store lost its memory between the question and the answer. */
  WIPED(RegistryException.Kind.WIPED, false),
  /** The registry was closed before the request completed. */
  CLOSED(RegistryException.Kind.CLOSED, false),
  /** Any error that no other constant describes. */
  OTHER(RegistryException.Kind.UNAVAILABLE, false);

  private static final Map<String, EtcdError> BY_DESCRIPTION =
      Map.of(
          "etcdserver: invalid auth token", TOKEN_REFUSED,
          "etcdserver: revision of auth store is old", TOKEN_REFUSED,
          "etcdserver: user name is empty", USER_MISSING,
          "etcdserver: authentication failed, invalid user ID or password", PASSWORD_REFUSED,
          "etcdserver: authentication is not enabled", AUTH_OFF,
          "etcdserver: permission denied", PERMISSION_DENIED,
          "etcdserver: role name already exists", ROLE_EXISTS,
          "etcdserver: requested lease not found", LEASE_NOT_FOUND,
          "etcdserver: mvcc: required revision has been compacted", COMPACTED);

  private final RegistryException.Kind kind;
  private final boolean anotherMemberMayDo;

  EtcdError(RegistryException.Kind kind, boolean anotherMemberMayDo) {
    this.kind = kind;
    this.anotherMemberMayDo = anotherMemberMayDo;
  }

  /** The kind under which the registry reports this error to its user. */
  RegistryException.Kind kind() {
    return kind;
  }

  /** Whether the same request may succeed at another member. */
  boolean anotherMemberMayDo() {
    return anotherMemberMayDo;
  }

  /** Whether a new token may help. */
  boolean isCuredByToken() {
    return this == TOKEN_REFUSED || this == USER_MISSING;
  }

  /** The error in the text of a canceled watch. */
  static EtcdError ofReason(String reason) {
    for (Map.Entry<String, EtcdError> entry : BY_DESCRIPTION.entrySet()) {
      if (reason.contains(entry.getKey())) {
        return entry.getValue();
      }
    }
    return OTHER;
  }

  static EtcdError of(Status status) {
    String description = status.getDescription();
    EtcdError known = description == null ? null : BY_DESCRIPTION.get(description);
    if (known != null) {
      return known;
    }
    return switch (status.getCode()) {
      case UNAVAILABLE, CANCELLED, ABORTED ->
          EtcdTls.isHandshakeFailure(status.getCause()) ? CERTIFICATE_REFUSED : UNAVAILABLE;
      case DEADLINE_EXCEEDED -> TIMEOUT;
      case UNAUTHENTICATED -> TOKEN_REFUSED;
      case PERMISSION_DENIED -> PERMISSION_DENIED;
      case RESOURCE_EXHAUSTED -> TOO_LARGE;
      default -> OTHER;
    };
  }
}
