package dev.holdfast.gateway.listener;

import dev.holdfast.core.LogEscaper;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.LogRateLimiter;
import java.net.SocketAddress;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The counter and log of connections that were refused for their PROXY protocol header.
 * Thread-safe.
 */
final class ProxyRefusals {
  private static final Logger log = LoggerFactory.getLogger(ProxyRefusals.class);

  private final LogRateLimiter due = new LogRateLimiter();

  /** The reason of a refusal. */
  enum ProxyRefusalReason {
    /** The peer is not trusted to send PROXY headers. */
    UNTRUSTED,
    /** The connection does not begin with a header. */
    MISSING,
    /** The header is malformed or too long. */
    MALFORMED,
    /** The header did not arrive in time. */
    SLOW
  }

  void refused(
      GatewayMeters meters,
      SocketAddress peer,
      ProxyRefusalReason proxyRefusalReason,
      String detail) {
    String tag = proxyRefusalReason.name().toLowerCase(Locale.ROOT);
    meters.proxyRefused(tag);
    int count = due.count();
    if (count > 0) {
      log.warn(
          "event=proxy_header_refused peer={} count={} reason={} detail=\"{}\"",
          peer,
          count,
          tag,
          LogEscaper.escape(detail));
    }
  }
}
