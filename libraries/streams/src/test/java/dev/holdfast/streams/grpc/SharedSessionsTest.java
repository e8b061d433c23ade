package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Several servers of a process that serve the same sessions, and stop at different times. */
class SharedSessionsTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final int STREAMS = 8;

  private final StreamTopology topology = new StreamTopology();
  private final ServerStreams streams = topology.serverStreams().build();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void whileAnotherServesTheStreamsOfTheOneThatStopsComeByThatOne() throws Exception {
    HoldfastServer leaving = serve();
    HoldfastServer staying = serve();
    // Sessions know a server by its calls; all of the next may come by the other, if that is
    // faster.
    talk(staying);
    ManagedChannel channel = stockChannelTo(leaving, staying);
    List<RecordingObserver> recordingObservers = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < STREAMS; i++) {
      recordingObservers.add(new RecordingObserver());
      requests.add(StreamTopology.open(channel, recordingObservers.get(i)));
      requests.get(i).onNext(RecordingObserver.message("1"));
      recordingObservers.get(i).awaitCount(1);
    }

    leaving.shutdown();

    // Its calls would keep it for an hour.
    assertThat(leaving.awaitTermination(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < STREAMS; i++) {
      requests.get(i).onNext(RecordingObserver.message("2"));
      requests.get(i).onCompleted();
      assertThat(recordingObservers.get(i).awaitEnd()).isEqualTo(Status.OK);
      assertThat(recordingObservers.get(i).heard()).containsExactly("1", "2");
    }
  }

  @Test
  void aServerThatBeginsAfterTheLastOneStoppedLetsStreamsInAgain() throws Exception {
    HoldfastServer first = serve();
    talk(first);
    first.shutdown();
    assertThat(first.awaitTermination(LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();

    talk(serve());
  }

  private void talk(HoldfastServer server) {
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(stockChannelTo(server), recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    await().atMost(LONG).until(() -> streams.sessions().isEmpty());
  }

  private HoldfastServer serve() throws IOException {
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .drain(DrainOptions.DEFAULT.withGrace(Duration.ofHours(1)))
            .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo)))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  /** One that tells its streams nothing of a GOAWAY. */
  private ManagedChannel stockChannelTo(HoldfastServer... servers) {
    List<Integer> ports = new ArrayList<>();
    for (HoldfastServer server : servers) {
      ports.add(server.getPort());
    }
    ManagedChannel channel =
        NettyChannelBuilder.forTarget(FixedInstances.target(ports))
            .defaultLoadBalancingPolicy("round_robin")
            .usePlaintext()
            .intercept(topology.clientStreams().build())
            .build();
    topology.closing(channel::shutdownNow);
    return channel;
  }
}
