package dev.holdfast.control;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.ReloadableFiles;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The check of the bearer token that readers of a control plane's state present beyond loopback.
 * The file is read anew for each call, so a token can be replaced. The comparison takes the same
 * time whatever is sent. Thread-safe.
 */
final class AdminTokenInterceptor implements ServerInterceptor {
  private static final Logger log = LoggerFactory.getLogger(AdminTokenInterceptor.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String SCHEME = "Bearer ";

  private final Path file;

  AdminTokenInterceptor(Path file) {
    this.file = file;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    try {
      if (isSame(headers.get(AUTHORIZATION))) {
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

  private boolean isSame(@Nullable String authorization) throws IOException {
    String token = new String(ReloadableFiles.content(file), StandardCharsets.UTF_8).strip();
    return !token.isEmpty()
        && authorization != null
        && MessageDigest.isEqual(
            (SCHEME + token).getBytes(StandardCharsets.UTF_8),
            authorization.getBytes(StandardCharsets.UTF_8));
  }
}
