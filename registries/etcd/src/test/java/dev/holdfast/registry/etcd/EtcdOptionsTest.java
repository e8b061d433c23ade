package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.registration.AdvertisedAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an etcd URI says, and what is answered to one that makes no sense. */
class EtcdOptionsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "etcd://h1/prod h1:2379",
        "etcd://h1:1234/prod h1:1234",
        "etcd://h1,h2,h3:1234/prod h1:1234,h2:1234,h3:1234",
        "etcd://h1:1,h2,h3:3/prod h1:1,h2:3,h3:3",
        "etcd://h1,h2/prod?endpoints=h3:2380,h4 h1:2379,h2:2379,h3:2380,h4:2379",
        "etcd:///prod?endpoints=h3:2380 h3:2380",
        "etcd://[fd00::1]/prod [fd00::1]:2379",
        "etcd://[fd00::1],[fd00::2]:99/prod [fd00::1]:99,[fd00::2]:99",
        "etcd://h1,h1:2379/prod h1:2379",
      })
  void membersAreSpeltInManyWays(String uri, String expected) {
    assertThat(options(uri).members())
        .containsExactlyElementsOf(
            List.of(expected.split(",")).stream().map(HostPort::parse).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "etcd:///prod|authority: \"\" (expected: 1 to 32 members",
        "etcd://h1:0/prod|port: 0 (expected: 1 to 65535)",
        "etcd://h1:70000/prod|port: 70000 (expected: 1 to 65535)",
        "etcd://h1:x/prod|port: \"x\" (expected: 1 to 65535)",
        "etcd://h 1/prod|host: \"h 1\"",
        "etcd://h1,,h2/prod|authority: \"\" (expected: host or host:port",
        "etcd://fd00::1/prod|an IPv6 address without brackets",
        "etcd://h1/prod?endpoints=h2:|port: \"\" (expected: 1 to 65535)",
        "etcd://h1/prod?ttl=1s|ttl: 1s (expected: 2s to 1h)",
        "etcd://h1/prod?ttl=2h|ttl: 2h (expected: 2s to 1h)",
        "etcd://h1/prod?ttl=5|ttl: \"5\" (expected: a number and ms, s, m or h",
        "etcd://h1/prod?request-timeout=5ms|request-timeout: 5ms (expected: 100ms to 1m)",
        "etcd://h1/prod?lease=maybe|lease: maybe (expected: auto or none)",
        "etcd://h1/prod?tls=on|tls: on (expected: true or false)",
        "etcd://h1/prod?tls=false&ca=/x|tls: false (expected: true, as ca or cert is given)",
        "etcd://h1/prod?cert=/x|key: not given (expected: cert and key together)",
        "etcd://h1/prod?key=/x|cert: not given (expected: cert and key together)",
        "etcd://:secret@h1/prod|a password without a user",
        "etcd://me@h1/prod|user \"me\" without a password",
      })
  void nonsenseIsRefusedWithWhatWasExpected(String uri, String message) {
    assertThatThrownBy(() -> options(uri))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("secret");
  }

  @Test
  void anUnknownParameterIsAnsweredWithTheNearestOne() {
    assertThatThrownBy(
            () ->
                new Registries(RegistryContext.system())
                    .open(RegistryUri.parse("etcd://h1/prod?tll=5s")))
        .hasMessageContaining("\"tll\" (expected: ttl)");
  }

  @Test
  void everyParameterThatIsReadIsDocumented() {
    assertThat(new EtcdRegistryProvider().uriParameters())
        .extracting(p -> p.name())
        .containsExactlyInAnyOrder(
            "endpoints", "ttl", "request-timeout", "relist", "lease", "tls", "ca", "cert", "key");
  }

  @Test
  void whatIsNotSaidHasADefault() {
    EtcdOptions options = options("etcd://h1/prod");

    assertThat(options.ttl()).isEqualTo(Duration.ofSeconds(10));
    assertThat(options.requestTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(options.leased()).isTrue();
    assertThat(options.tls()).isEmpty();
    assertThat(options.credentials()).isEmpty();
  }

  @Test
  void userAndPasswordComeFromTheUriOrTheEnvironment() throws Exception {
    Map<String, String> environment =
        Map.of("HOLDFAST_REGISTRY_USER", "env", "HOLDFAST_REGISTRY_PASSWORD", "env-secret");
    RegistryUri plain = RegistryUri.parse("etcd://h1/prod");
    RegistryUri inUri = RegistryUri.parse("etcd://me:my%40secret@h1/prod");
    RegistryUri userInUri = RegistryUri.parse("etcd://me@h1/prod");

    EtcdCredentials fromEnvironment =
        EtcdOptions.of(plain, environment).credentials().orElseThrow();
    assertThat(fromEnvironment.user()).isEqualTo("env");
    assertThat(fromEnvironment.password()).contains("env-secret");
    EtcdCredentials fromUri = EtcdOptions.of(inUri, environment).credentials().orElseThrow();
    assertThat(fromUri.user()).isEqualTo("me");
    assertThat(fromUri.password()).contains("my@secret");
    EtcdCredentials mixed = EtcdOptions.of(userInUri, environment).credentials().orElseThrow();
    assertThat(mixed.user()).isEqualTo("me");
    assertThat(mixed.password()).contains("env-secret");
    assertThat(fromUri).asString().doesNotContain("secret");
    assertThat(EtcdOptions.of(inUri, environment)).asString().doesNotContain("secret");
  }

  @Test
  void anEnvironmentThatContradictsItselfIsRefused() {
    RegistryUri uri = RegistryUri.parse("etcd://h1/prod");
    assertThatThrownBy(
            () ->
                EtcdOptions.of(
                    uri,
                    Map.of(
                        "HOLDFAST_REGISTRY_USER", "u",
                        "HOLDFAST_REGISTRY_PASSWORD", "secret",
                        "HOLDFAST_REGISTRY_PASSWORD_FILE", "/f")))
        .hasMessageContaining("(expected: one of them)")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> EtcdOptions.of(uri, Map.of("HOLDFAST_REGISTRY_PASSWORD", "secret")))
        .hasMessageContaining("HOLDFAST_REGISTRY_USER: not set")
        .hasMessageNotContaining("secret");
  }

  @Test
  void theRouteToAMemberTellsTheAddressToAnnounceBehindMembersThatHaveNone() throws Exception {
    List<String> own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(a -> !a.isLoopbackAddress() && !a.isLinkLocalAddress())
            .map(a -> a.getHostAddress().replaceAll("%.*", ""))
            .toList();
    Assumptions.assumeFalse(own.isEmpty(), "only loopback here");
    for (String address : own) {
      String host = address.contains(":") ? "[" + address + "]" : address;
      // A name that no resolver is asked for, because it can't be one.
      String uri = "etcd://127.0.0.1," + "x".repeat(64) + "," + host + ":2379/prod";
      try (SystemScheduler scheduler = SystemScheduler.create("test");
          Registry registry =
              EtcdRegistry.open(
                  RegistryUri.parse(uri), RegistryContext.system().withScheduler(scheduler))) {
        assertThat(
                AdvertisedAddress.find(Optional.empty(), 50051, Map.of(), registry.peerAddresses()))
            .isEqualTo(new HostPort(address, 50051));
      }
    }
  }

  private static EtcdOptions options(String uri) {
    return EtcdOptions.of(RegistryUri.parse(uri), Map.of());
  }
}
