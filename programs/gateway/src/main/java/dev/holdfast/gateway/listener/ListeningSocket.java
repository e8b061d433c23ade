package dev.holdfast.gateway.listener;

import dev.holdfast.core.IoErrorText;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket that passes from one process to another. Connections that wait to be accepted
 * pass with it. Only with epoll.
 *
 * @param address as the listener requested it, with the port that it is bound to
 * @param descriptor the file descriptor in this process
 */
public record ListeningSocket(InetSocketAddress address, FileDescriptor descriptor) {
  private static final Logger log = LoggerFactory.getLogger(ListeningSocket.class);

  /** Creates a channel that owns the descriptor. */
  EpollServerSocketChannel channel() {
    return new EpollServerSocketChannel(descriptor.intValue());
  }

  /** Closes the descriptor of this process; other processes may go on listening at the socket. */
  public void close() {
    try {
      descriptor.close();
    } catch (IOException e) {
      log.warn("event=handover_close_failed address={} cause=\"{}\"", address, IoErrorText.of(e));
    }
  }
}
