package dev.holdfast.lab;

import dev.holdfast.lab.PathFaults.CountedTraffic;
import dev.holdfast.lab.PathFaults.IdleTimeout;
import io.netty.channel.socket.SocketChannel;

/**
 * The idle detector of a {@link Flow}.
 *
 * <p>The flow reports bytes. Segments without bytes (TCP keepalive, acknowledgements) end at the
 * socket of a user-space middlebox. The detector therefore asks the kernel for their number {@value
 * #CHECKS_PER_TIMEOUT} times per timeout: such traffic counts up to that much later than it came.
 */
final class ConnectionIdleTimer {
  private static final int CHECKS_PER_TIMEOUT = 16;
  private static final long MIN_CHECK_NANOS = 5_000_000;

  private final Flow flow;
  private final IdleTimeout idleTimeout;
  private final long timeoutNanos;
  private final SocketChannel client;
  private final SocketChannel server;
  private final boolean countsSegments;
  private long lastNanos;
  private long clientSegments;
  private long serverSegments;
  private int generation;

  ConnectionIdleTimer(
      Flow flow,
      IdleTimeout idleTimeout,
      PathFaults faults,
      SocketChannel client,
      SocketChannel server) {
    this.flow = flow;
    this.idleTimeout = idleTimeout;
    this.client = client;
    this.server = server;
    timeoutNanos = faults.scaledNanos(idleTimeout.timeout());
    clientSegments = KernelSocket.segmentsIn(client);
    serverSegments = KernelSocket.segmentsIn(server);
    countsSegments = idleTimeout.counted() == CountedTraffic.SEGMENTS && clientSegments >= 0;
  }

  void start(int ofGeneration) {
    generation = ofGeneration;
    lastNanos = flow.elapsedNanos();
    checkAgain();
  }

  boolean countsAllBytes() {
    return idleTimeout.counted() != CountedTraffic.HTTP;
  }

  void onTraffic() {
    lastNanos = flow.elapsedNanos();
  }

  private void look() {
    if (!flow.isCurrent(generation) || flow.state() != FlowState.OPEN) {
      return;
    }
    boolean clientSent = clientSegments != (clientSegments = KernelSocket.segmentsIn(client));
    boolean serverSent = serverSegments != (serverSegments = KernelSocket.segmentsIn(server));
    if (countsSegments && (clientSent || serverSent)) {
      onTraffic();
    }
    if (flow.elapsedNanos() - lastNanos >= timeoutNanos) {
      flow.onIdleTimeout(idleTimeout.action());
    } else {
      checkAgain();
    }
  }

  private void checkAgain() {
    long waitNanos = timeoutNanos - (flow.elapsedNanos() - lastNanos);
    if (countsSegments) {
      waitNanos = Math.min(waitNanos, timeoutNanos / CHECKS_PER_TIMEOUT);
      waitNanos = Math.max(waitNanos, MIN_CHECK_NANOS);
    }
    flow.after(Math.max(1, waitNanos), this::look);
  }
}
