package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.UpstreamCall;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.limits.GatewayMeters;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.gateway.socket.ClosingEventLoopGroup;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessMeters;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that the gateway makes itself, against a stock server. */
final class UpstreamCallTest {
  private final GatewayRig rig = new GatewayRig();
  private final EventLoopGroup threads =
      ClosingEventLoopGroup.of(
          1,
          new DefaultThreadFactory("calls", true),
          Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private final GatewaySnapshot snapshot = rig.snapshot("127.0.0.1:1");
  private final ForwardingLoop loop =
      new ForwardingLoop(
          threads.next(),
          () -> snapshot,
          new ForwardingLoop.ConnectionMonitoring(
              LivenessOptions.DEFAULT,
              LivenessMeters.on(rig.meters, ConnectionRole.SERVER),
              LivenessMeters.on(rig.meters, ConnectionRole.CLIENT),
              new GatewayMeters(rig.meters)));

  @AfterEach
  void close() {
    loop.eventLoop().execute(() -> loop.retain(List.of()));
    threads.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    rig.close();
  }

  @Test
  void callsAMethodAndGetsItsMessageAndStatus() throws Exception {
    Call call = new Call("Unary", rig.serve(new Echo()));
    call.run(c -> c.request(2));
    call.run(c -> c.send(new byte[] {1, 2, 3}, 1, 2, true));

    assertThat(call.message()).containsExactly(2, 3);
    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.OK);
  }

  @Test
  void putsAMessageTogetherThatIsLargerThanAnyWindow() throws Exception {
    byte[] large = new byte[3_000_000];
    Arrays.fill(large, (byte) 7);
    Call call = new Call("Unary", rig.serve(new Echo()));
    call.run(c -> c.send(large, 0, large.length, true));
    call.run(c -> c.request(2));

    assertThat(Arrays.equals(call.message(), large)).isTrue();
    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.OK);
  }

  @Test
  void refusesAMessageThatIsTooLarge() throws Exception {
    byte[] large = new byte[UpstreamCall.MESSAGE_BYTES + 1];
    Call call = new Call("Unary", rig.serve(new Echo()));
    call.run(c -> c.send(large, 0, large.length, true));
    call.run(c -> c.request(1));

    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.RESOURCE_EXHAUSTED);
    assertThat(call.end().message()).contains("4194305 bytes (expected: <= 4194304)");
  }

  @Test
  void tellsTheEndOnlyAfterEveryMessageThatWasAskedFor() throws Exception {
    Call call = new Call("Many", rig.serve(new Echo()));
    call.run(c -> c.send(new byte[] {3}, 0, 1, true));
    for (int i = 0; i < 3; i++) {
      call.run(c -> c.request(1));
      assertThat(call.message()).containsExactly(3);
    }
    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.OK);
  }

  @Test
  void speaksBothWaysAtOnce() throws Exception {
    Call call = new Call("Talk", rig.serve(new Echo()));
    for (byte i = 0; i < 3; i++) {
      byte[] said = {i};
      call.run(c -> c.send(said, 0, 1, false));
      call.run(c -> c.request(1));
      assertThat(call.message()).containsExactly(i);
    }
    call.run(UpstreamCall::halfClose);
    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.OK);
  }

  @Test
  void namesTheEndpointThatCannotBeReached() throws Exception {
    Call call = new Call("Unary", "127.0.0.1:1");

    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.UNAVAILABLE);
    assertThat(call.end().message()).contains("gateway: no connection").contains("127.0.0.1:1");
  }

  @Test
  void hearsOfAMethodThatIsNotThere() throws Exception {
    Call call = new Call("Nothing", rig.serve(new Echo()));
    call.run(UpstreamCall::halfClose);

    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.UNIMPLEMENTED);
    assertThat(call.end().message()).contains("Method not found");
  }

  @Test
  void keepsItsDeadline() throws Exception {
    Call call = new Call("Talk", rig.serve(new Echo()), "50m");

    assertThat(call.end().status()).isEqualTo(GrpcStatusCode.DEADLINE_EXCEEDED);
  }

  @Test
  void anotherThreadThanThatOfTheLoopIsRefused() throws Exception {
    Call call = new Call("Talk", rig.serve(new Echo()));

    assertThatThrownBy(() -> call.call.request(1)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(call.call::cancel).isInstanceOf(AssertionError.class);
    assertThatThrownBy(call.call::halfClose).isInstanceOf(AssertionError.class);
    assertThatThrownBy(loop::view)
        .isInstanceOf(AssertionError.class)
        .hasMessage(
            "thread: %s (expected: that of the event loop)", Thread.currentThread().getName());
    call.run(UpstreamCall::cancel);
  }

  /** One call and what was heard of it. */
  private final class Call implements CallListener {
    private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<CallEnd> end = new CompletableFuture<>();
    private final UpstreamCall call;

    Call(String method, String endpoint) {
      this(method, endpoint, "30S");
    }

    Call(String method, String endpoint, String timeout) {
      Cluster cluster =
          Cluster.fixed("echo", EndpointSet.of(List.of(Endpoint.of(endpoint))), GatewayRig.PATIENT);
      Http2Headers headers = UpstreamCall.headers("/test.Echo/" + method, "echo");
      headers.set("grpc-timeout", timeout);
      call =
          loop.eventLoop()
              .submit(() -> new UpstreamCall(loop, headers, this, UpstreamCall.MESSAGE_BYTES))
              .syncUninterruptibly()
              .getNow();
      run(c -> c.start(cluster, RouteOptions.DEFAULT));
    }

    void run(java.util.function.Consumer<UpstreamCall> step) {
      loop.eventLoop().execute(() -> step.accept(call));
    }

    byte[] message() throws InterruptedException {
      return messages.poll(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    CallEnd end() throws Exception {
      return end.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onHeaders(Http2Headers headers) {
      assertThat(headers.status()).hasToString("200");
    }

    @Override
    public void onMessage(byte[] bytes, int offset, int length) {
      messages.add(Arrays.copyOfRange(bytes, offset, offset + length));
    }

    @Override
    public void onEnd(CallEnd how) {
      end.complete(how);
    }
  }
}
