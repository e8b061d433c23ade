package dev.holdfast.admin;

import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.core.Clock;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The access check of the admin service: a bearer token, where one is configured. A method that
 * changes something needs the token or a client certificate, also on loopback, where any local user
 * and any page of a browser could call it. The comparison takes the same time whatever is sent, and
 * neither token nor header is logged. Thread-safe.
 */
public final class AdminAccess implements ServerInterceptor {
  /** The request header that carries {@code Bearer} and the token. */
  public static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** The word before the token. */
  public static final String SCHEME = "Bearer ";

  /** The methods that change nothing. A new one counts as an action until it stands here. */
  private static final Set<String> READING =
      Set.of(
          AdminGrpc.getGetProcessMethod().getFullMethodName(),
          AdminGrpc.getListConnectionsMethod().getFullMethodName(),
          AdminGrpc.getListClosedConnectionsMethod().getFullMethodName(),
          AdminGrpc.getListStreamsMethod().getFullMethodName(),
          AdminGrpc.getListEndedStreamsMethod().getFullMethodName());

  private static final Logger log = LoggerFactory.getLogger(AdminAccess.class);

  /** A stranger who tries one token after the other must not fill the log. */
  private static final Duration WARNING_INTERVAL = Duration.ofSeconds(10);

  private final Supplier<Optional<String>> token;
  private final Clock clock;

  // Guarded by this.
  private long refused;
  private long warnedNanos;

  /**
   * @param token the token; empty when every reader is let in. Asked for each call
   */
  AdminAccess(Supplier<Optional<String>> token, Clock clock) {
    this.token = token;
    this.clock = clock;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Optional<String> expected;
    try {
      expected = token.get();
    } catch (IllegalArgumentException e) {
      log.warn("event=admin_token_unreadable cause=\"{}\"", e.getMessage());
      return refuse(call, Status.UNAVAILABLE.withDescription("the token file can't be read"));
    }
    if (expected.isPresent() && !isSame(expected.get(), headers.get(AUTHORIZATION))) {
      warn(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
      return refuse(
          call, Status.UNAUTHENTICATED.withDescription("token: wrong or none (expected: Bearer)"));
    }
    if (!READING.contains(call.getMethodDescriptor().getFullMethodName())) {
      if (expected.isEmpty() && !hasCertificate(call)) {
        return refuse(
            call,
            Status.PERMISSION_DENIED.withDescription(
                "actions: not allowed here (expected: "
                    + AdminOptions.TOKEN_FILE_VARIABLE
                    + " or client certificates at the process)"));
      }
      log.info(
          "event=admin_action method={} by=\"{}\"",
          call.getMethodDescriptor().getBareMethodName(),
          caller(call));
    }
    return next.startCall(call, headers);
  }

  /** With TLS the service lets in only readers with a certificate. */
  private static boolean hasCertificate(ServerCall<?, ?> call) {
    return call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION) != null;
  }

  /** The address, and the subject of the certificate where there is one. */
  private static String caller(ServerCall<?, ?> call) {
    String address = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
    SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null) {
      return address;
    }
    try {
      return address + " " + session.getPeerPrincipal().getName().replace('"', '\'');
    } catch (SSLPeerUnverifiedException e) {
      return address;
    }
  }

  private synchronized void warn(@Nullable SocketAddress peer) {
    long nowNanos = clock.nanoTime();
    if (refused == 0 || nowNanos - warnedNanos >= WARNING_INTERVAL.toNanos()) {
      log.warn("event=admin_refused peer={} refused_before={}", peer, refused);
      warnedNanos = nowNanos;
    }
    refused++;
  }

  private static <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, Status status) {
    call.close(status, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  private static boolean isSame(String expected, @Nullable String authorization) {
    String given = authorization == null ? "" : authorization;
    return MessageDigest.isEqual(
        (SCHEME + expected).getBytes(StandardCharsets.UTF_8),
        given.getBytes(StandardCharsets.UTF_8));
  }
}
