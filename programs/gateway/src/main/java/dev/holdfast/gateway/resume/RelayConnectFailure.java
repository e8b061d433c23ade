package dev.holdfast.gateway.resume;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** The classification of a failed connect to the Unix socket of an earlier gateway. */
final class RelayConnectFailure {
  private RelayConnectFailure() {}

  /**
   * Whether the process that listened at a socket has ended, and its streams with it. A full accept
   * queue (EAGAIN) and a lack of descriptors (EMFILE) say nothing about the streams. Does not
   * block.
   */
  static boolean isGone(Path socket, Throwable cause) {
    if (cause instanceof FileNotFoundException) {
      return true;
    }
    return cause instanceof ConnectException && isRefused(socket);
  }

  /** Asks the JDK, since Netty has the same exception for ECONNREFUSED and for EAGAIN. */
  private static boolean isRefused(Path socket) {
    try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      probe.configureBlocking(false);
      var unused = probe.connect(UnixDomainSocketAddress.of(socket));
      return false;
    } catch (ConnectException e) {
      return true;
    } catch (IOException e) {
      // Any other error; the next attempt may tell more.
      return false;
    }
  }
}
