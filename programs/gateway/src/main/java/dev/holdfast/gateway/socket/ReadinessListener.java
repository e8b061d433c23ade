package dev.holdfast.gateway.socket;

/** Hears before Netty that there is something to read. */
public interface ReadinessListener {
  /**
   * The socket has bytes, and neither an error nor an end; on its event loop.
   *
   * @return whether they were taken; if not, Netty reads
   */
  boolean onReadable();
}
