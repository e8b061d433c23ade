package dev.holdfast.control;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.BearerTokenFile;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The check of the bearer token that readers of a control plane's state present beyond loopback.
 * Thread-safe.
 */
final class AdminTokenInterceptor implements ServerInterceptor {
  private static final Logger log = LoggerFactory.getLogger(AdminTokenInterceptor.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final BearerTokenFile token;

  AdminTokenInterceptor(Path file) {
    this.token = new BearerTokenFile(file);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    try {
      if (token.isIn(headers.get(AUTHORIZATION))) {
        return next.startCall(call, headers);
      }
      call.close(
          Status.UNAUTHENTICATED.withDescription("token: wrong or none (expected: Bearer)"),
          new Metadata());
    } catch (IOException e) {
      log.warn("event=admin_token_unreadable cause=\"{}\"", IoErrorText.of(e));
      call.close(
          Status.UNAVAILABLE.withDescription("the token file can't be read"), new Metadata());
    }
    return new ServerCall.Listener<>() {};
  }
}
