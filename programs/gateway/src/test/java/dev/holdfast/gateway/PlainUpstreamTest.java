package dev.holdfast.gateway;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.HostPort;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.RouteOptions;
import dev.holdfast.lab.TcpRelay;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Resumable streams in front of a service without sessions: each is one plain call. */
class PlainUpstreamTest {
  private static final Metadata.Key<byte[]> HELLO =
      Metadata.Key.of("holdfast-stream-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private final PushedGreetings service = new PushedGreetings();
  private final GatewayRig rig = new GatewayRig();

  /** The acts of calls, in order: whether they began with a hello, and that they half-closed. */
  private final List<String> seen = new CopyOnWriteArrayList<>();

  private Gateway open() throws Exception {
    return FrontendRig.open(rig, FrontendRig.KNOWN, serve());
  }

  private String serve() throws Exception {
    return serve(true);
  }

  private String serve(boolean serviceSessions) throws Exception {
    rig.terms(
        RouteOptions.DEFAULT.withResume(
            new ResumePolicy(
                Duration.ofMinutes(2), 1_048_576, 1_000, 67_108_864, List.of(), serviceSessions)));
    return rig.serve(() -> ServerInterceptors.intercept(service.bindService(), recorder()));
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void requestOfEventsIsCompleteBeforeTheServiceHasAnswered() throws Exception {
    Gateway gateway = open();
    for (int i = 0; i < 2; i++) {
      CompletableFuture<EventReader> opening =
          EventReader.begin(gateway.address(), ResumableRig.MANY, "");
      PushedGreetings.Stream stream = service.next();
      assertThat(stream.unknownFields).isTrue();
      stream.say(1, "");
      try (EventReader reader = opening.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        assertThat(reader.numbers(1)).containsExactly(1);
        stream.end();
        assertThat(requireNonNull(reader.next()).name()).isEqualTo("end");
      }
    }
    assertThat(seen).containsExactly("hello", "half-close", "hello", "half-close");
  }

  @Test
  void serviceIsOfferedNothingWhereTheRouteSaysSo() throws Exception {
    Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, serve(false));
    CompletableFuture<EventReader> opening =
        EventReader.begin(gateway.address(), ResumableRig.MANY, "");
    PushedGreetings.Stream stream = service.next();
    stream.say(1, "");
    try (EventReader reader = opening.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      assertThat(reader.numbers(1)).containsExactly(1);
      assertThat(stream.unknownFields).isFalse();
    }
    assertThat(seen).containsExactly("plain", "half-close");
  }

  @Test
  void socketsOfAServiceWithoutSessionsAreCallsWithoutAHello() throws Exception {
    Gateway gateway = open();
    for (int i = 0; i < 3; i++) {
      try (RawSocket socket = socket(gateway)) {
        assertThat(socket.next()).contains("@session");
        socket.text("{\"name\":\"a\"}");
        PushedGreetings.Stream stream = service.next();
        assertThat(stream.names.take()).isEqualTo("a");
        stream.say(1, "");
        assertThat(socket.next()).contains("\"number\":\"1\"");
        socket.text("");
        assertThat(stream.names.take()).isEqualTo("end");
        stream.end();
        assertThat(socket.next()).startsWith("text {\"@status\":{\"code\":0");
      }
    }
    assertThat(seen)
        .containsExactly("hello", "half-close", "plain", "half-close", "plain", "half-close");
  }

  @Test
  void callThatIsCutBeforeItsFirstAnswerIsTheEndAndIsNotRepeated() throws Exception {
    try (TcpRelay relay = TcpRelay.toPort(HostPort.parse(serve()).port())) {
      Gateway gateway = FrontendRig.open(rig, FrontendRig.KNOWN, "127.0.0.1:" + relay.port());
      CompletableFuture<EventReader> opening =
          EventReader.begin(gateway.address(), ResumableRig.MANY, "");
      var unused = service.next();
      relay.cut();
      try (EventReader reader = opening.get(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        assertThat(reader.status()).isEqualTo(503);
        assertThat(reader.rest()).contains("upstream 127.0.0.1:" + relay.port());
      }
    }
    assertThat(seen).containsExactly("hello", "half-close");
  }

  private ServerInterceptor recorder() {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        seen.add(headers.containsKey(HELLO) ? "hello" : "plain");
        return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
            next.startCall(call, headers)) {
          @Override
          public void onHalfClose() {
            seen.add("half-close");
            super.onHalfClose();
          }
        };
      }
    };
  }

  private static RawSocket socket(Gateway gateway) throws Exception {
    Socket socket = new Socket(gateway.address().getAddress(), gateway.address().getPort());
    socket.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    return RawSocket.ask(socket, ResumableRig.CHAT + "?@session=new");
  }
}
