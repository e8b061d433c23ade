import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.opentelemetry.GrpcOpenTelemetry;
import io.grpc.protobuf.services.HealthStatusManager;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A plain program with a server and a client whose telemetry the OpenTelemetry SDK exports as its
 * own variables say. Calls go on while one server ends and another one begins.
 *
 * <pre>
 * java -cp CLASS_PATH MeasuredProgram.java file:///run/services
 * </pre>
 */
final class MeasuredProgram {
  private static final int CALLS = 50;
  private static final List<String> OF_SUBCHANNELS =
      List.of(
          "grpc.subchannel.connection_attempts_succeeded",
          "grpc.subchannel.connection_attempts_failed",
          "grpc.subchannel.disconnections",
          "grpc.subchannel.open_connections");

  public static void main(String[] args) throws Exception {
    String target = args[0] + "/words";
    OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
    GrpcOpenTelemetry grpc =
        GrpcOpenTelemetry.newBuilder()
            .sdk(sdk)
            .enableMetrics(OF_SUBCHANNELS)
            .addOptionalLabel("grpc.disconnect_error")
            .build();
    HoldfastServer first = serve(target, grpc);
    HoldfastChannelBuilder builder =
        HoldfastChannelBuilder.forTarget(target, InsecureChannelCredentials.create());
    grpc.configureChannelBuilder(builder);
    ManagedChannel channel = builder.build();
    call(channel);
    HoldfastServer second = serve(target, grpc);
    first.shutdown().awaitTermination(60, TimeUnit.SECONDS);
    call(channel);
    channel.shutdown().awaitTermination(60, TimeUnit.SECONDS);
    second.shutdown().awaitTermination(60, TimeUnit.SECONDS);
    sdk.shutdown().join(60, TimeUnit.SECONDS);
    System.out.println("calls=" + 2 * CALLS);
  }

  private static HoldfastServer serve(String target, GrpcOpenTelemetry grpc) throws Exception {
    HoldfastServerBuilder builder =
        HoldfastServerBuilder.forPort(0)
            .addService(new HealthStatusManager().getHealthService())
            .register(target);
    grpc.configureServerBuilder(builder);
    return builder.build().start();
  }

  private static void call(ManagedChannel channel) {
    HealthGrpc.HealthBlockingStub health = HealthGrpc.newBlockingStub(channel).withWaitForReady();
    for (int i = 0; i < CALLS; i++) {
      health.withDeadlineAfter(60, TimeUnit.SECONDS).check(HealthCheckRequest.getDefaultInstance());
    }
  }
}
