package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.core.Clock;
import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Interceptors and listeners, whatever a session's timer makes of them, never run on the scheduler:
 * in a process it keeps leases.
 */
class UserCodeThreadsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final SystemScheduler scheduler = SystemScheduler.create("decisions");
  private final Set<String> onScheduler = ConcurrentHashMap.newKeySet();
  private final Set<String> seen = ConcurrentHashMap.newKeySet();
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void close() throws Exception {
    release.countDown();
    topology.close();
    scheduler.close();
  }

  @Test
  void nothingOfUsersRunsOnTheSchedulerThroughCutsIdleTimesAndTheEnd() {
    Server server = serve();
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), new ClientRecorder(() -> {}), streams(ended("client listener")));
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(
            channel, CallOptions.DEFAULT.withExecutor(ended("client listener")), recordingObserver);

    for (int cut = 1; cut <= 5; cut++) {
      requests.onNext(RecordingObserver.message("m" + cut));
      recordingObserver.awaitCount(cut);
      // The ack for the answer is due by a timer.
      relay.cut();
    }
    requests.onNext(RecordingObserver.message("last"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(onScheduler).isEmpty();
    assertThat(seen)
        .contains(
            "client start", "client send", "client listener", "server send", "server headers");
  }

  @Test
  void aDeadlineIsToldElsewhere() {
    Server server = serve();
    ManagedChannel channel =
        topology.channelTo(
            server.getPort(), new ClientRecorder(() -> {}), streams(ended("client listener")));
    RecordingObserver recordingObserver = new RecordingObserver();
    CallOptions hurried =
        CallOptions.DEFAULT
            .withDeadlineAfter(500, TimeUnit.MILLISECONDS)
            .withExecutor(ended("client listener"));
    StreamTopology.open(channel, hurried, recordingObserver).onNext(RecordingObserver.message("m"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    assertThat(onScheduler).isEmpty();
  }

  @Test
  void aCallThatItsServerDoesNotEndIsCancelledElsewhere() {
    // The time that the client gives the server to end the call.
    SessionOptions options =
        SessionOptions.DEFAULT.withTiming(
            StreamTopology.timing(
                Duration.ofMillis(500), Duration.ofMillis(20), Duration.ofMillis(200)));
    Server server =
        topology.serve(
            ServerInterceptors.intercept(
                topology
                    .serverStreams()
                    .options(options)
                    .build()
                    .resumable(StreamTopology.talk(StreamTopology::echo)),
                new ServerRecorder(false)));
    ManagedChannel channel =
        topology.channelTo(
            server.getPort(),
            new ClientRecorder(() -> {}),
            topology.clientStreams().options(options).scheduler(new ImpatientScheduler()).build());
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("m"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    await().atMost(PATIENCE).until(() -> seen.contains("client cancel"));
    assertThat(onScheduler).isEmpty();
  }

  @Test
  void anInterceptorThatBlocksWhenAStreamComesBackHoldsUpNoTimer() throws Exception {
    Server server = serve();
    TcpRelay relay = topology.relayTo(server);
    AtomicInteger starts = new AtomicInteger();
    ManagedChannel channel =
        topology.channelTo(
            relay.port(),
            new ClientRecorder(
                () -> {
                  if (starts.incrementAndGet() > 1) {
                    block();
                  }
                }),
            streams(Runnable::run));
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("one"));
    recordingObserver.awaitCount(1);

    relay.cut();
    await().atMost(PATIENCE).until(() -> starts.get() > 1);

    CountDownLatch ran = new CountDownLatch(1);
    scheduler.execute(ran::countDown);
    assertThat(ran.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    release.countDown();
    requests.onNext(RecordingObserver.message("two"));
    recordingObserver.awaitCount(2);
    assertThat(recordingObserver.heard()).containsExactly("one", "two");
  }

  @Test
  void whileAllThreadsForUserCodeAreBlockedAStreamGoesOnByItsMessages() throws Exception {
    Server server = serve();
    ManagedChannel channel = topology.channelTo(server.getPort(), streams(Runnable::run));
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> requests =
        StreamTopology.open(channel, recordingObserver);
    requests.onNext(RecordingObserver.message("m0"));
    recordingObserver.awaitCount(1);
    for (int i = 0; i < 100; i++) {
      OffloadExecutor.shared().execute(this::block);
    }

    for (int i = 1; i <= 5; i++) {
      // Heartbeats are due in between, and nobody can send them.
      CountDownLatch passed = new CountDownLatch(1);
      var unused = scheduler.schedule(Duration.ofMillis(150), passed::countDown);
      assertThat(passed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      requests.onNext(RecordingObserver.message("m" + i));
      recordingObserver.awaitCount(i + 1);
    }

    assertThat(recordingObserver.heard()).containsExactly("m0", "m1", "m2", "m3", "m4", "m5");
  }

  private Server serve() {
    ServerStreams streams = topology.serverStreams().scheduler(scheduler).build();
    return topology.serve(
        ServerInterceptors.intercept(
            streams.resumable(StreamTopology.talk(StreamTopology::echo)),
            new ServerRecorder(true)));
  }

  private ClientStreams streams(Executor executor) {
    SessionOptions options =
        StreamTopology.QUICK.withTiming(
            StreamTopology.QUICK
                .timing()
                .withHeartbeat(Duration.ofMillis(50), Duration.ZERO, PATIENCE));
    return topology
        .clientStreams()
        .options(options)
        .scheduler(scheduler)
        .executor(executor)
        .build();
  }

  /** A direct executor that takes down where it runs. */
  private Executor ended(String what) {
    return task -> {
      record(what);
      task.run();
    };
  }

  private void record(String what) {
    seen.add(what);
    if (scheduler.isCurrent()) {
      onScheduler.add(what);
    }
  }

  private void block() {
    try {
      boolean unused = release.await(2 * PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The scheduler of the test, on which long delays are short. */
  private final class ImpatientScheduler implements Scheduler {
    private static final Duration SHORT = Duration.ofMillis(100);

    @Override
    public Clock clock() {
      return scheduler.clock();
    }

    @Override
    public void execute(Runnable task) {
      scheduler.execute(task);
    }

    @Override
    public Subscription schedule(Duration delay, Runnable task) {
      boolean isLong = delay.compareTo(ClientAttachment.DONE_PATIENCE) >= 0;
      return scheduler.schedule(isLong ? SHORT : delay, task);
    }

    @Override
    public boolean isCurrent() {
      return scheduler.isCurrent();
    }
  }

  private final class ClientRecorder implements ClientInterceptor {
    private final Runnable onStart;

    ClientRecorder(Runnable onStart) {
      this.onStart = onStart;
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions callOptions, Channel next) {
      record("client call");
      return new SimpleForwardingClientCall<>(next.newCall(method, callOptions)) {
        @Override
        public void start(ClientCall.Listener<A> listener, Metadata headers) {
          record("client start");
          onStart.run();
          super.start(listener, headers);
        }

        @Override
        public void sendMessage(Q message) {
          record("client send");
          super.sendMessage(message);
        }

        @Override
        public void cancel(String message, Throwable cause) {
          record("client cancel");
          super.cancel(message, cause);
        }
      };
    }
  }

  private final class ServerRecorder implements ServerInterceptor {
    private final boolean ends;

    /**
     * @param ends whether calls end when the server ends them, or stay open
     */
    ServerRecorder(boolean ends) {
      this.ends = ends;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      return next.startCall(
          new SimpleForwardingServerCall<Q, A>(call) {
            @Override
            public void sendHeaders(Metadata answer) {
              record("server headers");
              super.sendHeaders(answer);
            }

            @Override
            public void sendMessage(A message) {
              record("server send");
              super.sendMessage(message);
            }

            @Override
            public void close(Status status, Metadata trailers) {
              record("server close");
              if (ends) {
                super.close(status, trailers);
              }
            }
          },
          headers);
    }
  }
}
