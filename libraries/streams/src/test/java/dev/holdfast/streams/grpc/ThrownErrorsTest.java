package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** An Error that an application throws ends its stream, as in grpc-java. */
class ThrownErrorsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StreamTopology topology = new StreamTopology();
  private final List<String> ends = new CopyOnWriteArrayList<>();

  /** Something that a test means, as a failed assertion or a class that is missing would be. */
  private static final class Meant extends Error {
    private static final long serialVersionUID = 1;
  }

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void anErrorOfAHandlerOnABorrowedThreadEndsTheStream() {
    assertErrorOfHandlerEndsTheStream(topology.serverStreams().build());
  }

  @Test
  void anErrorOfAHandlerOnAnExecutorEndsTheStream() {
    ExecutorService threads = Executors.newCachedThreadPool();
    topology.closing(threads::shutdownNow);
    assertErrorOfHandlerEndsTheStream(topology.serverStreams().executor(threads).build());
  }

  @Test
  void anErrorOfAHandlersStartEndsTheStream() {
    ServerStreams streams = topology.serverStreams().build();
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamTopology.open(
            channelTo(
                streams,
                answers -> {
                  throw new Meant();
                }),
            recordingObserver)
        .onNext(RecordingObserver.message("any"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNKNOWN);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void anErrorOfAClientsListenerCancelsTheStream() {
    ServerStreams streams = topology.serverStreams().build();
    AtomicBoolean thrown = new AtomicBoolean();
    RecordingObserver recordingObserver =
        new RecordingObserver() {
          @Override
          public void onNext(StringValue message) {
            if (thrown.compareAndSet(false, true)) {
              throw new Meant();
            }
          }
        };
    ManagedChannel channel = channelTo(streams, answers -> new Throwing(answers, ends));
    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("fine"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.CANCELLED);
    await().atMost(PATIENCE).until(() -> ends.size() == 1);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  private void assertErrorOfHandlerEndsTheStream(ServerStreams streams) {
    RecordingObserver recordingObserver = new RecordingObserver();
    ManagedChannel channel = channelTo(streams, answers -> new Throwing(answers, ends));
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    for (int i = 1; i <= 10; i++) {
      requests.onNext(RecordingObserver.message("fine"));
      recordingObserver.awaitCount(i);
    }
    requests.onNext(RecordingObserver.message("throw"));

    assertThat(recordingObserver.awaitEnd().getCode()).isEqualTo(Status.Code.UNKNOWN);
    await().atMost(PATIENCE).until(() -> streams.sessions().isEmpty());
  }

  private ManagedChannel channelTo(
      ServerStreams streams,
      Function<StreamObserver<StringValue>, StreamObserver<StringValue>> handler) {
    Server server = topology.serve(streams.resumable(StreamTopology.talk(handler)));
    return topology.channelTo(server.getPort(), topology.clientStreams().build());
  }

  private record Throwing(StreamObserver<StringValue> answers, List<String> ends)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      if (message.getValue().equals("throw")) {
        throw new Meant();
      }
      answers.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      ends.add(String.valueOf(failure));
    }

    @Override
    public void onCompleted() {
      answers.onCompleted();
    }
  }
}
