package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.testkit.MemorySessionStore;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Level durable: the session outlives the instance, through a store. */
class DurableStreamTest {
  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void streamGoesOnAtAnotherInstanceWhenItsOwnIsGone() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = SessionResources.newKey();
    List<String> served = new CopyOnWriteArrayList<>();
    Server old = instance(store, key, served);
    Server young = instance(store, key, served);
    TcpRelay relay = topology.relayTo(old);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = open(relay.port(), recordingObserver);
    for (int i = 0; i < 10; i++) {
      requests.onNext(RecordingObserver.message("a" + i));
    }
    recordingObserver.awaitCount(10);
    await().atMost(Duration.ofSeconds(60)).until(() -> store.processed() == 10);

    replace(relay, old, young);
    for (int i = 0; i < 10; i++) {
      requests.onNext(RecordingObserver.message("b" + i));
    }
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).hasSize(20).doesNotHaveDuplicates();
    assertThat(served).isEqualTo(recordingObserver.heard());
  }

  @Test
  void handlerElsewhereHearsOfTheHalfCloseThatAnEarlierOneDidNotAnswer() throws Exception {
    RecordingStore store = new RecordingStore();
    byte[] key = SessionResources.newKey();
    Server old = instance(store, key, DurableStreamTest::neverEnding);
    Server young = instance(store, key, new CopyOnWriteArrayList<>());
    TcpRelay relay = topology.relayTo(old);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = open(relay.port(), recordingObserver);
    requests.onNext(RecordingObserver.message("a"));
    requests.onCompleted();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> store.saves.stream().anyMatch(StoreRequest.Save::halfClosed));

    replace(relay, old, young);

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(recordingObserver.heard()).hasSize(1);
  }

  @Test
  void answersAreStoredInOneStepWithTheMessageTheyAnswer() throws Exception {
    RecordingStore store = new RecordingStore();
    Server server = instance(store, SessionResources.newKey(), new CopyOnWriteArrayList<>());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = open(server.getPort(), recordingObserver);
    for (int i = 0; i < 50; i++) {
      requests.onNext(RecordingObserver.message("m" + i));
    }
    recordingObserver.awaitCount(50);

    // One answer a message: the positions of both directions go together.
    assertThat(store.saves).isNotEmpty();
    for (StoreRequest.Save save : store.saves) {
      long end = save.appended().stream().mapToLong(SequencedMessage::seq).max().orElse(0);
      assertThat(end).isLessThanOrEqualTo(save.processed());
      assertThat(save.appended().isEmpty() || end == save.processed()).isTrue();
    }
  }

  @Test
  void aHandlerKnowsTheNumberOfEachMessageWhicheverInstanceItIsIn() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = SessionResources.newKey();
    List<String> seen = new CopyOnWriteArrayList<>();
    Server old = numbering(store, key, seen);
    Server young = numbering(store, key, seen);
    TcpRelay relay = topology.relayTo(old);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = open(relay.port(), recordingObserver);
    requests.onNext(RecordingObserver.message("one"));
    requests.onNext(RecordingObserver.message("two"));
    recordingObserver.awaitCount(2);
    await().atMost(Duration.ofSeconds(60)).until(() -> store.processed() == 2);

    replace(relay, old, young);
    requests.onNext(RecordingObserver.message("three"));
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(seen).containsExactly("start 0", "one 1", "two 2", "start 2", "three 3");
    assertThat(StreamPosition.current()).isEmpty();
  }

  @Test
  void aHalfCloseThatWasProcessedHasNoNumberOfAMessage() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = SessionResources.newKey();
    List<String> starts = new CopyOnWriteArrayList<>();
    Server old = instance(store, key, answers -> starting(starts, neverEnding(answers)));
    Server young = instance(store, key, answers -> starting(starts, StreamTopology.echo(answers)));
    TcpRelay relay = topology.relayTo(old);
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = open(relay.port(), recordingObserver);
    requests.onNext(RecordingObserver.message("one"));
    requests.onNext(RecordingObserver.message("two"));
    requests.onCompleted();
    recordingObserver.awaitCount(2);
    await().atMost(Duration.ofSeconds(60)).until(() -> store.processed() == 3);

    replace(relay, old, young);

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(starts).containsExactly("start 0", "start 2");
  }

  private Server instance(SessionStore store, byte[] key, List<String> served) {
    return instance(store, key, answers -> StreamTopology.recording(served, answers));
  }

  private Server numbering(SessionStore store, byte[] key, List<String> seen) {
    return instance(store, key, answers -> starting(seen, noting(seen, answers)));
  }

  private static StreamObserver<StringValue> starting(
      List<String> seen, StreamObserver<StringValue> handler) {
    seen.add("start " + StreamPosition.current().orElseThrow().number());
    return handler;
  }

  private Server instance(
      SessionStore store, byte[] key, UnaryOperator<StreamObserver<StringValue>> handler) {
    return topology.serve(
        topology
            .serverStreams()
            .store(store)
            .tokenKey(key)
            .build()
            .resumable(StreamTopology.talk(handler)));
  }

  private StreamObserver<StringValue> open(int port, RecordingObserver recordingObserver) {
    return StreamTopology.open(
        topology.channelTo(port, topology.clientStreams().build()), recordingObserver);
  }

  /** The path leads to the young one from now on, and the old one stops. */
  private static void replace(TcpRelay relay, Server old, Server young) throws Exception {
    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    StreamTopology.stop(old);
  }

  private static StreamObserver<StringValue> neverEnding(StreamObserver<StringValue> answers) {
    return new Echo(answers) {
      @Override
      public void onCompleted() {}
    };
  }

  private static StreamObserver<StringValue> noting(
      List<String> seen, StreamObserver<StringValue> answers) {
    return new Echo(answers) {
      @Override
      public void onNext(StringValue message) {
        seen.add(message.getValue() + " " + StreamPosition.current().orElseThrow().number());
        super.onNext(message);
      }
    };
  }

  /** Remembers what it was asked to save. */
  private static final class RecordingStore extends MemorySessionStore {
    private final List<StoreRequest.Save> saves = new CopyOnWriteArrayList<>();

    @Override
    public synchronized CompletionStage<StoreResponse> save(StoreRequest.Save request) {
      saves.add(request);
      return super.save(request);
    }
  }

  /** Answers each message. */
  private static class Echo implements StreamObserver<StringValue> {
    private final StreamObserver<StringValue> echo;

    Echo(StreamObserver<StringValue> answers) {
      this.echo = StreamTopology.echo(answers);
    }

    @Override
    public void onNext(StringValue message) {
      echo.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      echo.onError(failure);
    }

    @Override
    public void onCompleted() {
      echo.onCompleted();
    }
  }
}
