package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.streams.BufferBudget;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Large messages to a handler that is slow, by senders that keep to none of our defaults. */
class LargeMessagesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int SMALL = 40;
  private static final int LARGE = 60;
  private static final int ROUNDS = 200;
  private static final int MEBIBYTE = 1 << 20;
  private static final String PAYLOAD = "x".repeat(MEBIBYTE);

  private final StreamTopology topology = new StreamTopology();
  private final BufferBudget budget = new BufferBudget(64 * MEBIBYTE);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final List<Integer> handled = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() throws Exception {
    goOn.countDown();
    topology.close();
  }

  @Test
  void aServerKeepsFewOfThemHoweverMuchCreditSmallOnesHaveWon() {
    Server server = serve();
    ManagedChannel channel = topology.channelTo(server.getPort());
    RecordingObserver recordingObserver = new RecordingObserver();
    ClientCallStreamObserver<StringValue> greedy =
        StreamTopology.open(resumable(channel, 1L << 30), recordingObserver);
    for (int i = 0; i < SMALL; i++) {
      greedy.onNext(RecordingObserver.message("small"));
    }
    await().atMost(PATIENCE).until(() -> handled.size() == SMALL);
    for (int i = 0; i < LARGE; i++) {
      greedy.onNext(RecordingObserver.message(PAYLOAD));
    }
    talk(channel);

    // One in hand, one that waits, and one that was asked for.
    assertThat(budget.heldBytes()).isBetween((long) MEBIBYTE, 3L * MEBIBYTE + MEBIBYTE / 2);

    goOn.countDown();
    greedy.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(handled).hasSize(SMALL + LARGE);
    await().atMost(PATIENCE).until(() -> budget.heldBytes() == 0);
  }

  @Test
  void aClientKeepsFewOfThemWhenItsApplicationTakesNone() {
    BufferBudget ofClient = new BufferBudget(64 * MEBIBYTE);
    Server server =
        topology.serve(
            topology
                .serverStreams()
                .options(StreamTopology.QUICK.withSendBuffer(1_000, 1L << 30))
                .budget(new BufferBudget(1L << 40))
                .build()
                .resumable(StreamTopology.talk(LargeMessagesTest::generous)));
    ManagedChannel channel = topology.channelTo(server.getPort());
    PausedListener listener = new PausedListener();
    ClientStreams streams = topology.clientStreams().budget(ofClient).build();
    ClientCallStreamObserver<StringValue> call =
        StreamTopology.open(ClientInterceptors.intercept(channel, streams), listener);
    call.onNext(RecordingObserver.message("go"));
    await().atMost(PATIENCE).until(() -> listener.sizes.size() == SMALL);
    talk(channel);

    assertThat(ofClient.heldBytes()).isBetween((long) MEBIBYTE, 3L * MEBIBYTE + MEBIBYTE / 2);

    call.request(LARGE);
    await().atMost(PATIENCE).until(() -> listener.sizes.size() == SMALL + LARGE);
    call.cancel("enough", null);
  }

  /** As long as this takes, all that may come has the time to come. */
  private void talk(ManagedChannel channel) {
    RecordingObserver echoes = new RecordingObserver();
    StreamObserver<StringValue> neighbour =
        StreamTopology.open(resumable(channel, 256 << 10), echoes);
    for (int i = 1; i <= ROUNDS; i++) {
      neighbour.onNext(RecordingObserver.message("echo"));
      echoes.awaitCount(i);
    }
    neighbour.onCompleted();
    assertThat(echoes.awaitEnd()).isEqualTo(Status.OK);
  }

  private Channel resumable(ManagedChannel channel, long sendBytes) {
    ClientStreams streams =
        topology
            .clientStreams()
            .options(StreamTopology.QUICK.withSendBuffer(1_000, sendBytes))
            .budget(new BufferBudget(1L << 40))
            .build();
    return ClientInterceptors.intercept(channel, streams);
  }

  private Server serve() {
    // Threads of its own: on grpc's the session would move on to other attachments meanwhile.
    ExecutorService threads = Executors.newCachedThreadPool();
    topology.closing(threads::shutdownNow);
    ServerStreams streams = topology.serverStreams().budget(budget).executor(threads).build();
    return topology.serve(streams.resumable(StreamTopology.talk(this::handler)));
  }

  private StreamObserver<StringValue> handler(StreamObserver<StringValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        if (message.getValue().equals("echo")) {
          answers.onNext(message);
          return;
        }
        if (message.getValue().length() == MEBIBYTE) {
          hold();
        }
        handled.add(message.getValue().length());
      }

      @Override
      public void onError(Throwable failure) {
        // The client is gone; there is nobody to tell.
      }

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  private void hold() {
    try {
      assertThat(goOn.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends all large messages of a test, to any receiver. */
  private static StreamObserver<StringValue> generous(StreamObserver<StringValue> answers) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        if (message.getValue().equals("echo")) {
          answers.onNext(message);
          return;
        }
        for (int i = 0; i < SMALL; i++) {
          answers.onNext(RecordingObserver.message("small"));
        }
        for (int i = 0; i < LARGE; i++) {
          answers.onNext(RecordingObserver.message(PAYLOAD));
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
    };
  }

  /** Takes the small ones and then nothing until it is told to. */
  private static final class PausedListener
      implements ClientResponseObserver<StringValue, StringValue> {
    private final List<Integer> sizes = new CopyOnWriteArrayList<>();

    @Override
    public void beforeStart(ClientCallStreamObserver<StringValue> call) {
      call.disableAutoRequestWithInitial(SMALL);
    }

    @Override
    public void onNext(StringValue message) {
      sizes.add(message.getValue().length());
    }

    @Override
    public void onError(Throwable failure) {
      // By the end of the test.
    }

    @Override
    public void onCompleted() {
      // By the end of the test.
    }
  }
}
