package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.local.FreePort;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.CallOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Subscriptions whose handlers mark no cursor, at the restart of their instance. */
class RestartedStreamsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] KEY =
      "a key of all the instances of it".getBytes(StandardCharsets.UTF_8);

  /** As generated code makes it of {@code idempotency_level = NO_SIDE_EFFECTS}. */
  private static final MethodDescriptor<StringValue, StringValue> WATCH =
      OneWayTopology.COUNT.toBuilder()
          .setFullMethodName("test.Watched/Watch")
          .setSafe(true)
          .build();

  private static final MethodDescriptor<StringValue, StringValue> DRAW =
      OneWayTopology.COUNT.toBuilder().setFullMethodName("test.Watched/Draw").build();

  private final StreamTopology topology = new StreamTopology();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<ServerCallStreamObserver<StringValue>> handlers = new CopyOnWriteArrayList<>();
  private final RecordingObserver application = new RecordingObserver();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void applicationDoesNotSeeARestartBeforeTheFirstMessage() throws Exception {
    HoldfastServer first = serve(FreePort.find());
    subscribe(first, WATCH, false);
    restart(first);

    awaitHandlers(2);
    handlers.get(1).onNext(RecordingObserver.message("news"));
    handlers.get(1).onCompleted();

    assertThat(application.awaitEnd()).isEqualTo(Status.OK);
    assertThat(application.heard()).containsExactly("news");
    assertThat(requests).containsExactly("all", "all");
    assertThat(handlers.get(0).isCancelled()).isTrue();
  }

  @Test
  void applicationThatTakesRestartsIsToldBetweenTheMessagesOfTwoHandlers() throws Exception {
    HoldfastServer first = serve(FreePort.find());
    subscribe(first, WATCH, true);
    handlers.get(0).onNext(RecordingObserver.message("old"));
    HoldfastServer second = restart(first);
    awaitHandlers(2);
    handlers.get(1).onNext(RecordingObserver.message("newer"));
    handlers.get(1).onNext(RecordingObserver.message("and more"));
    restart(second);
    awaitHandlers(3);
    handlers.get(2).onNext(RecordingObserver.message("newest"));
    handlers.get(2).onCompleted();

    assertThat(application.awaitEnd()).isEqualTo(Status.OK);
    assertThat(application.heard())
        .containsExactly("old", "restarted 1", "newer", "and more", "restarted 3", "newest");
  }

  @Test
  void applicationThatTakesNoRestartHearsMoved() throws Exception {
    HoldfastServer first = serve(FreePort.find());
    subscribe(first, WATCH, false);
    handlers.get(0).onNext(RecordingObserver.message("old"));
    restart(first);

    assertThat(application.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(application.heard()).containsExactly("old", "moved");
    assertThat(handlers).hasSize(1);
  }

  @Test
  void methodWithSideEffectsIsNotCalledAgain() throws Exception {
    HoldfastServer first = serve(FreePort.find());
    subscribe(first, DRAW, true);
    restart(first);

    assertThat(application.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(application.heard()).containsExactly("moved");
    assertThat(handlers).hasSize(1);
  }

  private void subscribe(
      HoldfastServer server, MethodDescriptor<StringValue, StringValue> method, boolean restarts) {
    StreamEvents events =
        new StreamEvents() {
          @Override
          public boolean acceptsRestart() {
            return restarts;
          }

          @Override
          public void onRestarted(long messages) {
            application.onNext(RecordingObserver.message("restarted " + messages));
          }

          @Override
          public void onMoved(long lastProcessed) {
            application.onNext(RecordingObserver.message("moved"));
          }
        };
    ManagedChannel channel =
        HoldfastChannelBuilder.forTarget(
                FixedInstances.target(List.of(server.getPort())),
                InsecureChannelCredentials.create())
            .intercept(topology.clientStreams().events(events).build())
            .build();
    topology.closing(channel::shutdownNow);
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(method, CallOptions.DEFAULT),
        RecordingObserver.message("all"),
        application);
    awaitHandlers(1);
  }

  /** As a deploy does it, at the same address. */
  private HoldfastServer restart(HoldfastServer old) throws Exception {
    int port = old.getPort();
    old.shutdown();
    assertThat(old.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    return serve(port);
  }

  private HoldfastServer serve(int port) throws IOException {
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Watched")
            .addMethod(WATCH, ServerCalls.asyncServerStreamingCall(this::onRequest))
            .addMethod(DRAW, ServerCalls.asyncServerStreamingCall(this::onRequest))
            .build();
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                InsecureServerCredentials.create())
            .advertise("127.0.0.1")
            .drain(DrainOptions.DEFAULT.withGrace(PATIENCE))
            .addService(topology.serverStreams().tokenKey(KEY).build().resumable(service))
            .build()
            .start();
    topology.closing(() -> StreamTopology.stop(server));
    return server;
  }

  private void onRequest(StringValue request, StreamObserver<StringValue> answers) {
    ServerCallStreamObserver<StringValue> call = (ServerCallStreamObserver<StringValue>) answers;
    call.setOnCancelHandler(() -> {});
    requests.add(request.getValue());
    handlers.add(call);
  }

  private void awaitHandlers(int count) {
    await().atMost(PATIENCE).until(() -> handlers.size() >= count || application.ends() > 0);
    assertThat(handlers).hasSize(count);
  }
}
