package dev.holdfast.gateway.tls;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.netty.handler.ssl.NotSslRecordException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.ArrayList;
import java.util.List;

/** Formatter of the reasons of failed TLS handshakes. */
public final class TlsFailureReason {
  @Limit(
      of = "causes of a failure of TLS that are looked through",
      then = "the last is told, unless one of them is known")
  private static final int MOST_CAUSES = 20;

  private TlsFailureReason() {}

  /** The reason of a TLS failure for operators, with the prefix {@code TLS: }. */
  public static String describe(Throwable failure) {
    return "TLS: " + reason(failure);
  }

  private static String reason(Throwable failure) {
    List<Throwable> causes = new ArrayList<>();
    Throwable each = failure;
    while (each != null && causes.size() < MOST_CAUSES) {
      causes.add(each);
      each = each.getCause();
    }
    for (int i = causes.size() - 1; i >= 0; i--) {
      String known = known(causes.get(i));
      if (!known.isEmpty()) {
        return known;
      }
    }
    Throwable deepest = causes.get(causes.size() - 1);
    String text = IoErrorText.of(deepest);
    boolean certificate = causes.stream().anyMatch(CertificateException.class::isInstance);
    return certificate ? "certificate refused: " + text : text;
  }

  private static String known(Throwable cause) {
    if (cause instanceof CertificateExpiredException) {
      return "certificate expired (" + cause.getMessage() + ")";
    }
    if (cause instanceof CertificateNotYetValidException) {
      return "certificate not valid yet (" + cause.getMessage() + ")";
    }
    if (cause instanceof CertPathBuilderException) {
      return "certificate of no trusted authority";
    }
    if (cause instanceof NotSslRecordException) {
      return "the peer speaks no TLS";
    }
    if (cause instanceof ClosedChannelException) {
      return "closed during the handshake";
    }
    return "";
  }
}
