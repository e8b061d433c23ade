package dev.holdfast.core.local;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port on loopback that is free and stays so while its server is down.
 *
 * <p>It lies below the range from which systems take the ports of outgoing connections (32768 and
 * up on Linux, 49152 elsewhere). One of that range may be given to somebody's connection before the
 * server listens, or listens again; and a client that goes on connecting to it while nobody listens
 * will one day be given that very port as its own, and be connected to itself.
 *
 * <p>Nor is it given to anybody else who asks here: each JVM claims blocks of ports, by listening
 * at the first of each until it ends, and gives every port of its blocks once before it gives one
 * again. Thread-safe.
 */
public final class FreePort {
  private static final int FROM = 15_000;
  private static final int TO = 32_000;
  private static final int BLOCK = 64;

  @Limit(
      of = "ports that are tried for a local server until one is free",
      then = "it is not started, for the reason of the last one")
  private static final int MAX_TRIES = 500;

  @Limit(
      of = "blocks of 64 ports that a process claims for local servers",
      then = "ports of the first one are given again")
  private static final int MAX_BLOCKS = 32;

  private static final List<ServerSocket> CLAIMS = new ArrayList<>();
  private static int block = -1;
  private static int next = BLOCK;

  private FreePort() {}

  /**
   * Finds one.
   *
   * @throws IOException for the reason that the last one that was tried had
   */
  public static int find() throws IOException {
    try (ServerSocket free = bind()) {
      return free.getLocalPort();
    }
  }

  /** Binds one, of which others hear that it is in use until it is closed. */
  public static synchronized ServerSocket bind() throws IOException {
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < MAX_TRIES; i++) {
      if (next == BLOCK) {
        enterNextBlock();
      }
      try {
        return listen(CLAIMS.get(block).getLocalPort() + next++);
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private static void enterNextBlock() throws IOException {
    if (CLAIMS.size() < MAX_BLOCKS) {
      CLAIMS.add(claim());
    }
    block = (block + 1) % CLAIMS.size();
    next = 1;
  }

  private static ServerSocket claim() throws IOException {
    IOException last = new IOException("no port was tried");
    for (int i = 0; i < MAX_TRIES; i++) {
      int blocks = (TO - FROM) / BLOCK;
      try {
        return listen(FROM + BLOCK * ThreadLocalRandom.current().nextInt(blocks));
      } catch (IOException e) {
        last = e;
      }
    }
    throw last;
  }

  private static ServerSocket listen(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
  }
}
