package dev.holdfast.lab;

import io.netty.channel.socket.SocketChannel;

/**
 * The responder of a dropped {@link Flow}: answers the next packet of either side with a reset, and
 * with nothing else. A router that has dropped a connection acknowledges nothing on it, not even a
 * TCP keepalive probe. The sockets are therefore made deaf, and the kernel is polled for dropped
 * segments. Where the kernel can't do that, bytes are read (and so acknowledged) and then answered.
 */
final class ResetResponder {
  private static final long CHECK_INTERVAL_NANOS = 10_000_000;
  // Many forgotten connections share the loop: each is looked at less often then.
  private static final long CHECK_NANOS_PER_FLOW = 50_000;

  private final Flow flow;
  private final SocketChannel client;
  private final SocketChannel server;
  private long clientDrops;
  private long serverDrops;

  ResetResponder(Flow flow, SocketChannel client, SocketChannel server) {
    this.flow = flow;
    this.client = client;
    this.server = server;
  }

  void start() {
    clientDrops = KernelSocket.segmentsDropped(client);
    serverDrops = KernelSocket.segmentsDropped(server);
    boolean deaf = KernelSocket.attachDropFilter(client) && KernelSocket.attachDropFilter(server);
    if (deaf && clientDrops >= 0) {
      checkAgain();
    }
  }

  private void look() {
    if (flow.state() != FlowState.REFUSING) {
      return;
    }
    if (client.isOpen() && KernelSocket.segmentsDropped(client) != clientDrops) {
      flow.refuse(RelayDirection.TO_SERVER);
    }
    if (server.isOpen() && KernelSocket.segmentsDropped(server) != serverDrops) {
      flow.refuse(RelayDirection.TO_CLIENT);
    }
    checkAgain();
  }

  private void checkAgain() {
    long waitNanos = Math.max(CHECK_INTERVAL_NANOS, flow.neighbours() * CHECK_NANOS_PER_FLOW);
    flow.afterReally(waitNanos, this::look);
  }
}
