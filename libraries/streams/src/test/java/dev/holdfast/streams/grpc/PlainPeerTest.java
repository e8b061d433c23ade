package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.Level;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Peers that know nothing of Holdfast, and calls that are none of its business. */
class PlainPeerTest {
  private final StreamTown town = new StreamTown();

  @AfterEach
  void close() throws Exception {
    town.close();
  }

  @Test
  void resumableClientTalksToPlainServer() {
    Server server = town.serve(StreamTown.talk(StreamTown::echo));
    ManagedChannel channel = town.channelTo(server.getPort(), town.clientStreams().build());

    assertThat(talk(channel, 1_000)).isEqualTo(1_000);
  }

  @Test
  void plainClientTalksToResumableServer() {
    ServerStreams streams = town.serverStreams().build();
    Server server = town.serve(streams.resumable(StreamTown.talk(StreamTown::echo)));
    ManagedChannel channel = town.channelTo(server.getPort());

    assertThat(talk(channel, 1_000)).isEqualTo(1_000);
    assertThat(town.meters.find(StreamMeter.ATTACHMENTS.meterName()).counter()).isNull();
  }

  @Test
  void unaryCallsPassByBothSides() {
    Server server =
        town.serve(town.serverStreams().build().resumable(StreamTown.talk(StreamTown::echo)));
    ClientStreams clientStreams = town.clientStreams().build();
    ManagedChannel channel = town.channelTo(server.getPort(), clientStreams);

    StringValue answer =
        ClientCalls.blockingUnaryCall(
            channel, StreamTown.ASK, CallOptions.DEFAULT, Listener.message("hello"));

    assertThat(answer.getValue()).isEqualTo("hello");
    assertThat(town.meters.find(StreamMeter.ATTACHMENTS.meterName()).counter()).isNull();
  }

  @Test
  void plainMiddlemanThatForwardsUnknownFieldsConfusesNobody() {
    List<String> served = new CopyOnWriteArrayList<>();
    Server behind =
        town.serve(
            town.serverStreams()
                .build()
                .resumable(StreamTown.talk(answers -> StreamTown.recording(served, answers))));
    ManagedChannel onwards = town.channelTo(behind.getPort(), town.clientStreams().build());
    Server middleman = town.serve(StreamTown.talk(answers -> StreamTown.open(onwards, answers)));
    ManagedChannel channel = town.channelTo(middleman.getPort(), town.clientStreams().build());

    assertThat(talk(channel, 300)).isEqualTo(300);
    assertThat(served).hasSize(300).doesNotHaveDuplicates();
  }

  @Test
  void statusOfPlainServerArrivesAsItIs() {
    Server server =
        town.serve(
            StreamTown.talk(
                answers -> {
                  answers.onError(Status.ABORTED.withDescription("not today").asException());
                  return StreamTown.silent();
                }));
    ManagedChannel channel = town.channelTo(server.getPort(), town.clientStreams().build());
    Listener listener = new Listener();

    StreamTown.open(channel, listener).onNext(Listener.message("x"));

    Status status = listener.awaitEnd();
    assertThat(status.getCode()).isEqualTo(Status.Code.ABORTED);
    assertThat(status.getDescription()).isEqualTo("not today");
  }

