package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.Outbox;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.testkit.MemorySessionStore;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Level durable: the session outlives the instance, through a store. */
class DurableStreamTest {
  private final StreamTown town = new StreamTown();

  @AfterEach
  void close() throws Exception {
    town.close();
  }

  @Test
  void streamGoesOnAtAnotherInstanceWhenItsOwnIsGone() throws Exception {
    MemorySessionStore shelf = new MemorySessionStore();
    byte[] key = Shared.newKey();
    List<String> served = new CopyOnWriteArrayList<>();
    Server old = instance(shelf, key, served);
    Server young = instance(shelf, key, served);
    TcpRelay relay = town.relayTo(old);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    for (int i = 0; i < 10; i++) {
      requests.onNext(Listener.message("a" + i));
    }
    listener.awaitCount(10);
    await().atMost(Duration.ofSeconds(60)).until(() -> shelf.processed() == 10);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    StreamTown.stop(old);
    for (int i = 0; i < 10; i++) {
      requests.onNext(Listener.message("b" + i));
    }
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.heard()).hasSize(20).doesNotHaveDuplicates();
    assertThat(served).isEqualTo(listener.heard());
  }

  @Test
  void handlerElsewhereHearsOfTheHalfCloseThatAnEarlierOneDidNotAnswer() throws Exception {
    List<StoreRequest.Save> saves = new CopyOnWriteArrayList<>();
    SessionStore recording =
        new MemorySessionStore() {
          @Override
          public synchronized CompletionStage<StoreAnswer> save(StoreRequest.Save request) {
            saves.add(request);
            return super.save(request);
          }
        };
    byte[] key = Shared.newKey();
    Server old =
        town.serve(
            town.serverStreams()
                .store(recording)
                .tokenKey(key)
                .build()
                .resumable(StreamTown.talk(DurableStreamTest::neverEnding)));
    Server young = instance(recording, key, new CopyOnWriteArrayList<>());
    TcpRelay relay = town.relayTo(old);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    requests.onNext(Listener.message("a"));
    requests.onCompleted();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> saves.stream().anyMatch(StoreRequest.Save::halfClosed));

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    StreamTown.stop(old);

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.heard()).hasSize(1);
  }

  private static StreamObserver<StringValue> neverEnding(StreamObserver<StringValue> answers) {
    StreamObserver<StringValue> echo = StreamTown.echo(answers);
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        echo.onNext(message);
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {}
    };
  }

  @Test
  void answersAreStoredInOneStepWithTheMessageTheyAnswer() throws Exception {
    List<StoreRequest.Save> saves = new CopyOnWriteArrayList<>();
    SessionStore recording =
        new MemorySessionStore() {
          @Override
          public synchronized CompletionStage<StoreAnswer> save(StoreRequest.Save request) {
            saves.add(request);
            return super.save(request);
          }
        };
    Server server = instance(recording, Shared.newKey(), new CopyOnWriteArrayList<>());
    ManagedChannel channel = town.channelTo(server.getPort(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    for (int i = 0; i < 50; i++) {
      requests.onNext(Listener.message("m" + i));
    }
    listener.awaitCount(50);

    // One answer a message: the positions of both directions go together.
    assertThat(saves).isNotEmpty();
    for (StoreRequest.Save save : saves) {
      long end = save.appended().stream().mapToLong(Outbox.Item::seq).max().orElse(0);
      assertThat(end).isLessThanOrEqualTo(save.processed());
      assertThat(save.appended().isEmpty() || end == save.processed()).isTrue();
    }
  }

  private Server instance(SessionStore shelf, byte[] key, List<String> served) {
    return town.serve(
        town.serverStreams()
            .store(shelf)
            .tokenKey(key)
            .build()
            .resumable(StreamTown.talk(answers -> StreamTown.recording(served, answers))));
  }

  @Test
  void aHandlerKnowsTheNumberOfEachMessageWhicheverInstanceItIsIn() throws Exception {
    MemorySessionStore store = new MemorySessionStore();
    byte[] key = Shared.newKey();
    List<String> seen = new CopyOnWriteArrayList<>();
    Server old = numbering(store, key, seen);
    Server young = numbering(store, key, seen);
    TcpRelay relay = town.relayTo(old);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    requests.onNext(Listener.message("one"));
    requests.onNext(Listener.message("two"));
    listener.awaitCount(2);
    await().atMost(Duration.ofSeconds(60)).until(() -> store.processed() == 2);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    StreamTown.stop(old);
    requests.onNext(Listener.message("three"));
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(seen).containsExactly("start 0", "one 1", "two 2", "start 2", "three 3");
    assertThat(StreamPosition.current()).isEmpty();
  }

  private Server numbering(MemorySessionStore store, byte[] key, List<String> seen) {
    return town.serve(
        town.serverStreams()
            .store(store)
            .tokenKey(key)
            .build()
            .resumable(
                StreamTown.talk(
                    answers -> {
                      seen.add("start " + StreamPosition.current().orElseThrow().number());
                      return noting(seen, answers);
                    })));
  }

  private static StreamObserver<StringValue> noting(
      List<String> seen, StreamObserver<StringValue> answers) {
    StreamObserver<StringValue> echo = StreamTown.echo(answers);
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        seen.add(message.getValue() + " " + StreamPosition.current().orElseThrow().number());
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
    };
  }
}
