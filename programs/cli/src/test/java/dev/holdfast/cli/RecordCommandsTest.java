package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code register --static}, {@code deregister}, {@code ls} and {@code resolve}. */
class RecordCommandsTest {
  @TempDir private Path scratch;

  private FileRegistryDirectory registry;

  @BeforeEach
  void prepare() {
    registry = new FileRegistryDirectory(scratch);
  }

  @Test
  void staticRecordStaysUntilItIsDeregistered() {
    CommandRun register = writeStatic("orders", 7001, "--zone", "a", "--weight", "3");

    assertThat(register.code()).isEqualTo(ExitCode.OK);
    assertThat(registry.endpoints("orders")).containsExactly("127.0.0.1:7001  zone=a weight=3");

    CommandRun removed = registry.run("deregister", "--service", "orders", "127.0.0.1:7001");
    assertThat(removed.code()).isEqualTo(ExitCode.OK);
    assertThat(registry.endpoints("orders")).isEmpty();

    CommandRun again = registry.run("deregister", "--service", "orders", "127.0.0.1:7001");
    assertThat(again.code()).isEqualTo(ExitCode.FAILED);
    assertThat(again.err())
        .isEqualTo(
            "holdfast: "
                + registry.uri()
                + "/orders: no record at 127.0.0.1:7001 (see: holdfast resolve --all"
                + " orders)\n");
  }

  @Test
  void recordOfARunningInstanceIsNeitherRemovedNorReplaced() throws IOException {
    int port = FreePort.find();
    try (HoldfastProcess running = running(port)) {
      running.awaitErr("registered orders at");
      String address = "127.0.0.1:" + port;

      CommandRun removed = registry.run("deregister", "--service", "orders", address);
      CommandRun replaced = writeStatic("orders", port);

      assertThat(List.of(removed.code(), replaced.code())).containsOnly(ExitCode.FAILED);
      assertThat(removed.err())
          .startsWith("holdfast: " + address + ": belongs to the running instance ")
          .contains("(expected: a static record; stop that process instead, or use --force)");
      assertThat(registry.endpoints("orders")).containsExactly(address);
    }
  }

  @Test
  void forceRemovesARecordThatItsOwnerPutsBack() throws IOException {
    int port = FreePort.find();
    try (HoldfastProcess running = running(port)) {
      running.awaitErr("registered orders at");
      String address = "127.0.0.1:" + port;

      CommandRun removed = registry.run("deregister", "--service", "orders", address, "--force");

      assertThat(removed.code()).isZero();
      registry.awaitEndpoints("orders", List.of(address)::equals);
    }
  }

  @Test
  void servicesAreListedWithTheirCounts() {
    writeStatic("orders", 7001);
    writeStatic("orders", 7002);
    writeStatic("payments", 7003);

    assertThat(registry.run("ls").out())
        .isEqualTo(
            """
            SERVICE   ELIGIBLE  UNREADY  DRAINING
            orders    2         0        0
            payments  1         0        0
            """);
    assertThat(registry.run("--json", "ls").out())
        .contains("{\"service\":\"orders\",\"endpoints\":2,\"eligible\":2,");
    assertThat(registry.run("ls", "elsewhere").out())
        .isEqualTo("SERVICE  ELIGIBLE  UNREADY  DRAINING\n");
  }

  @Test
  void whatNoServiceCanBeCalledHidesNoOther() throws IOException {
    writeStatic("orders", 7001);
    writeStatic("copied", 7002);
    Files.move(registry.records("copied"), registry.records("copy of orders"));

    CommandRun listed = registry.run("ls");

    assertThat(listed.err()).isEmpty();
    assertThat(listed.out())
        .isEqualTo(
            """
            SERVICE  ELIGIBLE  UNREADY  DRAINING
            orders   1         0        0
            """);
  }

