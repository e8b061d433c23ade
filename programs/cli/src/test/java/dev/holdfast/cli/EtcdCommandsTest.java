package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands against a real etcd with users and passwords. */
class EtcdCommandsTest {
  @TempDir private static Path scratch;

  private static EtcdProcess etcd;

  @BeforeAll
  static void startEtcd() throws Exception {
    etcd = EtcdProcess.start(scratch.resolve("etcd"), List.of("--bcrypt-cost=4"));
    etcdctl("user", "add", "root:root-pw");
    etcdctl("user", "grant-role", "root", "root");
    etcdctl("auth", "enable");
    CommandRun role = asRoot("etcd", "role", "--namespace", "prod", "--access", "write", "--apply");
    assertThat(role.code()).as(role.err()).isZero();
    etcdctl("--user=root:root-pw", "user", "add", "orders:orders-pw");
    etcdctl("--user=root:root-pw", "user", "grant-role", "orders", "holdfast-prod-write");
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @Test
  void rolePrintsTheCommandsForAnOperator() {
    CommandRun run =
        CommandRun.of("etcd", "role", "--namespace", "prod", "--access", "read", "--user", "shop");

    assertThat(run.code()).isZero();
    assertThat(run.out())
        .isEqualTo(
            """
            etcdctl role add holdfast-prod-read
            etcdctl role grant-permission holdfast-prod-read read prod/ --prefix=true
            etcdctl user add shop
            etcdctl user grant-role shop holdfast-prod-read
            """);
  }

  @Test
  void roleThatWasAppliedSufficesInItsNamespaceAndNowhereElse() {
    CommandRun inside = asOrders("register", "--static", "--service", "a", "--port", "7001");
    CommandRun outside =
        with(
            "orders",
            "orders-pw",
            List.of("ls", "--registry", "etcd://" + etcd.address() + "/test"));

    assertThat(inside.code()).isZero();
    assertThat(asOrders("resolve", "a").out()).isEqualTo("127.0.0.1:7001\n");
    assertThat(asOrders("ls").out()).contains("a        1");
    assertThat(asOrders("deregister", "--service", "a", "127.0.0.1:7001").code()).isZero();
    assertThat(asOrders("resolve", "a").code()).isEqualTo(ExitCode.FAILED);
    assertThat(outside.code()).isEqualTo(ExitCode.FAILED);
    assertThat(outside.err()).contains("holdfast etcd role --help").doesNotContain("orders-pw");
  }

  @Test
  void wrongAndMissingPasswordsAreSaidWithTheVariablesToSet() {
    CommandRun wrong = with("orders", "no-such-pw", List.of("ls", "--registry", prod()));
    CommandRun missing = CommandRun.of("ls", "--registry", prod());

    for (CommandRun run : List.of(wrong, missing)) {
      assertThat(run.code()).isEqualTo(ExitCode.FAILED);
      assertThat(run.err())
          .contains("HOLDFAST_REGISTRY_PASSWORD_FILE")
          .doesNotContain("no-such-pw", "Exception")
          .hasLineCount(1);
    }
  }

  @Test
  void passwordComesFromAFileThatTheYamlNames() throws IOException {
    Path password = Files.writeString(scratch.resolve("password"), "orders-pw\n");
    Path config =
        Files.writeString(
            scratch.resolve("holdfast.yaml"),
            "registry: %s\nregistry-user: orders\nregistry-password-file: %s\n"
                .formatted(prod(), password));

    assertThat(CommandRun.of("--config", config.toString(), "ls").code()).isZero();
  }

  @Test
  void runSurvivesARestartOfItsRegistry() throws IOException {
    int port = FreePort.find();
    String address = "127.0.0.1:" + port;
    List<String> args =
        List.of(
            "run",
            "--service",
            "b",
            "--port",
            "" + port,
            "--spread",
            "0s",
            "--",
            "python3",
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "" + port);
    try (EtcdProcess own = EtcdProcess.start(scratch.resolve("own"));
        HoldfastProcess run =
            HoldfastProcess.start(
                scratch, Map.of("HOLDFAST_REGISTRY", own.uri("prod") + "?ttl=2s"), args)) {
      run.awaitErr("registered b at " + address);
      own.stop();
      own.wipe();
      own.start();
      own.awaitHealthy();

      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () ->
                  CommandRun.of("resolve", "b", "--registry", own.uri("prod"))
                      .out()
                      .equals(address + "\n"));
      run.signal("TERM");
      assertThat(run.exitCode()).isEqualTo(128 + 15);
      assertThat(CommandRun.of("resolve", "b", "--registry", own.uri("prod")).code())
          .isEqualTo(ExitCode.FAILED);
    }
  }

  @Test
  void registryThatIsAwayIsSaidInBoundedTime() throws IOException {
    CommandRun run =
        CommandRun.of("ls", "--registry", "etcd://127.0.0.1:" + FreePort.find() + "/prod");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).startsWith("holdfast: ").doesNotContain("Exception").hasLineCount(1);
  }

  private static String prod() {
    // Passwords are hashed on purpose slowly, and the machine may be busy.
    return "etcd://" + etcd.address() + "/prod?request-timeout=30s";
  }

  private static CommandRun asRoot(String... args) {
    return with("root", "root-pw", withRegistry(args));
  }

  private static CommandRun asOrders(String... args) {
    return with("orders", "orders-pw", withRegistry(args));
  }

  private static List<String> withRegistry(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of("--registry", prod()));
    return all;
  }

  private static CommandRun with(String user, String password, List<String> args) {
    return CommandRun.with(
        Map.of("HOLDFAST_REGISTRY_USER", user, "HOLDFAST_REGISTRY_PASSWORD", password),
        args.toArray(String[]::new));
  }

  private static void etcdctl(String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of("etcdctl", "--endpoints", etcd.address()));
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("ETCDCTL_API", "3");
    Process process = builder.start();
    String output =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }
}
