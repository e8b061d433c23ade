package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that send while isReady says so, and then wait for onReady. */
class ReadySendersTest {
  private static final int MESSAGES = 300;
  private static final String PAYLOAD = "x".repeat(10_000);

  private final StreamTopology topology = new StreamTopology();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @ParameterizedTest(name = "server with sessions: {0}")
  @ValueSource(booleans = {true, false})
  void allThatIsSentSoArrives(boolean withSessions) {
    ServerServiceDefinition service = StreamTopology.talk(StreamTopology::echo);
    Server server =
        topology.serve(
            withSessions ? topology.serverStreams().build().resumable(service) : service);
    ManagedChannel channel =
        topology.channelTo(
            server.getPort(),
            topology
                .clientStreams()
                .options(StreamTopology.QUICK.withSendBuffer(4, 1 << 20))
                .build());
    PatientSender sender = new PatientSender();

    StreamTopology.open(channel, sender);

    assertThat(sender.recordingObserver.awaitEnd()).isEqualTo(Status.OK);
    List<String> heard = sender.recordingObserver.heard();
    assertThat(heard).hasSize(MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
      assertThat(heard.get(i)).startsWith(i + " ");
    }
  }

  private static final class PatientSender
      implements ClientResponseObserver<StringValue, StringValue> {
    private final RecordingObserver recordingObserver = new RecordingObserver();
    private @Nullable ClientCallStreamObserver<StringValue> call;
    private int sent;

    @Override
    public void beforeStart(ClientCallStreamObserver<StringValue> requests) {
      call = requests;
      requests.setOnReadyHandler(this::send);
    }

    /** Sends while the stream is ready; called by one callback at a time. */
    private void send() {
      ClientCallStreamObserver<StringValue> to = Objects.requireNonNull(call);
      while (to.isReady() && sent < MESSAGES) {
        to.onNext(RecordingObserver.message(sent + " " + PAYLOAD));
        sent++;
        if (sent == MESSAGES) {
          to.onCompleted();
        }
      }
    }

    @Override
    public void onNext(StringValue message) {
      recordingObserver.onNext(message);
    }

    @Override
    public void onError(Throwable failure) {
      recordingObserver.onError(failure);
    }

    @Override
    public void onCompleted() {
      recordingObserver.onCompleted();
    }
  }
}
