package dev.holdfast.gateway.limits;

import io.micrometer.core.instrument.Counter;
import io.netty.handler.codec.CodecException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The count and log of connections that were closed for an internal error of the gateway. Errors of
 * sockets and protocol errors of peers do not count. The log has a line in a while, with the number
 * of errors since the last one. Thread-safe.
 */
public final class ConnectionFaults {
  private static final Logger log = LoggerFactory.getLogger(ConnectionFaults.class);

  private final Counter counter;
  private final LogRateLimiter due = new LogRateLimiter();

  ConnectionFaults(Counter counter) {
    this.counter = counter;
  }

  /** Counts and logs the cause of a connection's end, if it is an internal error. */
  public void onClosed(Throwable cause) {
    Throwable inner = cause.getCause();
    Throwable known = cause instanceof CodecException && inner != null ? inner : cause;
    if (known instanceof IOException || known instanceof CodecException) {
      return;
    }
    counter.increment();
    int times = due.count();
    if (times > 0) {
      String what = known.getClass().getSimpleName();
      log.error("event=connection_fault times={} cause=\"{}\"", times, what, known);
    }
  }
}
