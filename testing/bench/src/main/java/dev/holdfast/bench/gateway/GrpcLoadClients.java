package dev.holdfast.bench.gateway;

import dev.holdfast.bench.gateway.GatewaySlices.Slice;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The client processes of {@link GrpcLoadProgram}, pointed at one proxy after the other. Confined
 * to one thread.
 */
final class GrpcLoadClients implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final ChildJvm program;

  private GrpcLoadClients(ChildJvm program) {
    this.program = program;
  }

  static GrpcLoadClients start() throws IOException {
    return new GrpcLoadClients(
        ChildJvm.start(
            "clients",
            GrpcLoadProgram.class,
            List.of(
                "-Xmx512m",
                "-Xmn256m",
                "-XX:+UseSerialGC",
                "-Dio.netty.leakDetection.level=disabled"),
            List.of()));
  }

  /**
   * Gives a proxy a load. Connections stand before its CPU is counted, as those of gRPC clients do,
   * and no call is under way when it begins or ends.
   *
   * @throws IllegalStateException when a call was not truly answered
   */
  Slice run(GrpcLoad load, GatewayProxy proxy, long millis)
      throws IOException, InterruptedException {
    int port = load.tls() ? proxy.tlsPort() : proxy.port();
    program.send("OPEN " + port + " " + load.line());
    program.await("OPENED", PATIENCE);
    double before = proxy.cpuMicros();
    program.send("RUN " + millis);
    String[] done = program.await("DONE", PATIENCE).split(" ", -1);
    double cpu = Math.max(1, proxy.cpuMicros() - before);
    program.send("CLOSE");
    program.await("CLOSED", PATIENCE);
    long calls = Long.parseLong(done[0]);
    if (calls == 0) {
      throw new IllegalStateException(proxy.name() + " answered no call of " + load.title());
    }
    double seconds = Long.parseLong(done[1]) / (double) TimeUnit.SECONDS.toNanos(1);
    return new Slice(cpu / calls, calls / seconds, Latencies.decode(done[2]));
  }

  @Override
  public void close() throws InterruptedException {
    program.close();
  }
}