  @Test
  void cutStreamOfPlainServerIsOpenedAgainAndTheApplicationSendsItsFirstMessagesAnew() {
    List<String> served = new CopyOnWriteArrayList<>();
    Server server = town.serve(StreamTown.talk(answers -> StreamTown.recording(served, answers)));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel =
        town.channelTo(relay.port(), town.clientStreams().level(Level.REOPEN).build());
    Listener listener = new Listener();
    Subscriber subscriber = new Subscriber();

    StreamObserver<StringValue> requests =
        StreamTown.open(
            channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, subscriber), listener);
    subscriber.requests = requests;
    requests.onNext(Listener.message("subscribe"));
    listener.awaitCount(1);
    relay.cut();
    listener.awaitCount(2);
    requests.onCompleted();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(served).containsExactly("subscribe", "subscribe");
    assertThat(subscriber.reopened).hasValue(1);
  }

  @Test
  void halfCloseIsRepeatedOnAStreamThatWasOpenedAgain() {
    List<String> served = new CopyOnWriteArrayList<>();
    AtomicInteger halfCloses = new AtomicInteger();
    Server server =
        town.serve(
            StreamTown.talk(
                answers -> {
                  StreamObserver<StringValue> inner = StreamTown.recording(served, answers);
                  // The first stream has no end but that of its connection.
                  return onCompleted(
                      inner,
                      () -> {
                        if (halfCloses.incrementAndGet() > 1) {
                          inner.onCompleted();
                        }
                      });
                }));
    TcpRelay relay = town.relayTo(server);
    ManagedChannel channel =
        town.channelTo(relay.port(), town.clientStreams().level(Level.REOPEN).build());
    Listener listener = new Listener();
    StreamEvents subscriber =
        new StreamEvents() {
          @Override
          public void onReopened(long dropped, Consumer<Object> first) {
            first.accept(Listener.message("subscribe"));
          }
        };
    StreamObserver<StringValue> requests =
        StreamTown.open(
            channel, CallOptions.DEFAULT.withOption(StreamEvents.KEY, subscriber), listener);
    requests.onNext(Listener.message("subscribe"));
    requests.onCompleted();
    listener.awaitCount(1);
    await().atMost(Duration.ofSeconds(30)).until(() -> halfCloses.get() == 1);
    relay.cut();

    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    assertThat(served).containsExactly("subscribe", "subscribe");
  }

  private static StreamObserver<StringValue> onCompleted(
      StreamObserver<StringValue> inner, Runnable completed) {
    return new StreamObserver<>() {
      @Override
      public void onNext(StringValue message) {
        inner.onNext(message);
      }

      @Override
      public void onError(Throwable failure) {
        inner.onError(failure);
      }

      @Override
      public void onCompleted() {
        completed.run();
      }
    };
  }

  private static final class Subscriber implements StreamEvents {
    private volatile StreamObserver<StringValue> requests = StreamTown.silent();
    private final AtomicInteger reopened = new AtomicInteger();

    @Override
    public void onReopened(long dropped) {
      reopened.incrementAndGet();
      requests.onNext(Listener.message("subscribe"));
    }
  }

  @Test
  void methodWithOtherMessagesIsRefusedWhenItIsConfigured() {
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Text")
            .addMethod(text(), (call, headers) -> new ServerCall.Listener<>() {})
            .build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> town.serverStreams().build().resumable(service))
        .withMessageContaining("test.Text/Talk")
        .withMessageContaining("protobuf");
    ManagedChannel channel =
        town.channelTo(1, town.clientStreams().methods("test.Text/Talk").build());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> channel.newCall(text(), CallOptions.DEFAULT))
        .withMessageContaining("protobuf");
  }

  private static MethodDescriptor<String, String> text() {
    MethodDescriptor.Marshaller<String> marshaller =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(String value) {
            return new ByteArrayInputStream(new byte[0]);
          }

          @Override
          public String parse(InputStream stream) {
            return "";
          }
        };
    return MethodDescriptor.<String, String>newBuilder()
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName("test.Text/Talk")
        .setRequestMarshaller(marshaller)
        .setResponseMarshaller(marshaller)
        .build();
  }

  private static int talk(ManagedChannel channel, int messages) {
    Listener listener = new Listener();
    StreamObserver<StringValue> requests = StreamTown.open(channel, listener);
    for (int i = 0; i < messages; i++) {
      requests.onNext(Listener.message("m" + i));
    }
    requests.onCompleted();
    assertThat(listener.awaitEnd()).isEqualTo(Status.OK);
    await().atMost(Duration.ofSeconds(10)).until(() -> listener.ends() == 1);
    return listener.heard().size();
  }
}
