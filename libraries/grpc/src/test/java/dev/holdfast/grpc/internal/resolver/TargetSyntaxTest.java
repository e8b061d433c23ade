package dev.holdfast.grpc.internal.resolver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import org.junit.jupiter.api.Test;

class TargetSyntaxTest {
  private static final Set<String> SCHEMES = Set.of("etcd", "dns");

  @Test
  void registriesOnTheClassPathAreAskedForTheirSchemes() {
    assertThat(asked("etcd://h1,h2:2379/prod/orders")).isEqualTo("etcd://h1,h2:2379/prod/orders");
    assertThat(asked("holdfast:///orders")).isEqualTo("holdfast:///orders");
    assertThat(asked("dns:///orders.example:50051")).isEqualTo("dns:///orders.example:50051");
  }

  @Test
  void aPlainHostIsRefreshedByTheDnsRegistryWhenItIsThere() {
    assertThat(asked("orders.example:50051")).isEqualTo("dns:///orders.example:50051");
    assertThat(asked("dns:orders.example:50051")).isEqualTo("dns:///orders.example:50051");
    assertThat(TargetSyntax.registryTarget("orders.example:50051", Set.of())).isEmpty();
  }

  @Test
  void whatOnlyStockGrpcKnowsIsLeftToIt() {
    assertThat(asked("unix:/run/orders.sock")).isEmpty();
    assertThat(asked("unix:///run/orders.sock")).isEmpty();
    assertThat(asked("[::1]:50051")).isEmpty();
    assertThat(asked("dns:///[::1]:50051")).isEmpty();
  }

  @Test
  void anUnknownSchemeNamesThoseThatAreKnown() {
    assertThatThrownBy(() -> asked("consul://h/orders"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("\"consul\"", "etcd", "dns", "holdfast", "jar missing");
  }

  @Test
  void aMalformedTargetSaysWhatWasExpected() {
    assertThatThrownBy(() -> asked("not a target"))
        .hasMessage("target: \"not a target\" (expected: scheme://authority/service or host:port)");
  }

  @Test
  void severalPortsAreRefusedWithTheSpellingThatWorks() {
    assertThatThrownBy(() -> TargetSyntax.requireOnePort("etcd://h1:2379,h2:2380/prod/orders"))
        .hasMessageContaining("etcd://h1:2379/prod/orders?endpoints=h2:2380");
    assertThatThrownBy(() -> TargetSyntax.requireOnePort("etcd://h1:2379,h2:2379/prod/orders"))
        .hasMessageContaining("etcd://h1,h2:2379/prod/orders");
  }

  @Test
  void theErrorAboutPortsShowsNoPassword() {
    assertThatThrownBy(() -> TargetSyntax.requireOnePort("etcd://me:secret@h1:1,h2:2/a/b"))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("secret"));
  }

  @Test
  void onePortForAllMembersIsFine() {
    assertThatCode(
            () -> {
              TargetSyntax.requireOnePort("etcd://h1,h2,h3:2379/prod/orders");
              TargetSyntax.requireOnePort("etcd://[fd00::1]:2379/prod/orders");
              TargetSyntax.requireOnePort("etcd://me:pw@h1,h2:2379/prod/orders?ttl=5s");
              TargetSyntax.requireOnePort("holdfast:///orders");
            })
        .doesNotThrowAnyException();
  }

  private static String asked(String target) {
    return TargetSyntax.registryTarget(target, SCHEMES);
  }
}
