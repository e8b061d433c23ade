package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.ListenerTls.ClientCertForwarding;
import dev.holdfast.gateway.tls.TlsContexts;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.ServerInterceptors;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who a client is, as services hear it: by its certificate, whatever it says itself. */
class ClientIdentityTest {
  private static final String NAME = "x-forwarded-client-cert";
  private static final Metadata.Key<String> KEY =
      Metadata.Key.of(NAME, Metadata.ASCII_STRING_MARSHALLER);
  private static final String FORGED = "Hash=00;Subject=\"CN=admin\"";
  private static final String HELLO = "/test.greet.Greeter/SayHello";
  private static final String JSON = "{\"name\":\"x\"}";

  @TempDir Path folder;

  private final GatewayRig rig = new GatewayRig();
  private final Greetings greetings = new Greetings();
  private TlsRig tls;
  private int calls;
  private long sessionBegan;

  @BeforeEach
  void open() throws Exception {
    tls = new TlsRig(folder);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void nobodyIsBelievedWhateverHeSpeaks() throws Exception {
    try (FrontendRig frontends = new FrontendRig()) {
      byte[] hello = message();
      var unusedJson =
          frontends.post(
              HELLO, JSON, "content-type", "application/json", "X-Forwarded-Client-Cert", FORGED);
      requireUntold(frontends, 1);
      var unusedWeb =
          frontends.postBytes(
              HELLO, hello, "content-type", "application/grpc-web+proto", NAME, FORGED);
      requireUntold(frontends, 2);
      var unusedConnect =
          frontends.post(
              HELLO,
              JSON,
              "content-type",
              "application/json",
              "connect-protocol-version",
              "1",
              NAME,
              FORGED);
      requireUntold(frontends, 3);
      try (RawSocket socket = RawSocket.ask(frontends.socket(), HELLO, NAME + ": " + FORGED)) {
        socket.text(JSON);
        assertThat(socket.next()).contains("hello x");
      }
      requireUntold(frontends, 4);
      RawPeer client = frontends.rig.client(frontends.gateway);
      Http2Headers json =
          RawPeer.call(HELLO).set("content-type", "application/json").add(NAME, FORGED);
      client.headers(3, json, false);
      client.data(3, JSON.getBytes(StandardCharsets.US_ASCII), true);
      assertThat(client.next("DATA").text()).contains("hello x");
      requireUntold(frontends, 5);
      // More than twice, as headers that come again are remembered.
      for (int i = 0; i < 4; i++) {
        int stream = 5 + 2 * i;
        client.headers(stream, RawPeer.call(HELLO).add(NAME, FORGED).add(NAME, "Hash=01"), false);
        client.data(stream, hello, true);
        while (!client.next("HEADERS").header("grpc-status").equals("0")) {
          // Its head.
        }
        requireUntold(frontends, 6 + i);
      }
    }
  }

  private static void requireUntold(FrontendRig frontends, int calls) {
    assertThat(frontends.greetings.calls).hasValue(calls);
    assertThat(frontends.greetings.metadata.keys())
        .contains("x-forwarded-for")
        .doesNotContain(NAME);
  }

  @Test
  void trailersTellNothingEither() throws Exception {
    RawPeer.Upstream upstream = rig.closing(RawPeer.listen(new Http2Settings()));
    RawPeer client = rig.client(rig.gateway(upstream.address()));
    client.headers(3, RawPeer.call("/test.Echo/Unary"), false);
    client.headers(3, new DefaultHttp2Headers().add(NAME, FORGED).add("x-other", "1"), true);
    RawPeer peer = upstream.accepted();
    RawPeer.Frame last = peer.next("HEADERS");
    if (!last.end()) {
      last = peer.next("HEADERS", "DATA");
      assertThat(last.type()).isEqualTo("DATA");
    }
    assertThat(last.end()).isTrue();
  }

  @Test
  void servicesHearTheCertificateAndWhomItSpeaksForIfTheListenerSaysSo() throws Exception {
    List<InetSocketAddress> at =
        open(List.of(
                ClientCertForwarding.SET, ClientCertForwarding.APPEND, ClientCertForwarding.NONE))
            .addresses();
    TestCertificate own = tls.issue("client.example");
    String told = told(own);

    assertThat(heard(at.get(0), own)).isEqualTo(told);
    assertThat(heard(at.get(0), null)).isNull();
    assertThat(heard(at.get(1), own)).isEqualTo(FORGED + "," + told);
    assertThat(heard(at.get(1), null)).isNull();
    assertThat(heard(at.get(2), own)).isNull();
    SSLContext context = tls.context(own);
    assertThat(heardOfJson(context, at.get(1), "TLSv1.3")).isEqualTo(FORGED + "," + told);
    // The second time the session is resumed, and no certificate is shown.
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      assertThat(heardOfJson(context, at.get(0), version)).isEqualTo(told);
      long began = sessionBegan;
      assertThat(heardOfJson(context, at.get(0), version)).isEqualTo(told);
      assertThat(sessionBegan).isEqualTo(began);
    }
  }

