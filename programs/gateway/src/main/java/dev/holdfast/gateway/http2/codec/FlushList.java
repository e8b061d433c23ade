package dev.holdfast.gateway.http2.codec;

import dev.holdfast.gateway.socket.GatewayEpollIoHandler;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;

/**
 * The pending flushes of one event loop. Each connection is flushed once, after everything that the
 * loop read in one turn was forwarded, so that many small frames share one system call.
 */
final class FlushList implements Runnable {
  private final EventLoop loop;
  private List<FrameConnection> wanting = new ArrayList<>();
  private List<FrameConnection> flushing = new ArrayList<>();
  private boolean scheduled;

  FlushList(EventLoop loop) {
    this.loop = loop;
  }

  void add(FrameConnection connection) {
    wanting.add(connection);
    if (!scheduled) {
      scheduled = true;
      GatewayEpollIoHandler sockets = GatewayEpollIoHandler.current();
      if (sockets == null || !sockets.atEndOfTurn(this)) {
        loop.execute(this);
      }
    }
  }

  @Override
  public void run() {
    scheduled = false;
    List<FrameConnection> now = wanting;
    wanting = flushing;
    flushing = now;
    for (int i = 0; i < now.size(); i++) {
      now.get(i).flushNow();
    }
    now.clear();
  }
}
