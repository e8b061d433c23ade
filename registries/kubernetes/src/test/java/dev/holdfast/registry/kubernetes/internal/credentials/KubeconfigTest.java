package dev.holdfast.registry.kubernetes.internal.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.registry.kubernetes.Kubeconfigs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a kubeconfig says, and what is said of one that makes no sense. */
class KubeconfigTest {
  @TempDir Path folder;

  @Test
  void theCurrentContextNamesServerNamespaceAndUser() throws Exception {
    KubeContext config =
        read(Kubeconfigs.write(folder, "https://api.example:6443/k8s/", "{token: sesame}"));

    assertThat(config.server()).hasToString("https://api.example:6443/k8s");
    assertThat(config.namespace()).isEqualTo("prod");
    assertThat(config.user().token().orElseThrow().readText()).isEqualTo("sesame");
    assertThat(config.toString()).doesNotContain("sesame");
  }

  @Test
  void ofSeveralFilesTheFirstThatNamesSomethingCounts() throws Exception {
    Path clusters = Kubeconfigs.write(folder, "https://api.example", "{token: second}");
    Path users =
        Files.writeString(
            folder.resolve("users"), "users: [{name: me, user: {tokenFile: here/token}}]\n");

    KubeContext config =
        new Kubeconfig(List.of(users, clusters), Optional.empty(), Duration.ofSeconds(1)).read();

    assertThat(config.user().token().orElseThrow().toString())
        .contains(folder.resolve("here/token").toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{auth-provider: {name: gcp}} | users[0].user.auth-provider: not supported (expected: exec",
        "{username: me, password: secret} | users[0].user.username: not supported (expected: a",
        "{tokn: secret} | users[0].user.tokn: not known (expected: token)",
        "{token: [secret]} | users[0].user.token: not understood (expected: a text)",
        "{client-certificate: a} | users[0].user.client-key: missing (expected: client-certificate",
        "{client-key-data: '#'} | users[0].user.client-certificate: missing (expected: client-",
        "{exec: {command: x}} | users[0].user.exec.apiVersion: missing (expected: client.auth",
        "{exec: {apiVersion: v1, command: x}} | users[0].user.exec.apiVersion: not understood",
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: secret, interactiveMode:"
            + " Always}} | users[0].user.exec.interactiveMode: not understood (expected: Never",
      })
  void aUserThatMakesNoSenseIsNamedByFileAndKeyAndNeverQuoted(String user, String expected)
      throws IOException {
    Path file = Kubeconfigs.write(folder, "https://api.example", user);

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("kubeconfig " + file)
        .hasMessageContaining(expected)
        .message()
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://a | , insecure-skip-tls-verify: true | insecure-skip-tls-verify: not supported",
        "https://a | , tls-server-name: b | clusters[0].cluster.tls-server-name: not supported",
        "https://a | , proxy-url: 'socks5://p:1' | proxy-url: not understood (expected: http://",
        "https://u:secret@a | '' | clusters[0].cluster.server: not understood (expected: https or",
        "a.example | '' | clusters[0].cluster.server: not understood (expected: https or http",
      })
  void aClusterThatMakesNoSenseIsNamed(String server, String more, String expected)
      throws IOException {
    Path file = Kubeconfigs.write(folder, server, more, "{}");

    assertThatThrownBy(() -> read(file))
        .hasMessageContaining(expected)
        .message()
        .doesNotContain("secret");
  }

  @Test
  void aContextThatIsNotThereNamesThoseThatAre() throws IOException {
    Path file = Kubeconfigs.write(folder, "https://a", "{}");

    assertThatThrownBy(
            () -> new Kubeconfig(List.of(file), Optional.of("there"), Duration.ofSeconds(1)).read())
        .hasMessageContaining("context: \"there\" (expected: one of [here])");
  }

  @Test
  void whatIsNoYamlIsNotQuoted() throws IOException {
    Path file = Files.writeString(folder.resolve("config"), "token: 'secret\n  : [");

    assertThatThrownBy(() -> read(file))
        .hasMessage("kubeconfig " + file + ": not understood (expected: YAML)");
  }

  private static KubeContext read(Path file) throws IOException {
    return new Kubeconfig(List.of(file), Optional.empty(), Duration.ofSeconds(1)).read();
  }
}
