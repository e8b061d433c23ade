package dev.holdfast.lab;

import io.netty.channel.socket.SocketChannel;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * The receive filter of a {@link Flow}'s two sockets. A socket receives everything, nothing while
 * the cable is pulled, or nothing for good. Runs on the event loop.
 */
final class ReceiveFilter {
  private final Set<SocketChannel> sockets = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<SocketChannel> dropping = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean pulled;

  /** Adds a socket of the flow, which has two at most. */
  void add(SocketChannel socket) {
    sockets.add(socket);
    if (pulled) {
      var unused = KernelSocket.attachDropFilter(socket);
    }
  }

  /** Filters everything that this socket receives, for good, whatever the state of the cable. */
  void dropAll(SocketChannel socket) {
    dropping.add(socket);
    var unused = KernelSocket.attachDropFilter(socket);
  }

  /** Filters everything that both sockets receive, for good. */
  void dropAll() {
    sockets.forEach(this::dropAll);
  }

  /** Pulls the cable, or plugs it in again. */
  void pull(boolean value) {
    if (pulled == value) {
      return;
    }
    pulled = value;
    for (SocketChannel socket : sockets) {
      if (!dropping.contains(socket)) {
        var unused =
            value ? KernelSocket.attachDropFilter(socket) : KernelSocket.detachDropFilter(socket);
      }
    }
  }
}
