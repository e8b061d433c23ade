package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong is said with what was given and what was expected; the code is 2. */
class BadInputTest {
  private static final String RUN = "run --registry file:///tmp/x --service orders --port 1 ";

  /** A command line, and the first line it must print on standard error. */
  record Bad(String line, String message) {}

  static List<Bad> lines() {
    return List.of(
        new Bad(
            "resolve etdc://h/prod/orders",
            "scheme: \"etdc\" (expected: dns, etcd, file, kubernetes, srv)"),
        new Bad(
            "resolve orders --registry nowhere",
            "registry: \"nowhere\" (expected: scheme://authority/namespace)"),
        new Bad(
            "resolve orders",
            "registry: none (expected: --registry URI or HOLDFAST_REGISTRY, such as "),
        new Bad(
            "resolve file:///",
            "target: \"file://\" (expected: a service, as in file://../orders)"),
        new Bad(
            "resolve file:///tmp//orders",
            "namespace: \"tmp/\" (expected: 1 to 253 characters of A-Z a-z 0-9 . _ - per segment)"),
        new Bad(
            "ls --registry file:///tmp/x a//b",
            "namespace: \"tmp/x/a//b\" (expected: 1 to 253 characters of A-Z a-z 0-9 . _ - per"
                + " segment)"),
        new Bad(
            "run --registry file:///tmp/x --service= --port 1 -- true",
            "service: \"\" (expected: 1 to 253 characters of A-Z a-z 0-9 . _ - per segment)"),
        new Bad(
            "register --registry file:///tmp/x --service or:ders:x --port 1",
            "port: \"ders:x\" (expected: 1 to 253 characters of A-Z a-z 0-9 . _ - per segment)"),
        new Bad(
            "run --registry file:///tmp/x --service orders --port 0 -- true",
            "port: 0 (expected: 1 to 65535)"),
        new Bad(
            "run --registry file:///tmp/x --service orders --port 65536 -- true",
            "port: 65536 (expected: 1 to 65535)"),
        new Bad(
            "run --registry file:///tmp/x --service orders --port http -- true",
            "port: http (expected: 1 to 65535)"),
        new Bad(RUN + "--weight 0 -- true", "weight: 0 (expected: 1 to 10000)"),
        new Bad(RUN + "--meta version -- true", "meta: \"version\" (expected: key=value)"),
        new Bad(
            RUN + "--health maybe -- true",
            "health: maybe (expected: auto, grpc, grpc-tls or tcp)"),
        new Bad(
            RUN + "--spread 5 -- true",
            "spread: \"5\" (expected: a number and ms, s, m or h, such as 250ms)"),
        new Bad(RUN + "--spread 1h -- true", "spread: 1h (expected: 0s to 10m)"),
        new Bad(
            "register --registry file:///tmp/x --service orders --port 1 --force",
            "force: without --static (expected: both, or none)"),
        new Bad(
            "ls --registry file:///tmp/x?pol=1s", "registry parameter: \"pol\" (expected: poll)"),
        new Bad(
            "deregister --registry file:///tmp/x --service orders here",
            "address: \"here\" (expected: host:port, an IPv6 host in brackets)"),
        new Bad("completion tcsh", "completion: \"tcsh\" (expected: bash, zsh or fish)"),
        new Bad(RUN, "missing required parameter: 'COMMAND'"),
        new Bad("resolv x", "command: \"resolv\" is unknown (did you mean resolve?)"),
        new Bad("ls --jsno", "--jsno: unknown option (did you mean --json?)"),
        new Bad("version please", "\"please\": one argument too many"));
  }

  /** Names that would silently lead to another namespace than the registry's. */
  static List<Bad> namesOfOtherNamespaces() {
    return List.of(
        new Bad(
            "run --registry file:///tmp/x --service or/ders --port 1 -- true",
            "service: \"or/ders\" (expected: no /, as --registry names the namespace)"),
        new Bad(
            "register --registry file:///tmp/x --service or/ders --port 1",
            "service: \"or/ders\" (expected: no /, as --registry names the namespace)"),
        new Bad(
            "deregister --registry file:///tmp/x --service or/ders 127.0.0.1:1",
            "service: \"or/ders\" (expected: no /, as --registry names the namespace)"),
        new Bad(
            "control --registry file:///tmp/x --listen 0 --admin 0 --service or/ders",
            "service: \"or/ders\" (expected: no /, as the registry names the namespace)"),
        new Bad(
            "resolve file:///tmp/x/or%2fders",
            "registry: \"file:///tmp/x/or%2fders\" (expected: no %2F outside of passwords and"
                + " parameters)"));
  }

