package dev.holdfast.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminOptionsTest {
  @TempDir private Path directory;

  @Test
  void isOffUnlessTheEnvironmentAsksForIt() {
    assertThat(AdminOptions.ofEnvironment(Map.of())).isEmpty();
    assertThat(AdminOptions.ofEnvironment(Map.of("HOLDFAST_ADMIN", "off"))).isEmpty();
    assertThat(AdminOptions.ofEnvironment(Map.of("HOLDFAST_ADMIN", "on")))
        .contains(AdminOptions.loopback());
    assertThat(AdminOptions.ofEnvironment(Map.of("HOLDFAST_ADMIN", "[::1]:0")))
        .contains(AdminOptions.at("[::1]:0"));
  }

  @Test
  void wrongAddressIsNamed() {
    assertThatThrownBy(() -> AdminOptions.ofEnvironment(Map.of("HOLDFAST_ADMIN", "yes")))
        .hasMessage("HOLDFAST_ADMIN: yes (expected: on, off or host:port)");
    assertThatThrownBy(
            () ->
                AdminOptions.ofEnvironment(
                    Map.of("HOLDFAST_ADMIN", "on", "HOLDFAST_ADMIN_KEY_FILE", "key.pem")))
        .hasMessageStartingWith("HOLDFAST_ADMIN_KEY_FILE: set alone");
  }

  @Test
  void everyOtherAddressThanLoopbackNeedsATokenOrCertificates() throws IOException {
    assertThat(AdminOptions.loopback().listenAddress().getAddress().isLoopbackAddress()).isTrue();
    assertThatThrownBy(() -> AdminOptions.at("0.0.0.0:0").listenAddress())
        .hasMessage(
            "admin: 0.0.0.0:0 without a token and without client certificates (expected: one of"
                + " them, or a loopback address)");

    Path token = Files.writeString(directory.resolve("token"), "0123456789abcdef\n");
    assertThat(AdminOptions.at("0.0.0.0:0").withTokenFile(token).listenAddress().getPort())
        .isZero();
  }

  @Test
  void tokenThatCanBeGuessedOrIsMissingIsRefusedWithoutBeingShown() throws IOException {
    Path token = Files.writeString(directory.resolve("token"), "s3cret");
    AdminOptions options = AdminOptions.loopback().withTokenFile(token);

    assertThatThrownBy(options::listenAddress)
        .hasMessageContaining("16 characters or more")
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("s3cret"));

    Files.delete(token);
    assertThatThrownBy(options::listenAddress).hasMessageContaining("expected: a readable file");
  }

  @Test
  void addressGoesThroughTheMetadataOfAnEndpoint() throws IOException {
    Endpoint endpoint = Endpoint.of("10.0.0.7:50051");
    InetSocketAddress loopback = new InetSocketAddress(InetAddress.getLoopbackAddress(), 41_234);
    InetSocketAddress any = new InetSocketAddress("0.0.0.0", 41_234);

    assertThat(AdminAddress.of(endpoint.withMetadata(AdminAddress.toMetadata(loopback, "0a1b2c"))))
        .hasValueSatisfying(
            found -> {
              assertThat(found.address()).hasToString("127.0.0.1:41234");
              assertThat(found.loopback()).isTrue();
              assertThat(found.process()).isEqualTo("0a1b2c");
            });
    assertThat(AdminAddress.of(endpoint.withMetadata(AdminAddress.toMetadata(any, "0a1b2c"))))
        .hasValueSatisfying(
            found -> {
              assertThat(found.address()).hasToString("10.0.0.7:41234");
              assertThat(found.loopback()).isFalse();
            });
  }

  @Test
  void metadataOfSomebodyElseIsNoAddress() {
    for (String text :
        new String[] {"", "127.0.0.1:1", "x y", "*:99999 a", "127.0.0.1:1 " + "a".repeat(65)}) {
      Endpoint endpoint =
          Endpoint.of("10.0.0.7:50051").withMetadata(Map.of(AdminAddress.KEY, text));
      assertThat(AdminAddress.of(endpoint)).as(text).isEqualTo(Optional.empty());
    }
  }
}
