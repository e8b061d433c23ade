package dev.holdfast.core.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port on loopback that is free and likely to stay so while its server is down.
 *
 * <p>It lies below the range from which systems take the ports of outgoing connections (32768 and
 * up on Linux, 49152 elsewhere). One of that range may be given to somebody's connection before the
 * server listens, or listens again; and a client that goes on connecting to it while nobody listens
 * will one day be given that very port as its own, and be connected to itself.
 */
public final class FreePort {
  private static final int FROM = 15_000;
  private static final int TO = 32_000;
  private static final int MAX_TRIES = 100;

  private FreePort() {}

  /** Binds one; to be closed just before the server takes it. */
  public static ServerSocket bind() throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < MAX_TRIES; i++) {
      try {
        return new ServerSocket(ThreadLocalRandom.current().nextInt(FROM, TO), 1, loopback);
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }
}
