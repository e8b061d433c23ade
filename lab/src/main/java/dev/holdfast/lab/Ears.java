package dev.holdfast.lab;

import io.netty.channel.socket.SocketChannel;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * What the two sockets of a {@link Flow} hear: everything; nothing while the cable is pulled;
 * nothing any more. Runs on the event loop.
 */
final class Ears {
  private final Set<SocketChannel> sockets = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<SocketChannel> deaf = Collections.newSetFromMap(new IdentityHashMap<>());
  private boolean pulled;

  /** A socket of the flow, of which there are two at most. */
  void add(SocketChannel socket) {
    sockets.add(socket);
    if (pulled) {
      var unused = KernelSocket.deafen(socket);
    }
  }

  /** From now on this socket hears nothing, whatever becomes of the cable. */
  void closeForGood(SocketChannel socket) {
    deaf.add(socket);
    var unused = KernelSocket.deafen(socket);
  }

  /** From now on no socket hears anything. */
  void closeForGood() {
    sockets.forEach(this::closeForGood);
  }

  /** Whether nothing gets through for now. */
  boolean isPulled() {
    return pulled;
  }

  /** Pulls the cable, or plugs it in again. */
  void pull(boolean value) {
    if (pulled == value) {
      return;
    }
    pulled = value;
    for (SocketChannel socket : sockets) {
      if (!deaf.contains(socket)) {
        var unused = value ? KernelSocket.deafen(socket) : KernelSocket.undeafen(socket);
      }
    }
  }
}
