package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.RelayConnection;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections that end under streams that don't. */
class CutStreamTest {
  private final StreamTown town = new StreamTown();

  @AfterEach
  void close() throws Exception {
    town.close();
  }

  @Test
  void tenThousandMessagesBothWaysComeOnceAndInOrderThroughCuts() {
    int messages = 10_000;
    List<String> served = new CopyOnWriteArrayList<>();
    List<String> texts = IntStream.range(0, messages).mapToObj(i -> "m" + i).toList();
    Server server =
        town.serve(
            town.serverStreams()
                .build()
                .resumable(StreamTown.talk(answers -> StreamTown.recording(served, answers))));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());

    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    for (int i = 0; i < messages; i++) {
      requests.onNext(Listener.message(texts.get(i)));
      if (i % 2_000 == 1_000) {
        listener.awaitCount(i - 900);
        relay.cut();
      }
    }
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.ends()).isOne();
    assertThat(served).isEqualTo(texts);
    assertThat(listener.heard()).isEqualTo(texts);
    assertThat(relay.acceptedCount()).isGreaterThanOrEqualTo(5);
  }

  @Test
  void manyStreamsOfOneChannelSurviveCutsTogether() {
    int streamCount = 20;
    int messages = 200;
    ServerStreams streams = town.serverStreams().build();
    Server server = town.serve(streams.resumable(StreamTown.talk(StreamTown::echo)));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());
    List<Listener> listeners = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < streamCount; i++) {
      listeners.add(new Listener());
      requests.add(StreamTown.open(channel, listeners.get(i)));
    }
    List<String> texts = IntStream.range(0, messages).mapToObj(i -> "m" + i).toList();
    for (int i = 0; i < messages; i++) {
      for (StreamObserver<StringValue> stream : requests) {
        stream.onNext(Listener.message(texts.get(i)));
      }
      if (i % 80 == 40) {
        // Each has its token by then, and goes on whatever happens.
        int heard = i / 2;
        listeners.forEach(listener -> listener.awaitCount(heard));
        relay.cut();
      }
    }
    requests.forEach(StreamObserver::onCompleted);

    for (Listener listener : listeners) {
      assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
      assertThat(listener.heard()).isEqualTo(texts);
      assertThat(listener.ends()).isOne();
    }
    // The last acknowledgement, too, whenever the application was done with its messages.
    await().atMost(Duration.ofSeconds(60)).until(() -> streams.sessions().isEmpty());
  }

  @Test
  void serverThatEndsConnectionsByAgeEndsNoStream() {
    ServerStreams streams = town.serverStreams().build();
    Server server =
        town.serve(
            builder ->
                builder
                    .maxConnectionAge(1, TimeUnit.SECONDS)
                    .maxConnectionAgeGrace(50, TimeUnit.MILLISECONDS)
                    .addService(streams.resumable(StreamTown.talk(StreamTown::echo))));
    ManagedChannel channel = town.channelTo(server.getPort(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);

    requests.onNext(Listener.message("before"));
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> streams.sessions().stream().anyMatch(session -> session.attempts() >= 2));
    requests.onNext(Listener.message("after"));
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.heard()).containsExactly("before", "after");
  }

  @Test
  void serverThatStopsHandsItsConnectionsToAnotherAndNoMessageIsLost() throws Exception {
    ServerStreams streams = town.serverStreams().build();
    Server old = town.serve(streams.resumable(StreamTown.talk(StreamTown::echo)));
    Server young = town.serve(streams.resumable(StreamTown.talk(StreamTown::echo)));
    TcpRelay relay = town.relayTo(old);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    requests.onNext(Listener.message("1"));
    listener.awaitCount(1);

    relay.retarget(new InetSocketAddress(InetAddress.getLoopbackAddress(), young.getPort()));
    // GOAWAY first, as a server that drains sends it; then its end.
    old.shutdown();
    requests.onNext(Listener.message("2"));
    listener.awaitCount(2);
    StreamTown.stop(old);
    requests.onNext(Listener.message("3"));
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.heard()).containsExactly("1", "2", "3");
  }

  @Test
  void pathThatFallsSilentIsNoticedByHeartbeatsAndReplaced() {
    SessionOptions beating =
        StreamTown.QUICK.withTiming(
            StreamTown.QUICK
                .timing()
                .withHeartbeat(
                    Duration.ofMillis(100), Duration.ofSeconds(1), Duration.ofSeconds(3)));
    ServerStreams streams = town.serverStreams().options(beating).build();
    Server server = town.serve(streams.resumable(StreamTown.talk(StreamTown::echo)));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel =
        town.channelTo(relay.port(), town.clientStreams().options(beating).build());
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    requests.onNext(Listener.message("1"));
    listener.awaitCount(1);

    relay.connections().forEach(RelayConnection::stall);
    // The next call gets a connection of its own, as one of Holdfast's channels sees to itself.
    channel.enterIdle();
    requests.onNext(Listener.message("2"));
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(listener.heard()).containsExactly("1", "2");
    assertThat(relay.acceptedCount()).isGreaterThanOrEqualTo(2);
  }
}
