package dev.holdfast.bench.sessions;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** A process of devices, each with a stream to one server; several share a connection. */
final class Devices {
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  /** Memory of a channel and of a client's session is not what is measured. */
  private static final List<String> JVM_OPTIONS = List.of("-Xmx4g", "-XX:+UseParallelGC");

  private final ChildJvm child;

  private Devices(ChildJvm child) {
    this.child = child;
  }

  /** The kind of the devices, and the port of their server. */
  record DeviceOptions(boolean resumable, boolean tls, int port) {}

  /**
   * The number of connections and streams.
   *
   * @param connections of this process
   * @param perConnection streams on each connection
   */
  record Size(int connections, int perConnection) {}

  /** Starts the process; nothing is opened yet. */
  static Devices start(
      RunResources runResources, String name, DeviceOptions deviceOptions, Size size)
      throws IOException {
    return startIn(UnaryOperator.identity(), runResources, name, deviceOptions, size);
  }

  /**
   * As {@link #start}, in another place of this machine.
   *
   * @param place as for {@link ChildJvm#startIn}
   */
  static Devices startIn(
      UnaryOperator<List<String>> place,
      RunResources runResources,
      String name,
      DeviceOptions deviceOptions,
      Size size)
      throws IOException {
    return new Devices(
        runResources.own(
            ChildJvm.startIn(
                place,
                name,
                DeviceProgram.class,
                JVM_OPTIONS,
                List.of(
                    "" + deviceOptions.resumable,
                    "" + deviceOptions.tls,
                    "" + deviceOptions.port,
                    "" + size.connections,
                    "" + size.perConnection))));
  }

  /** Opens all streams; each has had an answer when it returns. */
  void open() throws IOException, InterruptedException {
    child.send(DeviceProgram.OPEN);
    child.await(DeviceProgram.OPEN, PATIENCE);
  }

  /** The message counts of all devices. */
  DeliveryCounts count() throws IOException, InterruptedException {
    child.send(DeviceProgram.COUNT);
    return DeliveryCounts.parse(child.await(DeviceProgram.COUNT, PATIENCE));
  }

  /** Each n-th device sends one message more. */
  void send(int nth) throws IOException, InterruptedException {
    child.send(DeviceProgram.SEND + " " + nth);
    child.await(DeviceProgram.SEND, PATIENCE);
  }

  /** The counters of the streams of all devices. */
  StreamCounters counters() throws IOException, InterruptedException {
    child.send(DeviceProgram.COUNTERS);
    return StreamCounters.parse(child.await(DeviceProgram.COUNTERS, PATIENCE));
  }

  /** CPU time of the process so far. */
  Duration cpu() {
    return child.cpu();
  }

  void close() throws InterruptedException {
    child.close();
  }
}