  @ParameterizedTest
  @MethodSource({"lines", "namesOfOtherNamespaces"})
  void isRefusedWithWhatWasExpected(Bad bad) {
    CommandRun run = CommandRun.of(bad.line().strip().split(" +"));

    assertThat(run.err()).startsWith("holdfast: " + bad.message());
    assertThat(run.err()).doesNotContain("Exception", "\tat ");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.out()).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("commandsWithPassword")
  void passwordsAreRefusedOnTheCommandLineAndNeverRepeated(List<String> command) {
    CommandRun run = CommandRun.of(command.toArray(String[]::new));

    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err())
        .doesNotContain("s3cret")
        .contains("(expected: etcd://USER@.. with the password in the file that")
        .contains("HOLDFAST_REGISTRY_PASSWORD_FILE", "HOLDFAST_REGISTRY_PASSWORD");
  }

  static List<List<String>> commandsWithPassword() {
    String uri = "etcd://root:s3cret@127.0.0.1:1/prod";
    return List.of(
        List.of("ls", "--registry", uri),
        List.of("watch", "orders", "--registry=" + uri),
        List.of("resolve", uri + "/orders"),
        List.of("watch", "etcd://root:s3c/s3cret@h/prod/orders"),
        List.of("resolve", "etcd://root%3As3cret@h/prod/orders"),
        List.of("ls", "--registry", "etcd://root%3as3cret@h/prod"),
        List.of("run", "--registry", uri, "--service", "a", "--port", "1", "--", "true"));
  }

  @Test
  void passwordsInWrongPlacesAreNotRepeatedEither() {
    CommandRun run = CommandRun.of("resolve", "orders", "etcd://root:s3/cr@et@h/prod/orders");

    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("etcd://...@h/prod/orders").doesNotContain("s3", "cr@et");
  }

  @Test
  void unknownKeyInTheFileNamesLineAndNearestKey(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("holdfast.yaml"), "zone: a\nregsitry: x\n");

    CommandRun run = CommandRun.of("ls", "--config", file.toString());

    assertThat(run.err())
        .isEqualTo("holdfast: " + file + ":2: regsitry: unknown (did you mean registry?)\n");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongValueInTheFileNamesItsLine(@TempDir Path directory) throws IOException {
    Path file = Files.writeString(directory.resolve("holdfast.yaml"), "\nweight: heavy\n");

    CommandRun run = CommandRun.of((RUN + "--config " + file + " -- true").split(" "));

    assertThat(run.err())
        .startsWith("holdfast: weight: heavy (expected: 1 to 10000) (from " + file + ":2)\n");
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void wrongValueInTheEnvironmentNamesItsVariable() {
    CommandRun run =
        CommandRun.with(Map.of("HOLDFAST_SPREAD", "soon"), (RUN + "-- true").split(" +"));

    assertThat(run.err())
        .startsWith(
            "holdfast: spread: \"soon\" (expected: a number and ms, s, m or h, such as 250ms)"
                + " (from HOLDFAST_SPREAD)\n");
  }

  @Test
  void unknownVariableIsAWarningWithTheNearestName() {
    CommandRun run = CommandRun.with(Map.of("HOLDFAST_REGISTER", "x"), "version");

    assertThat(run.err())
        .isEqualTo(
            "holdfast: warning: HOLDFAST_REGISTER: unknown variable (did you mean"
                + " HOLDFAST_REGISTRY?)\n");
    assertThat(run.code()).isEqualTo(ExitCode.OK);
  }

  @Test
  void helpIsHadWithABrokenConfiguration() {
    for (String command : Arrays.asList("run", "register", "ls", "watch", "resolve", "version")) {
      CommandRun run =
          CommandRun.with(Map.of("HOLDFAST_CONFIG", "/does/not/exist"), command, "--help");

      assertThat(run.code()).isEqualTo(ExitCode.OK);
      assertThat(run.out()).contains("Usage: holdfast " + command);
    }
  }
}