  private Gateway open(List<ClientCertForwarding> ways) throws Exception {
    TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
    List<ListenerOptions> listenerOptions = new ArrayList<>();
    for (ClientCertForwarding way : ways) {
      ListenerTls.ClientAuthentication clientAuthentication =
          new ListenerTls.ClientAuthentication(tls.trusted().toPath(), false, way);
      ListenerTls terms =
          new ListenerTls(TlsRig.identity(tls.issue()), Optional.of(clientAuthentication));
      listenerOptions.add(ListenerOptions.tls(TlsRig.loopback(), ring.server(terms)));
    }
    String endpoint =
        rig.serve(
            () -> ServerInterceptors.intercept(greetings.bindService(), greetings.interceptor()));
    return rig.closing(
        Gateway.open(
            GatewayOptions.listeningAt(listenerOptions)
                .withThreads(1)
                .withDrain(new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO))
                .withMeters(rig.meters)
                .withFrontend(HttpFrontend.of(FrontendRig.KNOWN)),
            rig.snapshot(endpoint)));
  }

  /** What the service hears of a stock client that says it is somebody. */
  private @Nullable String heard(InetSocketAddress at, @Nullable TestCertificate own)
      throws Exception {
    Metadata forged = new Metadata();
    forged.put(KEY, FORGED);
    var channel =
        ClientInterceptors.intercept(
            tls.client(rig, at, own), MetadataUtils.newAttachHeadersInterceptor(forged));
    var unused =
        GreeterGrpc.newBlockingStub(channel)
            .withDeadlineAfter(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
            .sayHello(HelloRequest.getDefaultInstance());
    assertThat(greetings.calls).hasValue(++calls);
    return greetings.metadata.get(KEY);
  }

  private @Nullable String heardOfJson(SSLContext context, InetSocketAddress at, String version)
      throws Exception {
    String request =
        FrontendRig.lines(
            "POST " + HELLO + " HTTP/1.1",
            "host: x",
            "connection: close",
            "content-type: application/json",
            "content-length: 2",
            NAME + ": " + FORGED);
    try (SSLSocket socket = tls.socket(context, at, version, "http/1.1", "")) {
      socket.getOutputStream().write((request + "{}").getBytes(StandardCharsets.US_ASCII));
      assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 200 ");
      sessionBegan = socket.getSession().getCreationTime();
    }
    assertThat(greetings.calls).hasValue(++calls);
    return greetings.metadata.get(KEY);
  }

  private static String told(TestCertificate own) throws Exception {
    byte[] der = TlsRig.read(own.certificate()).getEncoded();
    String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
    return "Hash=" + hash + ";Subject=\"CN=client.example\";DNS=client.example";
  }

  private static byte[] message() {
    byte[] message = HelloRequest.newBuilder().setName("x").build().toByteArray();
    return ByteBuffer.allocate(5 + message.length)
        .put((byte) 0)
        .putInt(message.length)
        .put(message)
        .array();
  }
}
