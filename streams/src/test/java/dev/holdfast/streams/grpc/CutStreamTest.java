package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
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
                .resumable(
                    StreamTown.talk(
                        answers -> {
                          StreamObserver<StringValue> echo = StreamTown.echo(answers);
                          return new Recording(served, echo);
                        })));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel = town.channelTo(relay.port(), town.clientStreams().build());

    Listener listener = new Listener();
    StreamObserver<StringValue> requests =
        ClientCalls.asyncBidiStreamingCall(
            channel.newCall(StreamTown.TALK, CallOptions.DEFAULT), listener);
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

  private record Recording(List<String> served, StreamObserver<StringValue> next)
      implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue message) {
      served.add(message.getValue());
      next.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      next.onError(failure);
    }

    @Override
    public void onCompleted() {
      next.onCompleted();
    }
  }
}
