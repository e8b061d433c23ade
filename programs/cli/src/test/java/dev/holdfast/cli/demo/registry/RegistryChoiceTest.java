package dev.holdfast.cli.demo.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryChoiceTest {

  @ParameterizedTest
  @ValueSource(strings = {"", "etcd", "etcd:stop", "dns://8.8.8.8/orders", "redis://h/x"})
  void refusesWhatNobodyCanRegisterIn(String text) {
    assertThatThrownBy(() -> RegistryChoice.parse(text))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "registry: \""
                + text
                + "\" (expected: file, etcd:start, etcd://HOST:PORT/NAMESPACE or"
                + " file:///DIRECTORY)");
  }

  @Test
  void refusesAPasswordOnTheCommandLineWithoutRepeatingIt() {
    assertThatThrownBy(() -> RegistryChoice.parse("etcd://demo:geheim@h1:2379/demo"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("HOLDFAST_REGISTRY_PASSWORD_FILE")
        .hasMessageNotContaining("geheim");
  }

  @Test
  void everyMemberOfARunningEtcdIsReachedThroughARelay() throws IOException {
    RegistryUri given = RegistryUri.parse("etcd://h1,h2:2379/demo?endpoints=h3:2381&ttl=9s");
    assertThat(DemoExternalEtcd.members(given))
        .containsExactly(
            new HostPort("h1", 2379), new HostPort("h2", 2379), new HostPort("h3", 2381));
    try (DemoExternalEtcd stage = DemoExternalEtcd.open(given)) {
      assertThat(stage.uri().toString())
          .matches("etcd://127.0.0.1:\\d+/demo\\?endpoints=127.0.0.1:\\d+,127.0.0.1:\\d+&ttl=9s");
    }
  }
}
