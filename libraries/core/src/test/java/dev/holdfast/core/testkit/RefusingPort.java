package dev.holdfast.core.testkit;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port on loopback at which nobody listens, and nobody will until this is closed: one that was
 * only closed may be another test's a moment later.
 */
public final class RefusingPort implements AutoCloseable {
  private final Socket holder = new Socket();

  /** Takes one. */
  public RefusingPort() throws IOException {
    holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  /** Where connections are refused. */
  public InetSocketAddress address() {
    return (InetSocketAddress) holder.getLocalSocketAddress();
  }

  /** Its number. */
  public int port() {
    return holder.getLocalPort();
  }

  /** As endpoints are written. */
  @Override
  public String toString() {
    return "127.0.0.1:" + port();
  }

  /** Anybody may have it. */
  @Override
  public void close() throws IOException {
    holder.close();
  }
}
