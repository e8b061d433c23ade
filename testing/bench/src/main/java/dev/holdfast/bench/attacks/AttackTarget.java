package dev.holdfast.bench.attacks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.LongAdder;

/**
 * The proxy under attack, with a count of what was sent.
 *
 * @param port the port of the proxy on loopback
 * @param sent counter of frames or requests
 */
record AttackTarget(int port, LongAdder sent) {
  /** A message to this service is taken by the upstream. */
  static final String CALL = "/holdfast.bench.v1.Echo/Call";

  private static final int WINDOW = 65_535;

  Http2Client http2() throws IOException {
    return new Http2Client(port, WINDOW, sent);
  }

  /** An HTTP/2 client that grants the peer no flow-control window for DATA. */
  Http2Client http2WithoutWindow() throws IOException {
    return new Http2Client(port, 0, sent);
  }

  Socket http1() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    return socket;
  }
}
