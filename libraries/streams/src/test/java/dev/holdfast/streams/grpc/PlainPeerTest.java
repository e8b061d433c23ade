package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.DurabilityLevel;
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
  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @Test
  void resumableClientTalksToPlainServer() {
    Server server = topology.serve(StreamTopology.talk(StreamTopology::echo));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());

    assertThat(talk(channel, 1_000)).isEqualTo(1_000);
  }

  @Test
  void plainClientTalksToResumableServer() {
    ServerStreams streams = topology.serverStreams().build();
    Server server = topology.serve(streams.resumable(StreamTopology.talk(StreamTopology::echo)));
    ManagedChannel channel = topology.channelTo(server.getPort());

    assertThat(talk(channel, 1_000)).isEqualTo(1_000);
    assertThat(topology.meters.find(StreamMeter.ATTACHMENTS.meterName()).counter()).isNull();
  }

  @Test
  void unaryCallsPassByBothSides() {
    Server server =
        topology.serve(
            topology.serverStreams().build().resumable(StreamTopology.talk(StreamTopology::echo)));
    ClientStreams clientStreams = topology.clientStreams().build();
    ManagedChannel channel = topology.channelTo(server.getPort(), clientStreams);

    StringValue answer =
        ClientCalls.blockingUnaryCall(
            channel, StreamTopology.ASK, CallOptions.DEFAULT, RecordingObserver.message("hello"));

    assertThat(answer.getValue()).isEqualTo("hello");
    assertThat(topology.meters.find(StreamMeter.ATTACHMENTS.meterName()).counter()).isNull();
  }

  @Test
  void plainMiddlemanThatForwardsUnknownFieldsConfusesNobody() {
    List<String> served = new CopyOnWriteArrayList<>();
    Server behind =
        topology.serve(
            topology
                .serverStreams()
                .build()
                .resumable(
                    StreamTopology.talk(answers -> StreamTopology.recording(served, answers))));
    ManagedChannel onwards = topology.channelTo(behind.getPort(), topology.clientStreams().build());
    Server middleman =
        topology.serve(StreamTopology.talk(answers -> StreamTopology.open(onwards, answers)));
    ManagedChannel channel =
        topology.channelTo(middleman.getPort(), topology.clientStreams().build());

    assertThat(talk(channel, 300)).isEqualTo(300);
    assertThat(served).hasSize(300).doesNotHaveDuplicates();
  }

  @Test
  void statusOfPlainServerArrivesAsItIs() {
    Server server =
        topology.serve(
            StreamTopology.talk(
                answers -> {
                  answers.onError(Status.ABORTED.withDescription("not today").asException());
                  return StreamTopology.silent();
                }));
    ManagedChannel channel = topology.channelTo(server.getPort(), topology.clientStreams().build());
    RecordingObserver recordingObserver = new RecordingObserver();

    StreamTopology.open(channel, recordingObserver).onNext(RecordingObserver.message("x"));

    Status status = recordingObserver.awaitEnd();
    assertThat(status.getCode()).isEqualTo(Status.Code.ABORTED);
    assertThat(status.getDescription()).isEqualTo("not today");
  }

  @Test
  void cutStreamOfPlainServerIsOpenedAgainAndTheApplicationSendsItsFirstMessagesAnew() {
    List<String> served = new CopyOnWriteArrayList<>();
    Server server =
        topology.serve(StreamTopology.talk(answers -> StreamTopology.recording(served, answers)));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().level(DurabilityLevel.REOPEN).build());
    RecordingObserver recordingObserver = new RecordingObserver();
    Subscriber subscriber = new Subscriber();

    StreamObserver<StringValue> requests =
        StreamTopology.open(
            channel,
            CallOptions.DEFAULT.withOption(StreamEvents.KEY, subscriber),
            recordingObserver);
    subscriber.requests = requests;
    requests.onNext(RecordingObserver.message("subscribe"));
    recordingObserver.awaitCount(1);
    relay.cut();
    recordingObserver.awaitCount(2);
    requests.onCompleted();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    assertThat(served).containsExactly("subscribe", "subscribe");
    assertThat(subscriber.reopened).hasValue(1);
  }

  @Test
  void halfCloseIsRepeatedOnAStreamThatWasOpenedAgain() {
    List<String> served = new CopyOnWriteArrayList<>();
    AtomicInteger halfCloses = new AtomicInteger();
    Server server =
        topology.serve(
            StreamTopology.talk(
                answers -> {
                  StreamObserver<StringValue> inner = StreamTopology.recording(served, answers);
                  // The first stream has no end but that of its connection.
                  return onCompleted(
                      inner,
                      () -> {
                        if (halfCloses.incrementAndGet() > 1) {
                          inner.onCompleted();
                        }
                      });
                }));
    TcpRelay relay = topology.relayTo(server);
    ManagedChannel channel =
        topology.channelTo(
            relay.port(), topology.clientStreams().level(DurabilityLevel.REOPEN).build());
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamEvents subscriber =
        new StreamEvents() {
          @Override
          public void onReopened(long dropped, Consumer<Object> first) {
            first.accept(RecordingObserver.message("subscribe"));
          }
        };
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            channel,
            CallOptions.DEFAULT.withOption(StreamEvents.KEY, subscriber),
            recordingObserver);
    requests.onNext(RecordingObserver.message("subscribe"));
    requests.onCompleted();
    recordingObserver.awaitCount(1);
    await().atMost(Duration.ofSeconds(30)).until(() -> halfCloses.get() == 1);
    relay.cut();

    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
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
    private volatile StreamObserver<StringValue> requests = StreamTopology.silent();
    private final AtomicInteger reopened = new AtomicInteger();

    @Override
    public void onReopened(long dropped) {
      reopened.incrementAndGet();
      requests.onNext(RecordingObserver.message("subscribe"));
    }
  }

  @Test
  void methodWithOtherMessagesIsRefusedWhenItIsConfigured() {
    ServerServiceDefinition service =
        ServerServiceDefinition.builder("test.Text")
            .addMethod(text(), (call, headers) -> new ServerCall.Listener<>() {})
            .build();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> topology.serverStreams().build().resumable(service))
        .withMessageContaining("test.Text/Talk")
        .withMessageContaining("protobuf");
    ManagedChannel channel =
        topology.channelTo(1, topology.clientStreams().methods("test.Text/Talk").build());
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
    RecordingObserver recordingObserver = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(channel, recordingObserver);
    for (int i = 0; i < messages; i++) {
      requests.onNext(RecordingObserver.message("m" + i));
    }
    requests.onCompleted();
    assertThat(recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    await().atMost(Duration.ofSeconds(60)).until(() -> recordingObserver.ends() == 1);
    return recordingObserver.count();
  }
}
