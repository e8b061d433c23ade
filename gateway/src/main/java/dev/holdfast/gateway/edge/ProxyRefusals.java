package dev.holdfast.gateway.edge;

import dev.holdfast.core.LogText;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.limits.SparseLog;
import java.net.SocketAddress;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts and tells of connections whose client could not be believed. Thread-safe. */
public final class ProxyRefusals {
  private static final Logger log = LoggerFactory.getLogger(ProxyRefusals.class);

  private final SparseLog due = new SparseLog();

  /** Why one was turned away. */
  enum Reason {
    /** It came from somebody who is not trusted to speak for clients. */
    UNTRUSTED,
    /** It began with something else than a header. */
    MISSING,
    /** Its header makes no sense, or is too long. */
    MALFORMED,
    /** Its header did not come in time. */
    SLOW
  }

  void refused(GatewayMeters meters, SocketAddress peer, Reason reason, String detail) {
    String tag = reason.name().toLowerCase(Locale.ROOT);
    meters.proxyRefused(tag);
    int count = due.count();
    if (count > 0) {
      log.warn(
          "event=proxy_header_refused peer={} count={} reason={} detail=\"{}\"",
          peer,
          count,
          tag,
          LogText.of(detail));
    }
  }
}
