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
  UNAVAILABLE(RegistryException.RegistryErrorKind.UNAVAILABLE, true),
  /** No answer in time: the member may be paused, or cut off from the others. */
  TIMEOUT(RegistryException.RegistryErrorKind.UNAVAILABLE, true),
  /** The member does not know the token: it was restarted, or the token ran out. */
  TOKEN_REFUSED(RegistryException.RegistryErrorKind.UNAUTHENTICATED, false),
  /** Authentication is on and the request had no user. */
  USER_MISSING(RegistryException.RegistryErrorKind.UNAUTHENTICATED, false),
  /** The user name or the password was rejected. */
  PASSWORD_REFUSED(RegistryException.RegistryErrorKind.UNAUTHENTICATED, false),
  /** The TLS handshake failed: a certificate is not trusted or has expired. */
  CERTIFICATE_REFUSED(RegistryException.RegistryErrorKind.UNAUTHENTICATED, true),
  /** Authentication is off: there is nobody to ask for a token. */
  AUTH_OFF(RegistryException.RegistryErrorKind.UNAUTHENTICATED, false),
  /** The user's roles don't allow it. */
  PERMISSION_DENIED(RegistryException.RegistryErrorKind.PERMISSION_DENIED, false),
  /** The role is there already. */
  ROLE_EXISTS(RegistryException.RegistryErrorKind.UNAVAILABLE, false),
  /** The lease ran out or was revoked. */
  LEASE_NOT_FOUND(RegistryException.RegistryErrorKind.LEASE_LOST, false),
  /** The revision asked for is not kept any more. */
  COMPACTED(RegistryException.RegistryErrorKind.UNAVAILABLE, false),
  /** The answer is larger than what is accepted at once, or the server has too much to do. */
  TOO_LARGE(RegistryException.RegistryErrorKind.UNAVAILABLE, false),
  /** The store lost its memory between the question and the answer. */
  WIPED(RegistryException.RegistryErrorKind.WIPED, false),
  /** The registry was closed before the request completed. */
  CLOSED(RegistryException.RegistryErrorKind.CLOSED, false),
  /** Any error that no other constant describes. */
  OTHER(RegistryException.RegistryErrorKind.UNAVAILABLE, false);

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

  private final RegistryException.RegistryErrorKind kind;
  private final boolean isRetriableAtOtherMember;

  EtcdError(RegistryException.RegistryErrorKind registryErrorKind, boolean anotherMemberMayDo) {
    this.kind = registryErrorKind;
    this.isRetriableAtOtherMember = anotherMemberMayDo;
  }

  /** The kind under which the registry reports this error to its user. */
  RegistryException.RegistryErrorKind kind() {
    return kind;
  }

  /** Whether the same request may succeed at another member. */
  boolean isRetriableAtOtherMember() {
    return isRetriableAtOtherMember;
  }

  /** Whether a new token may help. */
  boolean isRetriableWithNewToken() {
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
