package dev.holdfast.gateway.config;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.holdfast.core.testkit.TestAuthority;
import dev.holdfast.gateway.tls.ListenerTls;
import dev.holdfast.gateway.tls.TlsIdentity;
import dev.holdfast.gateway.tls.UpstreamTls;
import dev.holdfast.yaml.YamlException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that a gateway.yaml names: they are looked at, unless they are in use already. */
class GatewayYamlFilesTest {
  @Test
  void certificatesAreReadUnlessTheyAreInUse(@TempDir Path folder) throws Exception {
    TestAuthority authority = TestAuthority.create(folder, "ca");
    Instant now = Instant.now();
    Path own = Files.createDirectory(folder.resolve("own"));
    Path old = Files.createDirectory(folder.resolve("old"));
    var unusedOwn = authority.issue(own, "gate", now.minusSeconds(9), now.plusSeconds(9_000));
    var unusedOld = authority.issue(old, "gate", now.minusSeconds(9_000), now.minusSeconds(9));
    TlsFileLocation place = TlsFileLocation.of(folder);
    String good =
        """
        listeners:
          - address: 8443
            tls: {certificate: own/gate.crt, key: own/gate.key, client-ca: ca.crt, forward-client: append}
        clusters:
          a:
            endpoints: [b:1]
            tls: {ca: ca.crt, server-name: gate}
        """;

    GatewayConfig config = GatewayYamlTest.parse(good, place);
    assertThat(requireNonNull(config.listeners().get(0)).tls())
        .contains(
            new ListenerTls(
                new TlsIdentity(own.resolve("gate.crt"), own.resolve("gate.key")),
                Optional.of(
                    new ListenerTls.ClientAuthentication(
                        folder.resolve("ca.crt"), true, ListenerTls.ClientCertForwarding.APPEND))));
    assertThat(requireNonNull(config.clusters().get("a")).tls())
        .contains(
            new UpstreamTls(
                Optional.of(folder.resolve("ca.crt")), Optional.empty(), Optional.of("gate")));

    String odd = good.replace("own/gate.key", "old/gate.key");
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYamlTest.parse(odd, place))
        .withMessageContaining("gateway.yaml:3: listeners[0].tls.key: ")
        .withMessageContaining("gate.key (expected: the key of ");
    String strange =
        good.replace(
            "client-ca",
            "certificates: [{names: [gate, a.gate], certificate: own/gate.crt, key: own/gate.key}],"
                + " client-ca");
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYamlTest.parse(strange, place))
        .withMessage(
            "gateway.yaml:3: listeners[0].tls.certificates[0].certificate: not for a.gate"
                + " (expected: one for it; this one is for gate)");
    String named = strange.replace("[gate, a.gate]", "[gate]");
    assertThat(GatewayYamlTest.parse(named, place).listeners().get(0).tls().orElseThrow().named())
        .hasSize(1);
    String expired = good.replace("own/", "old/");
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYamlTest.parse(expired, place))
        .withMessageContaining("gateway.yaml:3: listeners[0].tls.certificate: ")
        .withMessageContaining("gate.crt: expired at ");
    Set<Path> used = Set.of(old.resolve("gate.crt"), old.resolve("gate.key"));
    assertThat(GatewayYamlTest.parse(expired, place.using(used)).tlsFiles()).containsAll(used);
  }

  @Test
  void aLogThatCanNotBeWrittenIsRefusedUnlessItIsInUse(@TempDir Path folder) {
    Path log = folder.resolve("gone/calls.log");
    String text = "zone: a\naccess-log: " + log + "\n";
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYamlTest.parse(text))
        .withMessageContaining(
            "gateway.yaml:2: access-log: " + log + ": no folder " + log.getParent() + " (expected");
    assertThat(GatewayYamlTest.parse(text, TlsFileLocation.HERE.using(Set.of(log))).filesInUse())
        .contains(log);
    assertThat(
            GatewayYamlTest.parse("access-log: " + folder.resolve("calls.log"))
                .observability()
                .accessLog())
        .isPresent();
    assertThat(folder).isEmptyDirectory();
  }
}
