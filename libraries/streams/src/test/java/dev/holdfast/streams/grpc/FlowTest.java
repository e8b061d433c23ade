package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Clock;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.lab.RelayDirection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Flow control, compression, interceptors and what can be seen of sessions. */
class FlowTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String KILOBYTE = "x".repeat(1_024);

  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void slowHandlerMakesItsClientNotReadyAndMemoryStaysBounded() {
    CountDownLatch slow = new CountDownLatch(1);
    AtomicInteger served = new AtomicInteger();
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            streams.resumable(StreamTopology.talk(answers -> new Blocked(slow, served, answers))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    ReadyListener listener = new ReadyListener();
    ClientCallStreamObserver<StringValue> requests = StreamTopology.open(channel, listener);

    int sent = 0;
    while (requests.isReady() && sent < 5_000) {
      requests.onNext(RecordingObserver.message(KILOBYTE));
      sent++;
    }
    assertThat(sent).isLessThanOrEqualTo(SessionOptions.DEFAULT.sendMessages());
    await().atMost(PATIENCE).until(() -> streams.sessions().size() == 1);
    assertThat(streams.sessions().get(0).queuedBytes()).isLessThan(2 * 256 * 1_024);
    assertThat(served).hasValue(0);

    slow.countDown();
    await().atMost(PATIENCE).until(requests::isReady);
    requests.onCompleted();
    assertThat(listener.recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(served).hasValue(sent);
    assertThat(listener.ready.get()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void senderThatNeverAsksIsSlowedDownAndLosesNothing() {
    AtomicInteger served = new AtomicInteger();
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(
                    StreamTopology.talk(
                        answers -> new Blocked(new CountDownLatch(0), served, answers))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);

    for (int i = 0; i < 3_000; i++) {
      requests.onNext(RecordingObserver.message(KILOBYTE));
    }
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(served).hasValue(3_000);
  }

  @Test
  void messagesAreCompressedBothWays() {
    ServerServiceDefinition gzip =
        ServerServiceDefinition.builder("test.Talk")
            .addMethod(
                StreamTopology.TALK,
                ServerCalls.asyncBidiStreamingCall(
                    answers -> {
                      ((ServerCallStreamObserver<StringValue>) answers).setCompression("gzip");
                      return StreamTopology.echo(answers);
                    }))
            .build();
    // The first attachment is compressed if the handler says so before its headers go.
    ServerStreams patient = topology.serverStreams().scheduler(new PatientScheduler()).build();
    Server server = topology.serve(patient.resumable(gzip));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            channel, CallOptions.DEFAULT.withCompression("gzip"), recordingObserver);
    for (int i = 0; i < 50; i++) {
      requests.onNext(RecordingObserver.message(KILOBYTE.repeat(10)));
    }
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).hasSize(50).containsOnly(KILOBYTE.repeat(10));
    assertThat(relay.byteCount(RelayDirection.TO_SERVER)).isLessThan(100_000);
    assertThat(relay.byteCount(RelayDirection.TO_CLIENT)).isLessThan(100_000);
  }

  @Test
  void outerInterceptorsSeeEachAttachmentAndInnerOnesOneSession() {
    Context.Key<String> user = Context.key("user");
    AtomicInteger outside = new AtomicInteger();
    AtomicInteger inside = new AtomicInteger();
    List<String> users = new CopyOnWriteArrayList<>();
    ServerServiceDefinition business =
        ServerInterceptors.intercept(
            StreamTopology.talk(
                answers -> {
                  users.add(String.valueOf(user.get()));
                  return StreamTopology.echo(answers);
                }),
            counting(inside, user, "inner"));
    ServerStreams streams = topology.serverStreams().build();
    Server server =
        topology.serve(
            builder ->
                builder
                    .intercept(counting(outside, user, "outer"))
                    .addService(streams.resumable(business)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel = topology.channelTo(relay.port(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("1"));
    recordingObserver.awaitCount(1);
    relay.cut();
    requests.onNext(RecordingObserver.message("2"));
    recordingObserver.awaitCount(2);
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(outside.get()).isGreaterThanOrEqualTo(2);
    assertThat(inside).hasValue(1);
    assertThat(users).containsExactly("inner");
  }

  @Test
  void headersOfTheHandlerReachTheClient() {
    Metadata.Key<String> key = Metadata.Key.of("greeting", Metadata.ASCII_STRING_MARSHALLER);
    ServerServiceDefinition greeting =
        ServerInterceptors.intercept(
            StreamTopology.talk(StreamTopology::echo),
            new ServerInterceptor() {
              @Override
              public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
                  ServerCall<ReqT, RespT> call,
                  Metadata headers,
                  ServerCallHandler<ReqT, RespT> next) {
                Metadata answer = new Metadata();
                answer.put(key, "hello");
                call.sendHeaders(answer);
                return next.startCall(
                    new io.grpc.ForwardingServerCall.SimpleForwardingServerCall<>(call) {
                      @Override
                      public void sendHeaders(Metadata ignored) {}
                    },
                    headers);
              }
            });
    // However long the handler's thread takes to begin: the wait for its headers is tested apart.
    ServerStreams patient = topology.serverStreams().scheduler(new PatientScheduler()).build();
    Server server = topology.serve(patient.resumable(greeting));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    List<String> heard = new CopyOnWriteArrayList<>();
    var call = channel.newCall(StreamTopology.TALK, CallOptions.DEFAULT);
    call.start(
        new io.grpc.ClientCall.Listener<>() {
          @Override
          public void onHeaders(Metadata headers) {
            heard.add(String.valueOf(headers.get(key)));
            heard.add(String.valueOf(headers.containsKey(HandshakeMetadata.KEY)));
          }
        },
        new Metadata());

    await().atMost(PATIENCE).until(() -> heard.size() == 2);
    assertThat(heard).containsExactly("hello", "false");
  }

  @Test
  void servicesOfOneServerKeepTheirSessionsApartAndAllAreListed() {
    ServerStreams streams = topology.serverStreams().build();
    var other = StreamTopology.method("test.Other/Talk");
    Server server =
        topology.serve(
            builder ->
                builder
                    .addService(streams.resumable(StreamTopology.talk(StreamTopology::echo)))
                    .addService(
                        streams.resumable(
                            ServerServiceDefinition.builder("test.Other")
                                .addMethod(
                                    other,
                                    ServerCalls.asyncBidiStreamingCall(
                                        answers -> StreamTopology.prefixing("other ", answers)))
                                .build())));
    ClientStreams clientStreams = topology.clientStreams().build();
    ManagedChannel channel = topology.channelTo(server.getPort(), clientStreams);
    RecordingObserver one = new RecordingObserver();
    RecordingObserver two = new RecordingObserver();
    StreamObserver<StringValue> first = StreamTopology.open(channel, one);
    StreamObserver<StringValue> second =
        io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
            channel.newCall(other, CallOptions.DEFAULT), two);
    first.onNext(RecordingObserver.message("1"));
    second.onNext(RecordingObserver.message("2"));
    one.awaitCount(1);
    two.awaitCount(1);

    assertThat(one.heard()).containsExactly("1");
    assertThat(two.heard()).containsExactly("other 2");
    assertListed(streams, clientStreams);
    first.onCompleted();
    second.onCompleted();
    one.awaitEnd();
    two.awaitEnd();
    await().atMost(PATIENCE).until(() -> clientStreams.sessions().isEmpty());
  }

  private void assertListed(ServerStreams streams, ClientStreams clientStreams) {
    assertThat(streams.sessions())
        .extracting(SessionView::method)
        .containsExactlyInAnyOrder("test.Talk/Talk", "test.Other/Talk");
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(streams.sessions())
                    .allSatisfy(
                        session -> {
                          assertThat(session.state().isAttached()).isTrue();
                          assertThat(session.attempts()).isOne();
                          assertThat(session.processed()).isOne();
                          assertThat(session.sent()).isOne();
                          assertThat(session.acked()).isOne();
                          assertThat(session.queuedBytes()).isZero();
                          assertThat(session.peer()).contains("127.0.0.1");
                        }));
    assertThat(clientStreams.sessions()).hasSize(2);
    await().atMost(PATIENCE).until(() -> attached() == 2);
  }

  private double attached() {
    return topology
        .meters
        .get(StreamMeter.SESSIONS.meterName())
        .tag("state", "ATTACHED")
        .gauge()
        .value();
  }

  private static ServerInterceptor counting(
      AtomicInteger count, Context.Key<String> key, String value) {
    return new ServerInterceptor() {
      @Override
      public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
          ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
        count.incrementAndGet();
        return Contexts.interceptCall(Context.current().withValue(key, value), call, headers, next);
      }
    };
  }

  /** The real one, but that the wait for headers of a handler takes as long as it may. */
  private static final class PatientScheduler implements Scheduler {
    private final Scheduler real = SystemScheduler.shared();

    @Override
    public Clock clock() {
      return real.clock();
    }

    @Override
    public void execute(Runnable task) {
      real.execute(task);
    }

    @Override
    public Subscription schedule(Duration delay, Runnable task) {
      return real.schedule(delay.equals(ServerStream.HEADERS_PATIENCE) ? PATIENCE : delay, task);
    }

    @Override
    public boolean isCurrent() {
      return real.isCurrent();
    }
  }

  /** Waits for a latch in each message, as a slow handler. */
  private record Blocked(
      CountDownLatch latch, AtomicInteger served, StreamObserver<StringValue> answers)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      try {
        assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      served.incrementAndGet();
    }

    @Override
    public void onError(Throwable failure) {
      // The client is gone; there is nobody to tell.
    }

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }

  private static final class ReadyListener
      implements ClientResponseObserver<StringValue, StringValue> {
    private final RecordingObserver recordingObserver = new RecordingObserver();
    private final AtomicInteger ready = new AtomicInteger();

    @Override
    public void beforeStart(ClientCallStreamObserver<StringValue> requests) {
      requests.setOnReadyHandler(ready::incrementAndGet);
    }

    @Override
    public void onNext(StringValue message) {
      recordingObserver.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      recordingObserver.onError(failure);
    }

    @Override
    public void onCompleted() {
      recordingObserver.onCompleted();
    }
  }
}
