package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LeadingOptionsTest {

  @ParameterizedTest
  @CsvSource({
    "ls --json, ls --json",
    "--json ls ns, ls --json ns",
    "--registry file:///x --json run --service a -- b --json,"
        + " run --registry file:///x --json --service a -- b --json",
    "--registry=file:///x etcd role --access read,"
        + " etcd role --registry=file:///x --access read",
    "--json lab profiles, lab profiles --json",
    "--json lab --listen 0, lab --json --listen 0",
    "--config s.yaml --json gateway --config g.yaml, gateway --json --config g.yaml",
    "--json gateway check g.yaml, gateway check --json g.yaml",
    "--help, --help",
    "--json --help, --json --help",
    "--registry, --registry",
    "--unknown ls, --unknown ls"
  })
  void commonOptionsMayStandBeforeTheCommand(String given, String expected) {
    assertThat(String.join(" ", LeadingOptions.moved(given.split(" ")))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "ls --config s.yaml, ls --config s.yaml",
    "resolve gateway --config s.yaml, resolve gateway --config s.yaml",
    "gateway --config g.yaml, ''",
    "--json --config s.yaml gateway --config g.yaml, --json --config s.yaml"
  })
  void theConfigBehindGatewayIsItsOwn(String given, String shared) {
    assertThat(String.join(" ", LeadingOptions.withSharedConfig(List.of(given.split(" ")))))
        .isEqualTo(shared);
  }
}
