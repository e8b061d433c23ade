package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.holdfast.gateway.route.ServiceRouter;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Stock clients and servers of gRPC with a gateway between them. */
class NativePathTest {
  private static final byte[] MEGABYTE = new byte[1 << 20];

  private final GatewayRig rig = new GatewayRig();
  private final Echo echo = new Echo();
  private Gateway gateway;
  private Channel channel;

  @BeforeEach
  void open() throws Exception {
    gateway = rig.gateway(rig.serve(echo));
    channel = rig.channel(gateway);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void forwardsUnaryCalls() {
    byte[] answer =
        ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[] {1, 2});
    assertThat(answer).containsExactly(1, 2);
  }

  @Test
  void forwardsManyCallsAtOnce() throws Exception {
    List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      answers.add(unary(ByteBuffer.allocate(4).putInt(i).array()));
    }
    for (int i = 0; i < answers.size(); i++) {
      assertThat(ByteBuffer.wrap(get(answers.get(i))).getInt()).isEqualTo(i);
    }
    assertThat(echo.calls).hasValue(500);
  }

  @Test
  void forwardsServerStreams() {
    Iterator<byte[]> answers =
        ClientCalls.blockingServerStreamingCall(
            channel, Echo.MANY, CallOptions.DEFAULT, new byte[] {5, 7});
    List<byte[]> all = new ArrayList<>();
    answers.forEachRemaining(all::add);
    assertThat(all).hasSize(5).allMatch(message -> message[1] == 7);
  }

  @Test
  void forwardsClientStreamsOfMegabytes() throws Exception {
    CollectedResponses answer = new CollectedResponses();
    StreamObserver<byte[]> requests =
        ClientCalls.asyncClientStreamingCall(
            channel.newCall(Echo.COUNT, CallOptions.DEFAULT), answer);
    for (int i = 0; i < 8; i++) {
      requests.onNext(MEGABYTE);
    }
    requests.onCompleted();
    assertThat(ByteBuffer.wrap(get(answer.done).get(0)).getInt()).isEqualTo(8 << 20);
  }

  @Test
  void forwardsMegabytesBothWaysOnManyStreams() throws Exception {
    List<CollectedResponses> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      CollectedResponses answer = new CollectedResponses();
      answers.add(answer);
      StreamObserver<byte[]> requests =
          ClientCalls.asyncBidiStreamingCall(
              channel.newCall(Echo.TALK, CallOptions.DEFAULT), answer);
      requests.onNext(MEGABYTE);
      requests.onNext(new byte[] {(byte) i});
      requests.onCompleted();
    }
    for (int i = 0; i < answers.size(); i++) {
      List<byte[]> messages = get(answers.get(i).done);
      assertThat(messages).hasSize(2);
      assertThat(messages.get(0)).hasSize(MEGABYTE.length);
      assertThat(messages.get(1)).containsExactly(i);
    }
  }

  @Test
  void keepsMetadataBothWays() throws Exception {
    Metadata sent = new Metadata();
    Metadata.Key<byte[]> binary = Metadata.Key.of("x-bin", Metadata.BINARY_BYTE_MARSHALLER);
    Metadata.Key<String> text = Metadata.Key.of("x-text", Metadata.ASCII_STRING_MARSHALLER);
    Metadata.Key<String> secret =
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    sent.put(binary, new byte[] {0, -1, 7, 44});
    sent.put(text, "one");
    sent.put(text, "two");
    sent.put(secret, "Bearer of news");
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    AtomicReference<Metadata> headers = new AtomicReference<>();
    Channel with =
        ClientInterceptors.intercept(
            channel,
            MetadataUtils.newAttachHeadersInterceptor(sent),
            MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    ClientCalls.blockingUnaryCall(with, Echo.UNARY, CallOptions.DEFAULT, new byte[0]);
    Metadata seen = Objects.requireNonNull(echo.seen.get());
    assertThat(seen.get(binary)).containsExactly(0, -1, 7, 44);
    assertThat(seen.getAll(text)).containsExactly("one", "two");
    assertThat(seen.get(secret)).isEqualTo("Bearer of news");
    assertThat(seen.get(key("x-forwarded-for"))).isEqualTo("127.0.0.1");
    assertThat(seen.get(key("x-forwarded-proto"))).isEqualTo("http");
    assertThat(Objects.requireNonNull(headers.get()).get(binary)).containsExactly(0, -1, 7, 44);
    assertThat(Objects.requireNonNull(trailers.get()).getAll(text)).containsExactly("one", "two");
  }

  @Test
  void keepsStatusAndMessageOfFailures() {
    StatusRuntimeException failure = failureOf("FAILED_PRECONDITION:grün % läuft\n");
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    assertThat(failure.getStatus().getDescription()).isEqualTo("grün % läuft\n");
  }

  @Test
  void whereRoutesAreStillLearnedTheClientMayComeAgain() {
    GatewaySnapshot all = gateway.snapshot();
    gateway.apply(new GatewaySnapshot(ServiceRouter.unknown(), all.clusters(), all.limits()));
    StatusRuntimeException failure =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                ClientCalls.blockingUnaryCall(
                    channel, Echo.UNARY, CallOptions.DEFAULT, new byte[0]));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(failure.getStatus().getDescription()).contains("has not said yet which it has");
  }

  @Test
  void answersUnknownMethodsAsTheServerDoes() {
    StatusRuntimeException failure =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                ClientCalls.blockingUnaryCall(
                    channel, Echo.ABSENT, CallOptions.DEFAULT, new byte[0]));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    assertThat(failure.getStatus().getDescription()).doesNotContain("gateway");
  }

  @Test
  void passesCancelsOnToTheServer() throws Exception {
    ClientCall<byte[], byte[]> call = channel.newCall(Echo.TALK, CallOptions.DEFAULT);
    CollectedResponses answer = new CollectedResponses();
    StreamObserver<byte[]> requests = ClientCalls.asyncBidiStreamingCall(call, answer);
    requests.onNext(new byte[] {1});
    assertThat(answer.first.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).containsExactly(1);
    call.cancel("enough", null);
    assertThat(echo.cancelled.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  private StatusRuntimeException failureOf(String request) {
    return catchThrowableOfType(
        StatusRuntimeException.class,
        () ->
            ClientCalls.blockingUnaryCall(
                channel, Echo.FAIL, CallOptions.DEFAULT, request.getBytes(StandardCharsets.UTF_8)));
  }

  private CompletableFuture<byte[]> unary(byte[] request) {
    CollectedResponses answer = new CollectedResponses();
    ClientCalls.asyncUnaryCall(channel.newCall(Echo.UNARY, CallOptions.DEFAULT), request, answer);
    return answer.done.thenApply(all -> all.get(0));
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static <T> T get(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }
}
