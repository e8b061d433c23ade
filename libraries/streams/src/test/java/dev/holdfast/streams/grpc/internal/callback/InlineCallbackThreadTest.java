package dev.holdfast.streams.grpc.internal.callback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.grpc.RecordingObserver;
import dev.holdfast.streams.grpc.StreamTopology;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Handlers run on the thread that read their message, and must not hold up what is behind it. */
class InlineCallbackThreadTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String GO = "go";
  private static final int MANY = 4 * SessionOptions.DEFAULT.sendMessages();

  private final StreamTopology topology = new StreamTopology();
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void close() throws Exception {
    release.countDown();
    topology.close();
  }

  @Test
  void quickHandlerRunsOnAThreadOfTheServer() {
    RecordingObserver recordingObserver = new RecordingObserver();
    awaitBorrowed(talk(recordingObserver, answers -> {}), recordingObserver);
    assertThat(recordingObserver.ends()).isZero();
  }

  @Test
  void handlerThatAnswersMoreThanTheBufferHoldsAndNeverAsksIsServed() {
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = talk(recordingObserver, InlineCallbackThreadTest::flood);
    int before = awaitBorrowed(requests, recordingObserver);
    requests.onNext(RecordingObserver.message(GO));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).hasSize(before + MANY).endsWith("" + (MANY - 1));
  }

  /** Behind an answer the transport is woken once; while a message is handled it may work, too. */
  @Test
  void theNextMessageIsAskedForBehindAnAnswerAndElseBeforeTheHandlerRuns() {
    RecordingObserver recordingObserver = new RecordingObserver();
    AtomicInteger frames = new AtomicInteger();
    AtomicInteger requested = new AtomicInteger();
    List<Integer> ahead = new CopyOnWriteArrayList<>();
    ServerServiceDefinition service =
        topology
            .serverStreams()
            // Too little to ask for two.
            .budget(new BufferBudget(1 << 20))
            .build()
            .resumable(
                StreamTopology.talk(
                    answers ->
                        new Handler(answers, to -> ahead.add(requested.get() - frames.get()))));
    ServerInterceptor counting = counting(frames, requested);
    Server server = topology.serve(ServerInterceptors.intercept(service, counting));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    awaitBorrowed(requests, recordingObserver);

    requests.onNext(RecordingObserver.message(GO));
    await().atMost(PATIENCE).until(() -> ahead.size() == 1);
    assertThat(ahead).as("the one before was answered").containsExactly(0);

    requests.onNext(RecordingObserver.message(GO));
    await().atMost(PATIENCE).until(() -> ahead.size() == 2);
    assertThat(ahead).as("the one before was not").containsExactly(0, 1);
  }

  /** Counts the frames of physical calls, and those that they were asked for. */
  private static ServerInterceptor counting(AtomicInteger frames, AtomicInteger requested) {
    return new ServerInterceptor() {
      @Override
      public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
          ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
        ServerCall<ReqT, RespT> counted =
            new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
              @Override
              public void request(int messages) {
                requested.addAndGet(messages);
                super.request(messages);
              }
            };
        return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
            next.startCall(counted, headers)) {
          @Override
          public void onMessage(ReqT message) {
            frames.incrementAndGet();
            super.onMessage(message);
          }
        };
      }
    };
  }

  @Test
  void handlerThatWaitsDoesNotHoldUpAcksOfWhatAnotherThreadSends() {
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests =
        talk(
            recordingObserver,
            answers -> {
              new Thread(() -> flood(answers)).start();
              awaitRelease();
            });
    int before = awaitBorrowed(requests, recordingObserver);
    requests.onNext(RecordingObserver.message(GO));

    // All of it, while the handler still waits.
    recordingObserver.awaitCount(before + MANY);
    release.countDown();
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).hasSize(before + MANY).endsWith("" + (MANY - 1));
  }

  @Test
  void handlerRunsOnTheExecutorThatWasChosen() {
    RecordingObserver recordingObserver = new RecordingObserver();
    Executor chosen = task -> new Thread(task, "chosen").start();
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .executor(chosen)
                .build()
                .resumable(StreamTopology.talk(answers -> new Handler(answers, unused -> {}))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    for (int i = 0; i < 5; i++) {
      requests.onNext(RecordingObserver.message("" + i));
      recordingObserver.awaitCount(i + 1);
    }
    assertThat(recordingObserver.heard()).hasSize(5).containsOnly("chosen");
  }

  @Test
  void onlyAThreadThatRunsCallbacksIsKeptForTheWatch() throws Exception {
    List<Boolean> watched = new ArrayList<>();
    List<InlineCallbackThread> threads = new CopyOnWriteArrayList<>();
    Thread shortLived =
        new Thread(
            () -> {
              InlineCallbackThread self = InlineCallbackThread.current();
              CallbackQueue queue = new CallbackQueue(Runnable::run);
              watched.add(self.isWatched());
              self.runInline(
                  queue, () -> {}, () -> queue.execute(() -> watched.add(self.isWatched())));
              threads.add(self);
            });
    shortLived.start();
    shortLived.join(PATIENCE.toMillis());

    assertThat(watched).containsExactly(false, true);
    // A server on virtual threads has another one for each message: none may stay behind.
    await().atMost(PATIENCE).until(() -> !threads.get(0).isWatched());
  }

  private StreamObserver<StringValue> talk(
      RecordingObserver recordingObserver, Consumer<StreamObserver<StringValue>> action) {
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(StreamTopology.talk(answers -> new Handler(answers, action))));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    return StreamTopology.open(channel, recordingObserver);
  }

  /** The first messages may wait for the start of the handler, which is on the executor. */
  private static int awaitBorrowed(
      StreamObserver<StringValue> requests, RecordingObserver recordingObserver) {
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              int before = recordingObserver.count();
              requests.onNext(RecordingObserver.message("who?"));
              recordingObserver.awaitCount(before + 1);
              return recordingObserver.heard().get(before).startsWith("grpc-default-executor");
            });
    return recordingObserver.count();
  }

  private static void flood(StreamObserver<StringValue> answers) {
    for (int i = 0; i < MANY; i++) {
      answers.onNext(RecordingObserver.message("" + i));
    }
  }

  private void awaitRelease() {
    try {
      assertThat(release.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells the name of its thread, or does something when it is told to. */
  private record Handler(
      StreamObserver<StringValue> answers, Consumer<StreamObserver<StringValue>> action)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      if (message.getValue().equals(GO)) {
        action.accept(answers);
      } else {
        answers.onNext(StringValue.of(Thread.currentThread().getName()));
      }
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
}
