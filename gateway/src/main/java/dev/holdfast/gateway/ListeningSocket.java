package dev.holdfast.gateway;

import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket at which a gateway listens, as it passes from one process to another: connections that
 * wait to be accepted pass with it. Only with epoll.
 *
 * @param address as a listener asks for it, with the port that it has
 * @param descriptor in this process
 */
public record ListeningSocket(InetSocketAddress address, FileDescriptor descriptor) {
  private static final Logger log = LoggerFactory.getLogger(ListeningSocket.class);

  /** Takes it over. */
  EpollServerSocketChannel channel() {
    return new EpollServerSocketChannel(descriptor.intValue());
  }

  /** Without it; other processes may go on to listen at it. */
  public void close() {
    try {
      descriptor.close();
    } catch (IOException e) {
      log.warn("event=handover_close_failed address={} cause=\"{}\"", address, e.getMessage());
    }
  }
}
