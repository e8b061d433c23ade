package dev.holdfast.cli.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Clock;
import dev.holdfast.core.HostPort;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The reader, and processes that do not answer. */
class FleetReaderTest {
  private static final FleetQuery QUERY =
      new FleetQuery(FleetView.STREAMS, "sent", false, List.of(), 10);

  @Test
  void silentProcessIsConnectedToAgainAtEachLook() throws InterruptedException {
    BackoffRecorder channel = new BackoffRecorder();
    try (FleetReader reader =
        new FleetReader(
            () -> FleetServices.ServicesState.NONE,
            List.of(HostPort.parse("127.0.0.1:1")),
            address -> channel,
            Clock.system())) {
      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(channel.resets).isZero();

      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(reader.read(QUERY).silent()).hasSize(1);
      assertThat(channel.resets).isEqualTo(2);
    }
  }

  /** A channel to a port where nobody listens, which counts how often it is not to wait. */
  private static final class BackoffRecorder extends ManagedChannel {
    private final ManagedChannel channel =
        Grpc.newChannelBuilder("127.0.0.1:1", InsecureChannelCredentials.create()).build();
    private int resets;

    @Override
    public void resetConnectBackoff() {
      resets++;
      channel.resetConnectBackoff();
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
      return channel.newCall(method, options);
    }

    @Override
    public String authority() {
      return channel.authority();
    }

    @Override
    public ManagedChannel shutdown() {
      return channel.shutdown();
    }

    @Override
    public ManagedChannel shutdownNow() {
      return channel.shutdownNow();
    }

    @Override
    public boolean isShutdown() {
      return channel.isShutdown();
    }

    @Override
    public boolean isTerminated() {
      return channel.isTerminated();
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
      return channel.awaitTermination(timeout, unit);
    }
  }
}