  @Test
  void resolveTakesNamesTargetsAndTheRegistryOfTheEnvironment() {
    writeStatic("orders", 7001, "--meta", "v=2");
    String expected = "127.0.0.1:7001  v=2\n";

    assertThat(registry.run("resolve", "orders").out()).isEqualTo(expected);
    assertThat(registry.run("resolve", "holdfast:///orders").out()).isEqualTo(expected);
    assertThat(CommandRun.of("resolve", registry.uri() + "/orders").out()).isEqualTo(expected);
    assertThat(CommandRun.of("--registry", registry.uri(), "resolve", "holdfast:///orders").out())
        .isEqualTo(expected);
    assertThat(registry.run("resolve", "orders", "--json").out())
        .contains("\"address\":\"127.0.0.1:7001\"", "\"metadata\":{\"v\":\"2\"}");
  }

  @Test
  void resolveOfNothingIsAFailure() {
    CommandRun run = registry.run("resolve", "orders");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).isEqualTo("holdfast: " + registry.uri() + "/orders: no endpoint\n");
    assertThat(registry.run("resolve", "orders", "--json").out()).contains("\"endpoints\":[]");
  }

  @Test
  void resolveWaitsForTheFirstEndpoint() {
    try (HoldfastProcess resolve =
        HoldfastProcess.start(
            scratch, registry.environment(), "resolve", "orders", "--wait", "1m")) {
      resolve.awaitErr("waiting up to 1m");
      writeStatic("orders", 7001);

      assertThat(resolve.exitCode()).isZero();
      assertThat(resolve.out()).isEqualTo("127.0.0.1:7001\n");
    }
  }

  @Test
  void resolveWaitsNoLongerThanItWasTold() {
    CommandRun run = registry.run("resolve", "orders", "--wait", "100ms");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void registryThatIsNotThereIsSaidWithoutAStackTrace() throws Exception {
    Path file = Files.createFile(scratch.resolve("file"));

    for (String command : List.of("ls", "resolve orders", "deregister --service a h:1")) {
      CommandRun run = CommandRun.of((command + " --registry file://" + file).split(" "));

      assertThat(run.code()).isEqualTo(ExitCode.FAILED);
      assertThat(run.err()).startsWith("holdfast: ").contains(file.toString()).hasLineCount(1);
    }
  }

  @Test
  void registryThatCanNotDoItIsSaid() throws IOException {
    String dns = "dns://127.0.0.1:" + FreePort.find();
    CommandRun ls = CommandRun.of("ls", "--registry", dns);
    CommandRun run =
        CommandRun.of("run", "--registry", dns, "--service", "a", "--port", "1", "--", "true");
    CommandRun write =
        CommandRun.of("register", "--static", "--registry", dns, "--service", "a", "--port", "1");

    assertThat(List.of(ls.code(), run.code())).containsOnly(ExitCode.FAILED);
    assertThat(write.code()).isEqualTo(ExitCode.USAGE);
    assertThat(ls.err()).startsWith("holdfast: registry: dns can't list the services");
    assertThat(run.err())
        .isEqualTo("holdfast: registry: dns can't be written to (expected: etcd or file)\n");
    assertThat(write.err())
        .isEqualTo(
            "holdfast: registry: dns has no records without a lease (expected: etcd or file)\n");
  }

  @Test
  void debugShowsWhereAFailureCameFrom() {
    CommandRun run = CommandRun.of("ls", "--registry", "file:///does/not/exist", "--debug");

    assertThat(run.err()).contains("RegistryException", "    at dev.holdfast.");
  }

  private CommandRun writeStatic(String service, int port, String... options) {
    List<String> args =
        new java.util.ArrayList<>(
            List.of("register", "--static", "--service", service, "--port", "" + port));
    args.addAll(List.of(options));
    return registry.run(args.toArray(String[]::new));
  }

  /**
   * An instance in another language, without Holdfast. An instance that is told that another one
   * took its record over looks again after three times to live.
   */
  private HoldfastProcess running(int port) {
    return HoldfastProcess.start(
        scratch,
        Map.of("HOLDFAST_REGISTRY", registry.uri() + "?ttl=2s"),
        List.of(
            "run",
            "--service",
            "orders",
            "--port",
            "" + port,
            "--",
            "python3",
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            "" + port));
  }
}
