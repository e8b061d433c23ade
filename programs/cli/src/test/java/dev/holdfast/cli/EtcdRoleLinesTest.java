package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.registry.etcd.local.EtcdProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The lines that {@code holdfast etcd role} prints, pasted into a shell on a terminal: etcdctl asks
 * there for the password of the user it makes.
 */
class EtcdRoleLinesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String PASSWORD = "typed-pw";

  @TempDir private static Path scratch;

  private static EtcdProcess etcd;

  @BeforeAll
  static void startEtcd() throws Exception {
    etcd = EtcdProcess.start(scratch.resolve("etcd"), List.of("--bcrypt-cost=4"));
    run(Map.of(), "etcdctl user add root:root-pw", "");
    run(Map.of(), "etcdctl user grant-role root root", "");
    run(Map.of(), "etcdctl auth enable", "");
  }

  @AfterAll
  static void stopEtcd() {
    etcd.close();
  }

  @Test
  void linesForAServerLetItRegisterInItsNamespaceAndNowhereElse() throws Exception {
    execute("prod/eu", "write", "orders");

    assertThat(register("orders", "prod/eu").code()).isZero();
    assertThat(as("orders", "prod/eu", "resolve", "a").out()).isEqualTo("127.0.0.1:7001\n");
    assertThat(register("orders", "prod").code()).isEqualTo(ExitCode.FAILED);
    assertThat(register("orders", "prod/eu-2").code()).isEqualTo(ExitCode.FAILED);
    assertThat(as("orders", "prod", "resolve", "a").code()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void linesForAClientLetItReadItsNamespaceAndWriteNothing() throws Exception {
    assertThat(register("root", "root-pw", "shop").code()).isZero();
    execute("shop", "read", "shopper");

    assertThat(as("shopper", "shop", "resolve", "a").out()).isEqualTo("127.0.0.1:7001\n");
    assertThat(as("shopper", "shop", "ls").code()).isZero();
    assertThat(register("shopper", "shop").code()).isEqualTo(ExitCode.FAILED);
    assertThat(as("shopper", "prod", "ls").code()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void linesForTheWholeStoreHoldEverywhere() throws Exception {
    execute("", "write", "captain");

    for (String namespace : List.of("north", "south/pole", "")) {
      assertThat(register("captain", namespace).code()).isZero();
      assertThat(as("captain", namespace, "ls").out()).contains("a ");
    }
  }

  /** Does as an operator does: root's name in the environment, one line after the other. */
  private static void execute(String namespace, String access, String user) throws Exception {
    CommandRun printed =
        CommandRun.of("etcd", "role", "--namespace", namespace, "--access", access, "--user", user);
    assertThat(printed.code()).as(printed.err()).isZero();
    List<String> lines = printed.out().lines().toList();
    assertThat(lines).hasSize(4).allMatch(line -> line.startsWith("etcdctl "));
    for (String line : lines) {
      run(Map.of("ETCDCTL_USER", "root:root-pw"), line, PASSWORD);
    }
  }

  /** Types the password, where the line asks for one. */
  private static void run(Map<String, String> environment, String line, String password)
      throws Exception {
    Path shown = Files.createTempFile(scratch, "terminal", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder("python3", script(), "assword of ", password, line)
            .redirectErrorStream(true)
            .redirectOutput(shown.toFile());
    builder.environment().put("ETCDCTL_API", "3");
    builder.environment().put("ETCDCTL_ENDPOINTS", etcd.address());
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(ended).as(line + "\n" + Files.readString(shown)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(line + "\n" + Files.readString(shown)).isZero();
    if (!password.isEmpty()) {
      assertThat(Files.readString(shown)).doesNotContain(password);
    }
  }

  private static String script() throws IOException {
    Path script = scratch.resolve("password.py");
    if (!Files.exists(script)) {
      try (InputStream in = EtcdRoleLinesTest.class.getResourceAsStream("password.py")) {
        Files.copy(Objects.requireNonNull(in), script);
      }
    }
    return script.toString();
  }

  private static CommandRun register(String user, String namespace) {
    return register(user, PASSWORD, namespace);
  }

  private static CommandRun register(String user, String password, String namespace) {
    return with(
        user, password, namespace, "register", "--static", "--service", "a", "--port", "7001");
  }

  private static CommandRun as(String user, String namespace, String... args) {
    return with(user, PASSWORD, namespace, args);
  }

  private static CommandRun with(
      String user, String password, String namespace, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.add("--registry");
    all.add("etcd://" + etcd.address() + "/" + namespace + "?request-timeout=30s");
    return CommandRun.with(
        Map.of("HOLDFAST_REGISTRY_USER", user, "HOLDFAST_REGISTRY_PASSWORD", password),
        all.toArray(String[]::new));
  }
}
