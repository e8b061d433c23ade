package dev.holdfast.bench.soak;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.TcpRelay;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A server of the soak test behind its relay. The server may be another one after each restart, the
 * relay stays.
 *
 * <p>Thread-safe: faults and restarts come from different threads.
 */
final class SoakNode {
  /** An action on a server process. */
  interface Action {
    void on(SoakServer server) throws IOException, InterruptedException;
  }

  private final SoakServer.Kind kind;
  private final TcpRelay relay;
  private final ReentrantLock processLock = new ReentrantLock();
  private volatile SoakServer server;
  private final AtomicLong movedBefore = new AtomicLong();

  SoakNode(SoakServer.Kind kind, TcpRelay relay, SoakServer server) {
    this.kind = kind;
    this.relay = relay;
    this.server = server;
  }

  SoakServer.Kind kind() {
    return kind;
  }

  TcpRelay relay() {
    return relay;
  }

  SoakServer server() {
    return server;
  }

  /** Acts on the server; returns false, without acting, while the server restarts. */
  boolean whileItRuns(Action action) throws IOException, InterruptedException {
    if (!processLock.tryLock()) {
      return false;
    }
    try {
      action.on(server);
      return true;
    } finally {
      processLock.unlock();
    }
  }

  /** Lets the server hand its streams over, and starts it again. */
  void restart(RunResources runResources) throws Exception {
    processLock.lockInterruptibly();
    try {
      replace(server.drain(), runResources);
    } finally {
      processLock.unlock();
    }
  }

  /**
   * Kills the server and starts it again.
   *
   * @param moved the streams of other servers that went on at this one
   */
  void replace(long moved, RunResources runResources) throws Exception {
    server = server.replace(runResources);
    movedBefore.addAndGet(moved);
  }

  /** The streams of other servers that went on here, in all its processes. */
  long moved() throws IOException, InterruptedException {
    return movedBefore.get() + server.moved();
  }
}
