package dev.holdfast.bench.load;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.InsecureServerCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A child process with one Holdfast server, which registers itself when told to start and leaves in
 * order when told to stop.
 */
public final class RegisteredServer implements AutoCloseable {
  private static final String LOADED = "LOADED";
  private static final String START = "START";
  private static final String STARTED = "STARTED";
  private static final String STOP = "STOP";
  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final long STOP_SECONDS = 60;

  private final String name;
  private final ChildJvm process;
  private String address = "";

  private RegisteredServer(String name, ChildJvm process) {
    this.name = name;
    this.process = process;
  }

  /** Loads a process that does not listen yet. */
  public static RegisteredServer load(RunResources runResources, String name, String target)
      throws IOException {
    return runResources.own(
        new RegisteredServer(
            name,
            ChildJvm.start(
                name, RegisteredServer.class, List.of("-Xmx256m"), List.of(name, target))));
  }

  public String name() {
    return name;
  }

  /** The address on which the server listens; known once it has started. */
  public String address() {
    return address;
  }

  /** Waits until the JVM is there, so that starting takes no time. */
  public RegisteredServer awaitLoaded() throws InterruptedException {
    var unused = process.await(LOADED, TIMEOUT);
    return this;
  }

  /** Listens and begins to register. */
  public RegisteredServer start() throws IOException, InterruptedException {
    process.send(START);
    address = "127.0.0.1:" + process.await(STARTED, TIMEOUT);
    return this;
  }

  /** Tells the server to stop; does not wait. */
  public void beginStop() throws IOException {
    process.send(STOP);
  }

  /** SIGKILL; returns when it is gone. */
  public void kill() throws InterruptedException {
    process.kill();
  }

  /**
   * Waits until it has left.
   *
   * @return whether it has
   */
  public boolean awaitStopped() throws InterruptedException {
    return process.awaitEnd(Duration.ofSeconds(STOP_SECONDS));
  }

  @Override
  public void close() throws InterruptedException {
    process.close();
  }

  /** The program: {@code NAME TARGET}. */
  public static void main(String[] args) throws Exception {
    ParentLine parent = new ParentLine();
    parent.say(LOADED);
    if (!parent.next().equals(START)) {
      System.exit(0);
    }
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .addService(new EchoInstance(args[0]))
            .register(args[1])
            .build();
    server.start();
    parent.say("%s %d", STARTED, server.getPort());
    if (parent.next().equals(STOP)) {
      server.shutdown();
      boolean ended = server.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
      System.exit(ended ? 0 : 1);
    }
    // The parent is gone or wants no more of it: nobody is left who could be served.
    server.shutdownNow();
    System.exit(0);
  }
}
