package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.listener.CidrRange;
import dev.holdfast.gateway.listener.ListenerOptions;
import io.grpc.Metadata;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What services hear of those in front of the gateway: nothing that just anybody may say. */
class ForwardedHeadersTest {
  private static final List<String> SAID =
      List.of(
          "x-forwarded-for: 10.1.1.1",
          "x-forwarded-for: 10.2.2.2",
          "x-forwarded-proto: https",
          "x-forwarded-host: evil.example",
          "x-forwarded-port: 443",
          "x-forwarded-prefix: /evil",
          "x-real-ip: 10.3.3.3",
          "forwarded: for=10.4.4.4");

  private final FrontendRig frontends;

  ForwardedHeadersTest() throws Exception {
    frontends = new FrontendRig();
  }

  @AfterEach
  void close() {
    frontends.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "JSON", "JSON over HTTP/2"})
  void nobodyIsBelieved(String way) throws Exception {
    call(way, frontends.gateway.address());
    assertThat(heard()).isEqualTo("{x-forwarded-for=127.0.0.1, x-forwarded-proto=http}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "JSON", "JSON over HTTP/2"})
  void aTrustedForwarderIsBelievedAndAddedTo(String way) throws Exception {
    listen("127.0.0.0/8");
    call(way, frontends.gateway.address());
    assertThat(heard())
        .isEqualTo(
            "{forwarded=for=10.4.4.4, x-forwarded-for=10.1.1.1, 10.2.2.2, 127.0.0.1,"
                + " x-forwarded-host=evil.example, x-forwarded-port=443,"
                + " x-forwarded-prefix=/evil, x-forwarded-proto=https, x-real-ip=10.3.3.3}");
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "JSON"})
  void othersThanTheTrustedOnesAreNot(String way) throws Exception {
    listen("10.0.0.0/8");
    call(way, frontends.gateway.address());
    assertThat(heard()).isEqualTo("{x-forwarded-for=127.0.0.1, x-forwarded-proto=http}");
  }

  private void listen(String forwarders) throws Exception {
    ListenerOptions listenerOptions =
        ListenerOptions.plaintext(TlsRig.loopback())
            .withForwarders(List.of(CidrRange.parse("trusted-forwarders", forwarders)));
    frontends.gateway.listen(List.of(listenerOptions));
  }

  private void call(String way, InetSocketAddress at) throws Exception {
    if (way.equals("JSON")) {
      String request =
          "GET /v1/hello/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
              + String.join("\r\n", SAID)
              + "\r\n\r\n";
      try (Socket socket = new Socket(at.getAddress(), at.getPort())) {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
            .contains("hello x");
      }
      return;
    }
    boolean grpc = way.equals("native");
    RawPeer client = frontends.rig.client(frontends.gateway);
    Http2Headers head =
        grpc
            ? RawPeer.call("/test.greet.Greeter/SayHello")
            : RawPeer.call("/v1/hello/x").method("GET").set("content-type", "application/json");
    for (String each : SAID) {
      String[] parts = each.split(": ", 2);
      head.add(parts[0], parts[1]);
    }
    client.headers(3, head, !grpc);
    if (grpc) {
      client.data(3, new byte[5], true);
    }
    assertThat(client.next("HEADERS").header(":status")).isEqualTo("200");
  }

  private String heard() {
    TreeMap<String, String> heard = new TreeMap<>();
    Metadata metadata = frontends.greetings.metadata;
    for (String name : metadata.keys()) {
      if (name.contains("forwarded") || name.equals("x-real-ip")) {
        Iterable<String> values =
            metadata.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        heard.put(name, values == null ? "" : String.join(", ", values));
      }
    }
    return heard.toString();
  }
}
