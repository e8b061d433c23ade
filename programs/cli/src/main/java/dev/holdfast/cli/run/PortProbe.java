package dev.holdfast.cli.run;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A TCP probe of whether a port accepts connections. */
final class PortProbe {
  @Limit(of = "time that a port may take to accept", then = "it counts as closed")
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);

  private final List<String> hosts;
  private final int port;

  PortProbe(List<String> hosts, int port) {
    this.hosts = List.copyOf(hosts);
    this.port = port;
  }

  /** The first host at which the port accepts a connection now. */
  Optional<String> openHost() {
    return hosts.stream().filter(this::isOpenAt).findFirst();
  }

  boolean isOpen() {
    return openHost().isPresent();
  }

  private boolean isOpenAt(String host) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), (int) CONNECT_TIMEOUT.toMillis());
      return true;
    } catch (IOException e) {
      // The answer to the question: no.
      return false;
    }
  }
}
