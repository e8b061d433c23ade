package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreAnswer;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.wire.SessionId;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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
    Shelf shelf = new Shelf();
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

  private Server instance(Shelf shelf, byte[] key, List<String> served) {
    return town.serve(
        town.serverStreams()
            .store(shelf)
            .tokenKey(key)
            .build()
            .resumable(StreamTown.talk(answers -> StreamTown.recording(served, answers))));
  }

  /** A store in memory, as the interface describes it. */
  private static final class Shelf implements SessionStore {
    private final Map<SessionId, SessionRecord> records = new HashMap<>();

    synchronized long processed() {
      return records.values().stream().mapToLong(SessionRecord::processed).max().orElse(0);
    }

    @Override
    public synchronized CompletionStage<StoreAnswer> claim(StoreRequest.Claim request) {
      SessionRecord known = records.get(request.id());
      StoreAnswer answer;
      if (known == null) {
        request.fresh().ifPresent(fresh -> records.put(request.id(), fresh));
        answer =
            request
                .fresh()
                .<StoreAnswer>map(StoreAnswer.Claimed::new)
                .orElseGet(StoreAnswer.Missing::new);
      } else if (known.attach() < request.attach()
          || (known.attach() == request.attach() && known.owner().equals(request.owner()))) {
        SessionRecord claimed = known.claimed(request.attach(), request.owner());
        records.put(request.id(), claimed);
        answer = new StoreAnswer.Claimed(claimed);
      } else {
        answer = new StoreAnswer.Fenced();
      }
      return CompletableFuture.completedFuture(answer);
    }

    @Override
    public synchronized CompletionStage<StoreAnswer> save(StoreRequest.Save request) {
      SessionRecord known = records.get(request.id());
      StoreAnswer answer;
      if (known == null) {
        answer = new StoreAnswer.Missing();
      } else if (known.attach() != request.attach() || !known.owner().equals(request.owner())) {
        answer = new StoreAnswer.Fenced();
      } else {
        if (known.version() == request.version()) {
          records.put(request.id(), known.changed(request));
        }
        answer = new StoreAnswer.Saved();
      }
      return CompletableFuture.completedFuture(answer);
    }
  }
}
