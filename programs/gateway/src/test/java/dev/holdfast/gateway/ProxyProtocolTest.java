package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.listener.CidrRange;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.listener.ProxyProtocolOptions;
import dev.holdfast.gateway.tls.TlsContexts;
import io.micrometer.core.instrument.Counter;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who the client is when a proxy in front says so, and when anybody does. */
class ProxyProtocolTest {
  private static final String GET = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
  private static final byte[] TEXT = ascii("PROXY TCP4 203.0.113.7 10.0.0.1 5555 80\r\n");
  private static final String BINARY = "0d0a0d0a000d0a515549540a";
  private static final ProxyProtocolOptions REQUIRED = terms(true, "127.0.0.0/8", "::1");
  private static final ProxyProtocolOptions OPTIONAL = terms(false, "127.0.0.1");

  @TempDir Path folder;
  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void theClientIsWhomATrustedProxyNames() throws Exception {
    Gateway gateway = gateway(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(REQUIRED));
    assertThat(answer(gateway, TEXT)).endsWith(" 203.0.113.7.");
    String six = "21" + "0028" + "20010db8000000000000000000000007" + "0".repeat(32);
    assertThat(answer(gateway, binary(six + "115c0050" + "04" + "0001" + "ff")))
        .endsWith(" 2001:db8:0:0:0:0:0:7.");
    assertThat(answer(gateway, HexFormat.of().parseHex(BINARY + "20000000")))
        .as("a check by the proxy itself")
        .endsWith(" 127.0.0.1.");
    assertThat(answer(gateway, ascii("PROXY UNKNOWN\r\n"))).endsWith(" 127.0.0.1.");

    gateway.listen(List.of(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(OPTIONAL)));
    assertThat(answer(gateway, TEXT)).endsWith(" 203.0.113.7.");
    assertThat(answer(gateway, new byte[0])).endsWith(" 127.0.0.1.");
    assertThat(refused()).isZero();
  }

  @Test
  void upstreamsHearOfItOverHttp2AndTlsToo() throws Exception {
    try (RawPeer.Upstream upstream = RawPeer.listen(new Http2Settings())) {
      Gateway gateway = rig.gateway(upstream.address());
      gateway.listen(List.of(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(REQUIRED)));
      RawPeer client = RawPeer.connect(gateway.address(), TEXT);
      client.headers(3, RawPeer.call("/test.Echo/Talk"), false);
      assertThat(upstream.accepted().next("HEADERS").header("x-forwarded-for"))
          .isEqualTo("203.0.113.7");
      client.close();
    }
    TlsRig tls = new TlsRig(folder);
    TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
    Gateway gateway =
        gateway(
            ListenerOptions.tls(
                    TlsRig.loopback(), ring.server(tls.plain(TlsRig.identity(tls.issue()))))
                .withProxies(REQUIRED));
    try (Socket plain = connected(gateway);
        Socket secured = tls.over(plain, TEXT)) {
      secured.getOutputStream().write(ascii(GET));
      assertThat(new String(secured.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .endsWith(" 203.0.113.7.");
    }
  }

  @Test
  void nobodyElseIsBelieved() throws Exception {
    ProxyProtocolOptions elsewhere = terms(true, "10.0.0.0/8", "128.0.0.0/1");
    Gateway strict = gateway(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(elsewhere));
    assertThat(answer(strict, TEXT)).isEmpty();
    assertThat(refused("untrusted")).isEqualTo(1);
    Gateway open =
        gateway(
            ListenerOptions.plaintext(TlsRig.loopback()).withProxies(terms(false, "10.0.0.0/8")));
    assertThat(answer(open, TEXT)).startsWith("HTTP/1.1 400").doesNotContain("from ");
    assertThat(answer(open, new byte[0])).endsWith(" 127.0.0.1.");
    assertThat(refused()).isEqualTo(1);
  }

  @Test
  void headersThatMakeNoSenseEndTheConnection() throws Exception {
    Gateway gateway = gateway(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(REQUIRED));
    assertThat(answer(gateway, new byte[0])).isEmpty();
    assertThat(refused("missing")).isEqualTo(1);
    List<byte[]> bad =
        List.of(
            ascii("PROXY TCP4 here there 1 2\r\n"),
            ascii("PROXY " + "a".repeat(65_536)),
            HexFormat.of().parseHex(BINARY + "31110000"),
            large());
    for (int i = 0; i < bad.size(); i++) {
      assertThat(answer(gateway, bad.get(i))).isEmpty();
      int refused = i + 1;
      // The decoder closes the connection before it says why.
      await().untilAsserted(() -> assertThat(refused("malformed")).isEqualTo(refused));
    }
  }

  @Test
  void headersThatDontEndInTimeEndTheConnection() throws Exception {
    rig.limits(
        new GatewayLimits(
            128, 16_384, 65_535, 65_535, Duration.ofMillis(200), Duration.ofHours(1)));
    Gateway gateway = gateway(ListenerOptions.plaintext(TlsRig.loopback()).withProxies(OPTIONAL));
    for (byte[] begin : List.of(ascii("PROX"), ascii("PROXY TCP4 203"), large16())) {
      try (Socket socket = connected(gateway)) {
        socket.getOutputStream().write(begin);
        assertThat(RawTcpClient.isEnded(socket)).isTrue();
      }
    }
    assertThat(rig.met("handshake")).isEqualTo(3);
    assertThat(refused("slow")).isEqualTo(3);
  }

  private static byte[] large16() {
    return HexFormat.of().parseHex(BINARY + "21110100" + "00".repeat(99));
  }

  /** It says that 65,535 bytes follow, and they do. */
  private static byte[] large() {
    return HexFormat.of().parseHex(BINARY + "2111ffff" + "00".repeat(65_535));
  }

  private Gateway gateway(ListenerOptions listenerOptions) throws IOException {
    Gateway gateway =
        rig.frontend(
                (exchange, ended) -> {
                  exchange.answer(
                      new DefaultHttp2Headers().status("200"),
                      ascii("from " + exchange.clientIdentity().address() + "."));
                  return TlsRig.deaf();
                })
            .gateway("127.0.0.1:1");
    gateway.listen(List.of(listenerOptions));
    return gateway;
  }

  private static Socket connected(Gateway gateway) throws IOException {
    Socket socket = new Socket();
    socket.connect(gateway.address());
    socket.setSoTimeout(30_000);
    return socket;
  }

  /** What is answered to a request after these bytes; "" when the connection just ends. */
  private static String answer(Gateway gateway, byte[] before) throws IOException {
    try (Socket socket = connected(gateway)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      all.writeBytes(before);
      all.writeBytes(ascii(GET));
      return RawTcpClient.answer(socket, all.toByteArray());
    }
  }

  private double refused(String reason) {
    return rig
        .meters
        .find("holdfast.gateway.proxy.refused")
        .tag("reason", reason)
        .counters()
        .stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private double refused() {
    return rig.meters.find("holdfast.gateway.proxy.refused").counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static ProxyProtocolOptions terms(boolean required, String... trusted) {
    return new ProxyProtocolOptions(
        required, List.of(trusted).stream().map(each -> CidrRange.parse("trusted", each)).toList());
  }

  private static byte[] binary(String rest) {
    return HexFormat.of().parseHex(BINARY + "21" + rest);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
