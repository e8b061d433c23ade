package dev.holdfast.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** A process of devices, each with a stream to one server; several share a connection. */
final class Devices {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Memory of a channel and of a client's session is not what is measured. */
  private static final List<String> JVM_OPTIONS = List.of("-Xmx4g", "-XX:+UseParallelGC");

  private final ChildJvm child;

  private Devices(ChildJvm child) {
    this.child = child;
  }

  /**
   * Starts the process; nothing is opened yet.
   *
   * @param perConnection streams on each connection
   */
  static Devices start(
      Scope scope, String name, boolean resumable, int port, int connections, int perConnection)
      throws IOException {
    return new Devices(
        scope.own(
            ChildJvm.start(
                name,
                DeviceProgram.class,
                JVM_OPTIONS,
                List.of("" + resumable, "" + port, "" + connections, "" + perConnection))));
  }

  /** Opens all streams; each has had an answer when it returns. */
  void open() throws IOException, InterruptedException {
    child.send(DeviceProgram.OPEN);
    child.await(DeviceProgram.OPEN, PATIENCE);
  }

  /** How they are. */
  DeviceCount count() throws IOException, InterruptedException {
    child.send(DeviceProgram.COUNT);
    return DeviceCount.parse(child.await(DeviceProgram.COUNT, PATIENCE));
  }

  /** Each device sends one message more. */
  void send() throws IOException, InterruptedException {
    child.send(DeviceProgram.SEND);
    child.await(DeviceProgram.SEND, PATIENCE);
  }

  void close() throws InterruptedException {
    child.close();
  }
}
