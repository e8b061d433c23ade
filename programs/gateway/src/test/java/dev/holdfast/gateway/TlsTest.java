package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.tls.TlsContexts;
import dev.holdfast.gateway.tls.UpstreamTls;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS on both sides, with stock clients and servers of gRPC and bare sockets of the JDK. */
class TlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int PATIENCE_MILLIS = 30_000;
  private static final Metadata.Key<String> PROTO =
      Metadata.Key.of("x-forwarded-proto", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir Path folder;

  private final GatewayRig rig = new GatewayRig();
  private final Echo echo = new Echo();
  private TlsRig tls;

  @BeforeEach
  void open() throws Exception {
    tls = new TlsRig(folder);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void clientsWithACertificateAreServedAndThoseWithoutOnlyWhereItIsOptional() throws Exception {
    String endpoint = rig.serve(echo);
    var own = TlsRig.identity(tls.issue());
    Gateway strict = tls.gateway(rig, tls.mutual(own, true), endpoint);
    Gateway lenient = tls.gateway(rig, tls.mutual(own, false), endpoint);
    TestCertificate expired = tls.issue(Instant.now().minusSeconds(60));

    assertThat(call(tls.client(rig, strict.address(), tls.issue()))).isEqualTo("hi");
    assertThat(forwardedProto()).isEqualTo("https");
    assertThat(failure(tls.client(rig, strict.address(), null)).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(call(tls.client(rig, lenient.address(), null))).isEqualTo("hi");
    assertThat(failure(tls.client(rig, lenient.address(), expired)).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
  }

  @Test
  void http1IsSpokenByAlpnAndByTheFirstBytes() throws Exception {
    Gateway gateway = tls.gateway(rig, tls.plain(TlsRig.identity(tls.issue())), rig.serve(echo));
    for (String protocol : List.of("http/1.1", "")) {
      try (SSLSocket socket = tls.socket(gateway.address(), "TLSv1.2", protocol, "")) {
        assertThat(socket.getApplicationProtocol()).isEqualTo(protocol);
        socket
            .getOutputStream()
            .write(
                "GET /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII));
        assertThat(text(socket.getInputStream()))
            .startsWith("HTTP/1.1 200")
            .endsWith("https for /a");
      }
    }
  }

  @Test
  void clientsThatOfferUnknownProtocolsAloneAreRefusedByAnAlert() throws Exception {
    Gateway gateway = tls.gateway(rig, tls.plain(TlsRig.identity(tls.issue())), rig.serve(echo));
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      assertThatThrownBy(() -> tls.socket(gateway.address(), version, "imap", ""))
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("no_application_protocol");
    }
    await()
        .untilAsserted(
            () ->
                assertThat(rig.meters.get("holdfast.gateway.tls.refused").counter().count())
                    .isEqualTo(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"h2", "http/1.1"})
  void aSecondHandshakeEndsTheConnection(String protocol) throws Exception {
    Gateway gateway = tls.gateway(rig, tls.plain(TlsRig.identity(tls.issue())), rig.serve(echo));
    try (SSLSocket socket = tls.socket(gateway.address(), "TLSv1.2", protocol, "")) {
      socket.setSoTimeout(PATIENCE_MILLIS);
      assertThatThrownBy(
              () -> {
                socket.startHandshake();
                // The reading side drives the handshake.
                while (socket.getInputStream().read() >= 0) {
                  socket.getOutputStream().write(0);
                }
                throw new EOFException("closed");
              })
          .isInstanceOf(IOException.class)
          .isNotInstanceOf(SocketTimeoutException.class);
    }
    await()
        .untilAsserted(
            () ->
                assertThat(rig.meters.get("holdfast.gateway.tls.refused").counter().count())
                    .isEqualTo(1));
    // An assertion of Netty's, that ALPN is asked once, is no mistake of the gateway's.
    assertThat(rig.meters.get("holdfast.gateway.connection.faults").counter().count()).isZero();
  }

  @Test
  void handshakesThatAreNotEndedAreClosed() throws Exception {
    rig.limits(
        new GatewayLimits(
            128, 16_384, 65_535, 65_535, Duration.ofMillis(100), Duration.ofHours(1)));
    Gateway gateway = tls.gateway(rig, tls.plain(TlsRig.identity(tls.issue())), rig.serve(echo));
    for (byte[] begin : List.of(new byte[0], new byte[] {0x16, 3, 1, 2, 0, 1})) {
      try (Socket socket = new Socket()) {
        socket.connect(gateway.address());
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.getOutputStream().write(begin);
        assertThat(text(socket.getInputStream())).isNotNull();
      }
    }
    assertThat(rig.met("handshake")).isEqualTo(2);
    assertThat(rig.meters.get("holdfast.gateway.tls.refused").counter().count()).isEqualTo(2);
  }

  @Test
  void anotherCertificateIsShownSoonAndAnExpiredOneNever() throws Exception {
    TestCertificate first = tls.issue();
    TestCertificate second = tls.issue();
    Gateway gateway = tls.gateway(rig, tls.plain(tls.install(first)), rig.serve(echo));
    Channel open = tls.client(rig, gateway.address(), null);
    CollectedResponses answers = new CollectedResponses();
    StreamObserver<byte[]> talk =
        ClientCalls.asyncBidiStreamingCall(open.newCall(Echo.TALK, CallOptions.DEFAULT), answers);
    talk.onNext(new byte[] {1});
    assertThat(answers.first.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isNotNull();
    assertThat(tls.shown(gateway.address(), "")).isEqualTo(TlsRig.read(first.certificate()));

    var unusedSecond = tls.install(second);
    await()
        .atMost(PATIENCE)
        .until(() -> tls.shown(gateway.address(), "").equals(TlsRig.read(second.certificate())));

    var unusedExpired = tls.install(tls.issue(Instant.now().minusSeconds(60)));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                rig.meters.find("holdfast.gateway.tls.files").tag("result", "refused").counter()
                    != null);
    assertThat(tls.shown(gateway.address(), "")).isEqualTo(TlsRig.read(second.certificate()));
    assertThat(rig.meters.get("holdfast.gateway.tls.expires").gauge().value()).isPositive();
    talk.onNext(new byte[] {2});
    talk.onCompleted();
    assertThat(answers.done.get(PATIENCE.toSeconds(), TimeUnit.SECONDS)).hasSize(2);
    assertThat(call(open)).isEqualTo("hi");
  }

  @Test
  void endpointsAreCalledOverMutualTls() throws Exception {
    String endpoint = tls.serve(rig, echo, tls.issue());
    Channel client = throughTo(endpoint, tls.upstream(TlsRig.identity(tls.issue()), TlsRig.NAME));

    assertThat(call(client)).isEqualTo("hi");
    assertThat(forwardedProto()).isEqualTo("http");
  }

  @Test
  void whyAnEndpointCantBeTrustedIsSaid() throws Exception {
    var own = TlsRig.identity(tls.issue());
    UpstreamTls named = tls.upstream(own, TlsRig.NAME);
    String good = tls.serve(rig, echo, tls.issue());
    String expired = tls.serve(rig, echo, tls.issue(Instant.now().minusSeconds(60)));

    assertThat(refusal(expired, named)).contains(expired).contains("TLS: certificate expired");
    assertThat(refusal(tls.serve(rig, echo, tls.strange()), named))
        .contains("TLS: certificate of no trusted authority");
    assertThat(refusal(good, tls.upstream(own, null)))
        .contains("TLS: certificate refused: no subject alternative names matching");
    assertThat(refusal(rig.serve(echo), named)).contains("TLS: the peer speaks no TLS");
    assertThat(refusal(good, tls.upstream(null, TlsRig.NAME))).contains("TLS: ");
    assertThat(echo.calls).hasValue(0);
  }

  private Channel throughTo(String endpoint, UpstreamTls upstream) throws Exception {
    TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
    rig.cluster(GatewayRig.PATIENT.withTls(ring.client(upstream)));
    return rig.channel(rig.gateway(endpoint));
  }

  private String refusal(String endpoint, UpstreamTls upstream) throws Exception {
    Status status = failure(throughTo(endpoint, upstream));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    return String.valueOf(status.getDescription());
  }

  private static String call(Channel channel) {
    byte[] answer =
        ClientCalls.blockingUnaryCall(
            channel,
            Echo.UNARY,
            CallOptions.DEFAULT.withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS),
            "hi".getBytes(StandardCharsets.UTF_8));
    return new String(answer, StandardCharsets.UTF_8);
  }

  /** What the service heard with its last call. */
  private @Nullable String forwardedProto() {
    return Objects.requireNonNull(echo.seen.get()).get(PROTO);
  }

  private static Status failure(Channel channel) {
    return catchThrowableOfType(StatusRuntimeException.class, () -> call(channel)).getStatus();
  }

  private static String text(InputStream in) throws Exception {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }
}
