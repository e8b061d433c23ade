package dev.holdfast.gateway.limits;

import io.micrometer.core.instrument.Counter;
import io.netty.handler.codec.CodecException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of connections that are closed for a mistake of the gateway's own: counts each, and logs
 * one in a while, with how many there were. What sockets and peers do is no such mistake.
 * Thread-safe.
 */
public final class ConnectionFaults {
  private static final Logger log = LoggerFactory.getLogger(ConnectionFaults.class);

  private final Counter counter;
  private final SparseLog due = new SparseLog();

  ConnectionFaults(Counter counter) {
    this.counter = counter;
  }

  /** A connection ends for this. */
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
