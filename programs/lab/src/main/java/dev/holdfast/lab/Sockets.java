package dev.holdfast.lab;

import io.netty.channel.socket.SocketChannel;
import org.jspecify.annotations.Nullable;

/** The two ways to end a connection. */
final class Sockets {
  private Sockets() {}

  /** With a RST: a linger time of zero makes the kernel send it instead of a FIN. */
  static void reset(@Nullable SocketChannel channel) {
    if (channel != null && channel.isOpen()) {
      channel.config().setSoLinger(0);
      var unused = channel.close();
    }
  }

  /** With a FIN, unless bytes lie unread. */
  static void close(@Nullable SocketChannel channel) {
    if (channel != null) {
      var unused = channel.close();
    }
  }
}
