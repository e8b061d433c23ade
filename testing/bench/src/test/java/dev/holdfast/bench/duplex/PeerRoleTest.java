package dev.holdfast.bench.duplex;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import dev.holdfast.duplex.conformance.reference.PeerRole;
import dev.holdfast.duplex.conformance.reference.ReferenceServer;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.ClientStreams;
import dev.holdfast.streams.grpc.SessionEndedException;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The Java client with each peer of the conformance kit that stands alone. */
class PeerRoleTest {
  private static final int PATIENCE_SECONDS = 60;

  private @Nullable ReferenceServer server;
  private @Nullable ManagedChannel channel;
  private final Answers answers = new Answers();

  @AfterEach
  void close() {
    if (channel != null) {
      channel.shutdownNow();
    }
    if (server != null) {
      server.close();
    }
  }

  @Test
  void echoAnswersEachMessage() throws Exception {
    StreamObserver<BytesValue> requests = open(PeerRole.ECHO);
    send(requests, 3);
    requests.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(answers.texts).containsExactly("m1", "m2", "m3");
  }

  @Test
  void floodSendsAHundredThousand() throws Exception {
    open(PeerRole.FLOOD);

    assertThat(answers.end()).isNull();
    assertThat(answers.texts)
        .isEqualTo(IntStream.rangeClosed(1, 100_000).mapToObj(i -> "flood-" + i).toList());
  }

  @Test
  void sinkTakesEverythingUntilTheHalfClose() throws Exception {
    StreamObserver<BytesValue> requests = open(PeerRole.SINK);
    send(requests, 1_000);
    requests.onCompleted();

    assertThat(answers.end()).isNull();
    assertThat(answers.texts).isEmpty();
  }

  @Test
  void failEndsAtTheFirstMessage() throws Exception {
    send(open(PeerRole.FAIL), 1);

    assertThat(answers.end())
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            end ->
                assertThat(end.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION));
  }

  @Test
  void drainLeavesAtTheTenthMessage() throws Exception {
    send(open(PeerRole.DRAIN), 10);

    assertThat(SessionEndedException.in(answers.end()))
        .hasValueSatisfying(
            ended -> assertThat(ended.end().kind()).isEqualTo(SessionEnd.SessionEndKind.MOVED));
    assertThat(answers.texts).hasSize(10);
  }

  private StreamObserver<BytesValue> open(PeerRole role) throws Exception {
    ReferenceServer started =
        role.serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    server = started;
    ManagedChannel opened =
        NettyChannelBuilder.forAddress("127.0.0.1", started.port())
            .usePlaintext()
            .intercept(ClientStreams.builder().build())
            .build();
    channel = opened;
    return ClientCalls.asyncBidiStreamingCall(
        opened.newCall(TextMethod.of("holdfast.duplex.Conformance/Talk"), CallOptions.DEFAULT),
        answers);
  }

  private static void send(StreamObserver<BytesValue> requests, int count) {
    for (int i = 1; i <= count; i++) {
      requests.onNext(BytesValue.of(ByteString.copyFromUtf8("m" + i)));
    }
  }

  /** The answers and the end of a stream. */
  private static final class Answers implements StreamObserver<BytesValue> {
    private final List<String> texts = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<List<Throwable>> ended = new CompletableFuture<>();

    @Override
    public void onNext(BytesValue answer) {
      texts.add(answer.getValue().toStringUtf8());
    }

    @Override
    public void onError(Throwable failure) {
      ended.complete(List.of(failure));
    }

    @Override
    public void onCompleted() {
      ended.complete(List.of());
    }

    /** The failure with which it ended; null if it completed. */
    @Nullable Throwable end() throws Exception {
      List<Throwable> failure = ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return failure.isEmpty() ? null : failure.get(0);
    }
  }
}
