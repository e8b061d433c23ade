package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The stage of one scenario: the implementations under test, and reference peers that end with it.
 * Used by one thread.
 */
public final class Stage implements AutoCloseable {
  private static final AtomicInteger STREAMS = new AtomicInteger();

  private final Implementation client;
  private final Implementation server;
  private final List<Implementation> nextServers;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  /** Creates a stage; with one implementation under test both are the same. */
  public Stage(Implementation client, Implementation server) {
    this(client, server, List.of());
  }

  /** Creates a stage of a pair, with servers that its streams may move to. */
  public Stage(Implementation client, Implementation server, List<Implementation> nextServers) {
    this.client = client;
    this.server = server;
    this.nextServers = List.copyOf(nextServers);
  }

  /** A client under test with a reference server. */
  ClientStage client() throws IOException {
    return new ClientStage(this, client);
  }

  /** A name for a stream that no other one has. */
  String newStream() {
    return "c" + STREAMS.incrementAndGet();
  }

  /** The client under test of a pair. */
  Implementation clientImplementation() {
    return client;
  }

  /** A server under test with a reference client. */
  ServerStage server() {
    return new ServerStage(this, server);
  }

  /** The server under test of a pair. */
  Implementation serverImplementation() {
    return server;
  }

  /** Servers to which streams move, one of each implementation, in processes of their own. */
  List<Implementation> nextServers() {
    return nextServers;
  }

  <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  @Override
  public void close() throws Exception {
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
  }
}
