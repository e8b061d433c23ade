package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.StringValue;
import dev.holdfast.lab.TcpRelay;
import dev.holdfast.streams.SessionEnd;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Wrong clocks where the age of a stream decides: the first connection of the stream was cut behind
 * its messages, and the only instance, which never saw them, may begin it only if it was there all
 * the time.
 */
class OnlyInstanceClocksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration HOUR = Duration.ofHours(1);

  private final StreamTopology topology = new StreamTopology();
  private final AgedScheduler ofClient = new AgedScheduler();
  private final AgedScheduler ofServer = new AgedScheduler();
  private final RecordingObserver answers = new RecordingObserver();
  private final List<String> served = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() throws Exception {
    topology.close();
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 1})
  void clockThatIsAnHourFromTheServersEndsNoStream(long hours) throws Exception {
    ofClient.wallAhead(HOUR.multipliedBy(hours));
    goesOn(cutAtItsFirstMessage(() -> {}));
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 1})
  void clockOfTheServerThatIsSetMeanwhileEndsNoStream(long hours) throws Exception {
    goesOn(cutAtItsFirstMessage(() -> ofServer.wallAhead(HOUR.multipliedBy(hours))));
  }

  @Test
  void clockOfTheClientThatIsSetBackMeanwhileEndsNoStream() throws Exception {
    ofClient.wallAhead(HOUR);
    goesOn(cutAtItsFirstMessage(() -> ofClient.wallAhead(HOUR.negated())));
  }

  /**
   * A client can't tell this from an hour of sleep, in which its monotonic clock stands still. The
   * server may have forgotten the stream in such an hour, so it must not begin it again.
   */
  @Test
  void clockOfTheClientThatIsSetForwardMeanwhileIsTakenForASleep() throws Exception {
    var unused = cutAtItsFirstMessage(() -> ofClient.wallAhead(HOUR));

    assertThat(SessionEndedException.in(answers.awaitEnd().getCause()))
        .hasValueSatisfying(
            why -> assertThat(why.end().kind()).isEqualTo(SessionEnd.SessionEndKind.LOST_UNKNOWN));
    assertThat(answers.ends()).isOne();
    assertThat(served).isEmpty();
  }

  private StreamObserver<StringValue> cutAtItsFirstMessage(Runnable meanwhile) throws Exception {
    ServerStreams streams = topology.serverStreams().onlyInstance().scheduler(ofServer).build();
    // Its sessions are younger than it by more than a handshake may take.
    ofServer.age(HOUR);
    Swallowed swallowed = new Swallowed();
    Server server =
        topology.serve(
            builder ->
                builder
                    .addService(
                        streams.resumable(
                            StreamTopology.talk(to -> StreamTopology.recording(served, to))))
                    .intercept(swallowed));
    TcpRelay relay = topology.relayTo(server);
    ClientStreams client = topology.clientStreams().scheduler(ofClient).build();
    ManagedChannel channel = topology.channelTo(relay.port(), client);
    StreamObserver<StringValue> requests =
        StreamTopology.open(channel, CallOptions.DEFAULT.withWaitForReady(), answers);
    requests.onNext(RecordingObserver.message("1"));
    assertThat(swallowed.message.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

    relay.refuseNew();
    relay.cut();
    await()
        .atMost(PATIENCE)
        .until(() -> client.sessions().stream().anyMatch(one -> one.attempts() == 2));
    // The second call waits for a connection.
    meanwhile.run();
    relay.heal();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              channel.resetConnectBackoff();
              return answers.count() + answers.ends() > 0;
            });
    return requests;
  }

  private void goesOn(StreamObserver<StringValue> requests) {
    requests.onNext(RecordingObserver.message("2"));
    requests.onCompleted();
    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(answers.heard()).containsExactly("1", "2");
    assertThat(served).containsExactly("1", "2");
  }

  /**
   * Something before the server that takes the first call and its message, and passes on others.
   */
  private static final class Swallowed implements ServerInterceptor {
    private final AtomicBoolean taken = new AtomicBoolean();
    private final CountDownLatch message = new CountDownLatch(1);

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> handler) {
      if (!taken.compareAndSet(false, true)) {
        return handler.startCall(call, headers);
      }
      call.request(1);
      return new ServerCall.Listener<>() {
        @Override
        public void onMessage(Q unread) {
          message.countDown();
        }
      };
    }
  }
}
