package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams in one direction between peers of which one, or one at a time, has no sessions. */
class OneWayPeerTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final OneWayTopology.Served served = new OneWayTopology.Served();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 17, 5_000})
  void serverStreamOfPlainServerWaitsForNothing(int messages) {
    Server server = topology.serve(served.service());
    // Its steps of silence take 30 s each; what took one would not be done in time.
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());

    for (int call = 0; call < 3; call++) {
      RecordingObserver answers = OneWayTopology.count(channel, messages);
      await().atMost(Duration.ofSeconds(20)).until(() -> answers.ends() > 0);
      assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
      assertThat(answers.heard()).isEqualTo(texts(messages));
    }
    assertThat(served.requests).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16, 17, 200})
  void clientStreamToPlainServerWaitsForNothingWhileItCanBeKept(int messages) {
    Server server = topology.serve(served.service());
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());

    for (int call = 0; call < 3; call++) {
      RecordingObserver answer = collect(channel, messages);
      await().atMost(Duration.ofSeconds(20)).until(() -> answer.ends() > 0);
      assertThat(answer.awaitEnd()).isEqualTo(Status.OK);
      assertThat(answer.heard()).containsExactly(String.valueOf(messages));
    }
  }

  @Test
  void clientStreamBeyondItsBufferIsHeldUpByThePlainServersFirstCallOnly() {
    Server server = topology.serve(served.service());
    SessionOptions small = SessionOptions.DEFAULT.withSendBuffer(16, 1 << 20);
    Duration assumePlain = small.timing().assumePlain();
    ManagedChannel channel =
        topology.channelTo(server.getPort(), topology.clientStreams().options(small).build());
    int calls = 20;

    long beginNanos = System.nanoTime();
    assertThat(collect(channel, 100).awaitEnd()).isEqualTo(Status.OK);
    long provedNanos = System.nanoTime();
    for (int call = 0; call < calls; call++) {
      assertThat(collect(channel, 100).awaitEnd()).isEqualTo(Status.OK);
    }

    assertThat(Duration.ofNanos(provedNanos - beginNanos)).isGreaterThanOrEqualTo(assumePlain);
    // Each would have waited for as long as an unknown server is given.
    assertThat(Duration.ofNanos(System.nanoTime() - provedNanos))
        .isLessThan(assumePlain.multipliedBy(calls));
    assertThat(served.collected).hasSize((calls + 1) * 100);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 17, 2_000})
  void plainClientIsServedByResumableServer(int messages) {
    Server server = topology.serve(topology.serverStreams().build().resumable(served.service()));
    ManagedChannel channel = topology.channelTo(server.getPort());

    RecordingObserver answers = OneWayTopology.count(channel, messages);
    RecordingObserver answer = collect(channel, messages);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(messages));
    assertThat(answer.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answer.heard()).containsExactly(String.valueOf(messages));
    assertThat(topology.meters.find(StreamMeter.ATTACHMENTS.meterName()).counter()).isNull();
  }

  /** An earlier version's server: sessions for bidirectional methods, and for no others. */
  @Test
  void serverWithSessionsForBidirectionalMethodsOnlyIsPlainForTheOthers() {
    ServerServiceDefinition talk =
        topology
            .serverStreams()
            .build()
            .resumable(
                ServerServiceDefinition.builder("test.Talk")
                    .addMethod(
                        StreamTopology.TALK,
                        ServerCalls.asyncBidiStreamingCall(StreamTopology::echo))
                    .build());
    Server server = topology.serve(b -> b.addService(talk).addService(served.service()));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver echo = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, echo);
    requests.onNext(RecordingObserver.message("proves sessions"));
    echo.awaitCount(1);
    requests.onCompleted();

    RecordingObserver answers = OneWayTopology.count(channel, 100);
    await().atMost(Duration.ofSeconds(20)).until(() -> answers.ends() > 0);
    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(100));
  }

  @Test
  void oneCallCarriesAServerStreamOnceItsMethodIsKnownToHaveSessions() {
    Server server = topology.serve(topology.serverStreams().build().resumable(served.service()));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    assertThat(OneWayTopology.count(channel, 3).awaitEnd()).isEqualTo(Status.OK);
    // Its second attachment may reach the server when the client already has the end.
    await().atMost(PATIENCE).until(() -> total(StreamMeter.ENDED) == 2);
    double before = total(StreamMeter.ATTACHMENTS);

    RecordingObserver answers = OneWayTopology.count(channel, 2_000);

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).isEqualTo(texts(2_000));
    // One at each side.
    assertThat(total(StreamMeter.ATTACHMENTS) - before).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource({"COUNT", "COLLECT"})
  void serverWithoutSessionsBesideOneWithThemIsServedToo(String method) {
    Server with = topology.serve(topology.serverStreams().build().resumable(served.service()));
    Server without = topology.serve(served.service());
    TcpRelay relay = topology.relayTo(with);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().options(SessionOptions.DEFAULT).build());
    assertThat(call(channel, method, 30).awaitEnd()).isEqualTo(Status.OK);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), without.getPort()));
    relay.cut();
    await()
        .atMost(PATIENCE)
        .until(
            () -> relay.acceptedCount() > 1 || channel.getState(false) != ConnectivityState.READY);
    RecordingObserver there = call(channel, method, 30);

    assertThat(there.awaitEnd()).isEqualTo(Status.OK);
    assertThat(there.heard()).hasSize(method.equals("COUNT") ? 30 : 1);
    RecordingObserver again = call(channel, method, 30);
    assertThat(again.awaitEnd()).isEqualTo(Status.OK);
  }

  @Test
  void cancelOfAnIdleServerStreamReachesItsPlainServerAtOnce() throws Exception {
    CountDownLatch cancelled = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    Server server =
        topology.serve(
            OneWayTopology.service(
                (request, answers) -> {
                  ((ServerCallStreamObserver<StringValue>) answers)
                      .setOnCancelHandler(cancelled::countDown);
                  begun.countDown();
                },
                served::collect));
    ManagedChannel channel =
        topology.channelTo(
            server.getPort(), topology.clientStreams().options(SessionOptions.DEFAULT).build());
    CancellableObserver observer = new CancellableObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(OneWayTopology.COUNT, CallOptions.DEFAULT),
        RecordingObserver.message("1"),
        observer);
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

    observer.cancel();

    assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
  }

  /** As by grpc-java alone, whatever this server said before. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void cutOfAPlainServersCallIsToldAtOnce(boolean known) {
    Server server =
        topology.serve(
            OneWayTopology.service(
                (request, answers) -> {
                  served.requests.add(request.getValue());
                  if (request.getValue().equals("0")) {
                    answers.onCompleted();
                  }
                },
                served::collect));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().options(SessionOptions.DEFAULT).build());
    int before = 0;
    if (known) {
      assertThat(OneWayTopology.count(channel, 0).awaitEnd()).isEqualTo(Status.OK);
      assertThat(collect(channel, 1).awaitEnd()).isEqualTo(Status.OK);
      before = 1;
    }
    RecordingObserver answers = OneWayTopology.count(channel, 1);
    RecordingObserver answer = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
    requests.onNext(RecordingObserver.message("x"));
    int requested = before + 1;
    await()
        .atMost(PATIENCE)
        .until(() -> served.requests.size() == requested && served.collected.size() == requested);
    if (!known) {
      // For so long a server with sessions says nothing but a welcome.
      await().pollDelay(SessionOptions.DEFAULT.timing().assumePlain()).until(() -> true);
    }

    relay.cut();

    await().atMost(PATIENCE).until(() -> answers.ends() + answer.ends() == 2);
    assertThat(answers.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(answer.awaitEnd().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  @ParameterizedTest
  @CsvSource({"true,true", "true,false", "false,true", "false,false"})
  void handlerOfOneResponseSendsNoSecondOneAndNotNone(boolean clientHas, boolean serverHas) {
    ServerServiceDefinition twice =
        OneWayTopology.service(served::count, answer -> new Answers(answer, 2));
    ServerServiceDefinition never =
        OneWayTopology.service(served::count, answer -> new Answers(answer, 0));

    for (ServerServiceDefinition service : List.of(twice, never)) {
      Server server =
          topology.serve(serverHas ? topology.serverStreams().build().resumable(service) : service);
      ManagedChannel channel =
          topology.channelTo(
              server.getPort(),
              clientHas
                  ? new ClientInterceptor[] {
                    topology.clientStreams().options(SessionOptions.DEFAULT).build()
                  }
                  : new ClientInterceptor[0]);
      Status status = collect(channel, 3).awaitEnd();
      assertThat(status.getCode()).isNotEqualTo(Status.Code.OK);
      if (serverHas) {
        assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(status.getDescription())
            .isEqualTo(service == twice ? "Too many responses" : "Completed without a response");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void secondRequestOfAServerStreamIsRefused(boolean clientHas) {
    Server server = topology.serve(topology.serverStreams().build().resumable(served.service()));
    ManagedChannel channel =
        topology.channelTo(
            server.getPort(),
            clientHas
                ? new ClientInterceptor[] {topology.clientStreams().build()}
                : new ClientInterceptor[0]);
    MethodDescriptor<StringValue, StringValue> asBidi =
        OneWayTopology.COUNT.toBuilder()
            .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
            .build();
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests =
        ClientCalls.asyncBidiStreamingCall(channel.newCall(asBidi, CallOptions.DEFAULT), answers);

    requests.onNext(RecordingObserver.message("100000000"));
    requests.onNext(RecordingObserver.message("3"));

    assertThat(answers.awaitEnd().getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(answers.awaitEnd().getDescription()).isEqualTo("Too many requests");
    assertThat(served.requests).hasSizeLessThanOrEqualTo(1);
  }

  private RecordingObserver call(ManagedChannel channel, String method, int messages) {
    return method.equals("COUNT")
        ? OneWayTopology.count(channel, messages)
        : collect(channel, messages);
  }

  private static RecordingObserver collect(ManagedChannel channel, int messages) {
    RecordingObserver answer = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests = OneWayTopology.collect(channel, answer);
    for (int i = 0; i < messages; i++) {
      requests.onNext(RecordingObserver.message(String.valueOf(i)));
    }
    requests.onCompleted();
    return answer;
  }

  private double total(StreamMeter meter) {
    return topology.meters.find(meter.meterName()).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  private static List<String> texts(int messages) {
    return IntStream.range(0, messages).mapToObj(String::valueOf).toList();
  }

  /** Answers a client's stream so many times. */
  private record Answers(StreamObserver<StringValue> answer, int times)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {
      for (int i = 0; i < times; i++) {
        answer.onNext(RecordingObserver.message("answer"));
      }
      answer.onCompleted();
    }
  }

  private static final class CancellableObserver
      implements io.grpc.stub.ClientResponseObserver<StringValue, StringValue> {
    private volatile @Nullable ClientCallStreamObserver<StringValue> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<StringValue> newCall) {
      call = newCall;
    }

    void cancel() {
      ClientCallStreamObserver<StringValue> open = call;
      if (open != null) {
        open.cancel("enough", null);
      }
    }

    @Override
    public void onNext(StringValue message) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
