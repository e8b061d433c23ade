package dev.holdfast.doctor;

import static java.util.Objects.requireNonNull;

import dev.holdfast.core.HostPort;
import dev.holdfast.lab.Middlebox;
import dev.holdfast.lab.PathFaults;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A stock grpc-java server with the health service, and a path of the lab in front of it. */
final class ExaminedServer implements AutoCloseable {
  private static final long REPORT_SECONDS = 180;

  private final Server server;
  private @Nullable Middlebox middlebox;

  private ExaminedServer(Server server) {
    this.server = server;
  }

  static ExaminedServer with(UnaryOperator<NettyServerBuilder> settings) throws IOException {
    return new ExaminedServer(
        settings
            .apply(
                NettyServerBuilder.forAddress(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start());
  }

  /** A server that takes any PING, also those that a busy machine delivers at once. */
  static ExaminedServer tolerant() throws IOException {
    return with(
        builder ->
            builder.permitKeepAliveTime(0, TimeUnit.SECONDS).permitKeepAliveWithoutCalls(true));
  }

  int port() {
    return server.getPort();
  }

  /** The port of a path that does this. */
  int behind(PathFaults faults) {
    Middlebox started = Middlebox.toPort(server.getPort()).faults(faults).start();
    middlebox = started;
    return started.port();
  }

  static PathReport examine(int port, Duration maxWait) throws Exception {
    return examine(DoctorOptions.of(HostPort.parse("127.0.0.1:" + port)).withMaxWait(maxWait));
  }

  /** Changes what the path does. */
  void faults(PathFaults faults) {
    requireNonNull(middlebox, "middlebox").faults(faults);
  }

  static PathReport examine(DoctorOptions options) throws Exception {
    return examine(options, DoctorProgress.NONE);
  }

  static PathReport examine(DoctorOptions options, DoctorProgress progress) throws Exception {
    try (PathDoctor doctor = new PathDoctor(options, progress)) {
      return doctor.examine().toCompletableFuture().get(REPORT_SECONDS, TimeUnit.SECONDS);
    }
  }

  @Override
  public void close() {
    Middlebox started = middlebox;
    if (started != null) {
      started.close();
    }
    server.shutdownNow();
  }
}
