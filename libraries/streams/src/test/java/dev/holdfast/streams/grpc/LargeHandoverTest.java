package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.CallOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams with the largest cursor, whose calls have metadata of the application as well. */
class LargeHandoverTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] KEY =
      "a key of all the instances of it".getBytes(StandardCharsets.UTF_8);
  private static final int TICK_MILLIS = 5;

  private final StreamTopology topology = new StreamTopology();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);
  private final AtomicInteger moved = new AtomicInteger();
  private final AtomicInteger handlers = new AtomicInteger();

  @AfterEach
  void close() throws Exception {
    ticks.shutdownNow();
    topology.close();
  }

  /** 7,000 bytes and what gRPC adds are what a stock server takes. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3_000, 7_000})
  void handoverFitsBesideTheMetadataThatTheStreamBeganWith(int bytes) throws Exception {
    HoldfastServer first = serve(0);
    HoldfastServer second = serve(0);
    ManagedChannel channel = channelTo(List.of(first, second), bytes);
    RecordingObserver feed = new RecordingObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(OneWayTopology.COUNT, CallOptions.DEFAULT),
        RecordingObserver.message("feed"),
        feed);
    awaitMore(feed);

    // It is at one of them, and goes on at the other one.
    int port = first.getPort();
    first.shutdown();
    assertThat(first.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    awaitMore(feed);
    var unused = serve(port);
    second.shutdown();
    assertThat(second.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    awaitMore(feed);

    List<String> heard = feed.heard();
    assertThat(heard)
        .isEqualTo(IntStream.range(0, heard.size()).mapToObj(String::valueOf).toList());
    assertThat(moved).hasValue(0);
    assertThat(handlers).hasValueGreaterThan(1);
  }

  private static void awaitMore(RecordingObserver feed) {
    int before = feed.count();
    await().atMost(PATIENCE).until(() -> feed.count() > before + 20);
  }

  private ManagedChannel channelTo(List<HoldfastServer> servers, int metadataBytes) {
    Metadata metadata = new Metadata();
    metadata.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "x".repeat(metadataBytes));
    StreamEvents events =
        new StreamEvents() {
          @Override
          public void onMoved(long lastProcessed) {
            moved.incrementAndGet();
          }
        };
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(
                FixedInstances.target(servers.stream().map(HoldfastServer::getPort).toList()),
                InsecureChannelCredentials.create())
            .loadBalancing("round_robin")
            .intercept(topology.clientStreams().events(events).build())
            .intercept(MetadataUtils.newAttachHeadersInterceptor(metadata))
            .build();
    topology.closing(channel::shutdownNow);
    return channel;
  }

  private HoldfastServer serve(int port) throws Exception {
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .drain(DrainOptions.DEFAULT.withGrace(PATIENCE))
            .addService(
                topology
                    .serverStreams()
                    .tokenKey(KEY)
                    .build()
                    .resumable(OneWayTopology.service(this::feed, answers -> answers)))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  private void feed(StringValue request, StreamObserver<StringValue> answers) {
    handlers.incrementAndGet();
    StreamCursor cursor = StreamCursor.current();
    int first = cursor.resumedFrom().map(bytes -> ByteBuffer.wrap(bytes).getInt()).orElse(0);
    ServerCallStreamObserver<StringValue> call = (ServerCallStreamObserver<StringValue>) answers;
    call.setOnCancelHandler(() -> {});
    step(call, cursor, first);
  }

  private void step(ServerCallStreamObserver<StringValue> call, StreamCursor cursor, int next) {
    if (!call.isCancelled()) {
      call.onNext(RecordingObserver.message(String.valueOf(next)));
      byte[] largest = new byte[StreamCursor.LARGEST_BYTES];
      ByteBuffer.wrap(largest).putInt(next + 1);
      cursor.mark(largest);
      var unused =
          ticks.schedule(() -> step(call, cursor, next + 1), TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
