package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.tls.ListenerTls;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates by the names that clients ask for. */
class SniTest {
  @TempDir Path folder;
  private final GatewayRig rig = new GatewayRig();
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
  void theNameThatAClientAsksForDecidesWhichCertificateItIsShown() throws Exception {
    TestCertificate shop = tls.issue("shop.example");
    TestCertificate below = tls.issue("*.shop.example");
    TestCertificate deep = tls.issue("*.eu.shop.example");
    TestCertificate first = tls.issue();
    var at = gateway(first, shop, below, deep).address();

    assertThat(tls.shown(at, "shop.example")).isEqualTo(TlsRig.read(shop.certificate()));
    assertThat(tls.shown(at, "A.Shop.example")).isEqualTo(TlsRig.read(below.certificate()));
    assertThat(tls.shown(at, "a.b.shop.example")).isEqualTo(TlsRig.read(below.certificate()));
    assertThat(tls.shown(at, "a.eu.shop.example")).isEqualTo(TlsRig.read(deep.certificate()));
    assertThat(tls.shown(at, "workshop.example")).isEqualTo(TlsRig.read(first.certificate()));
    assertThat(tls.shown(at, "")).isEqualTo(TlsRig.read(first.certificate()));
    assertThat(rig.meters.find("holdfast.gateway.tls.expires").gauges()).hasSize(4);
    assertThat(rig.meters.get("holdfast.gateway.tls.refused").counter().count()).isZero();
  }

  @Test
  void eachOfThemIsReadAgainWhenItChanges() throws Exception {
    TestCertificate shop = tls.issue("shop.example");
    ListenerTls.SniCertificate sniCertificate =
        new ListenerTls.SniCertificate(List.of("shop.example"), tls.install(shop));
    var at =
        tls.gateway(
                rig,
                new ListenerTls(
                    TlsRig.identity(tls.issue()), List.of(sniCertificate), Optional.empty()),
                rig.serve(new Echo()))
            .address();
    assertThat(tls.shown(at, "shop.example")).isEqualTo(TlsRig.read(shop.certificate()));

    TestCertificate next = tls.issue("shop.example");
    var unused = tls.install(next);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> tls.shown(at, "shop.example").equals(TlsRig.read(next.certificate())));
  }

  @Test
  void whoNeverSaysWhomHeWantsIsClosed() throws Exception {
    rig.limits(
        new GatewayLimits(
            128, 16_384, 65_535, 65_535, Duration.ofMillis(200), Duration.ofHours(1)));
    Gateway gateway = gateway(tls.issue(), tls.issue("shop.example"));
    byte[] hello = new byte[30_000];
    System.arraycopy(new byte[] {0x16, 3, 1, 0x40, 0, 1, 0, (byte) 0x80, 0}, 0, hello, 0, 9);
    List<byte[]> begins = List.of(new byte[0], new byte[] {0x16, 3, 1, 2, 0, 1}, hello, text());
    for (byte[] begin : begins) {
      try (Socket socket = new Socket()) {
        socket.connect(gateway.address());
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(begin);
        assertThat(RawTcpClient.isEnded(socket)).isTrue();
      }
    }
    assertThat(rig.met("handshake")).isEqualTo(2);
    assertThat(rig.meters.get("holdfast.gateway.tls.refused").counter().count()).isEqualTo(4);
  }

  private static byte[] text() {
    return "GET / HTTP/1.1\r\n\r\n".repeat(4_000).getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Each certificate is for the name that is its file's. */
  private Gateway gateway(TestCertificate first, TestCertificate... others) throws Exception {
    List<ListenerTls.SniCertificate> sniCertificate =
        List.of(others).stream()
            .map(
                each -> {
                  String name = each.certificate().getName().replace(".crt", "");
                  return new ListenerTls.SniCertificate(List.of(name), TlsRig.identity(each));
                })
            .toList();
    ListenerTls all = new ListenerTls(TlsRig.identity(first), sniCertificate, Optional.empty());
    return tls.gateway(rig, all, rig.serve(new Echo()));
  }
}
