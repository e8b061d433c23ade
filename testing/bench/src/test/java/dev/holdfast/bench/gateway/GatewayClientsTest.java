package dev.holdfast.bench.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.bench.xds.CallerLanguage;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that others wrote, against the gateway before a stock server. The checks are in {@code
 * testing/interop/gateway-web}, {@code gateway-python} and {@code gateway-tools}, for anybody's
 * gateway.
 */
@Timeout(600)
class GatewayClientsTest {
  private static final Path ROOT =
      Path.of(System.getProperty("holdfast.root", "..")).toAbsolutePath();
  private static final int REPLACEMENTS = 3;
  private static final int TOOL_IS_MISSING = 3;

  @TempDir static Path folder;
  private static InteropTopology topology;

  @BeforeAll
  static void start() throws Exception {
    topology = new InteropTopology(folder);
  }

  @AfterAll
  static void stop() throws Exception {
    topology.close();
  }

  /** grpc-js, Connect's client with each of its protocols, and the npm package grpc-web. */
  @Test
  void clientsInNodeCanDoAllTheyKnow() throws Exception {
    List<String> node =
        present(CallerLanguage.node(ROOT, ROOT.resolve("testing/interop/gateway-web")), "Node");

    assertAllOk(with(node, topology.address(), topology.descriptors().toString()));
  }

  @Test
  void grpcioCanDoAllItKnows() throws Exception {
    assertAllOk(with(python(), topology.address()));
  }

  @Test
  void grpcioSeesNothingOfServersThatAreReplaced() throws Exception {
    Process client =
        new ProcessBuilder(with(python(), "roll", topology.address()))
            .redirectErrorStream(true)
            .start();
    try (BufferedReader said = client.inputReader()) {
      assertThat(said.readLine()).isEqualTo("ready");
      for (int i = 0; i < REPLACEMENTS; i++) {
        topology.replaceServer();
      }
      client.getOutputStream().close();
      assertThat(said.lines().toList())
          .singleElement()
          .asString()
          .matches("[1-9]\\d* ok, 0 failed");
    } finally {
      client.destroyForcibly();
    }
  }

  @Test
  void curlNghttpAndH2loadAreServed() throws Exception {
    String script = ROOT.resolve("testing/interop/gateway-tools/caller.sh").toString();
    InteropTopology.ClientOutput clientOutput =
        InteropTopology.run(folder, List.of("bash", script, topology.address()));

    assumeTrue(clientOutput.code() != TOOL_IS_MISSING || isNothingSkipped(), clientOutput.text());
    assertAllOk(clientOutput);
  }

  private static List<String> python() throws Exception {
    return present(
        CallerLanguage.python(ROOT, ROOT.resolve("testing/interop/gateway-python")),
        "Python with grpcio");
  }

  private static List<String> present(Optional<List<String>> command, String what) {
    assumeTrue(
        command.isPresent() || isNothingSkipped(),
        "no " + what + " here; ./verify installs what it needs");
    return command.orElseThrow();
  }

  private static boolean isNothingSkipped() {
    return "1".equals(System.getenv("HOLDFAST_NO_SKIPS"));
  }

  private static List<String> with(List<String> command, String... more) {
    return Stream.concat(command.stream(), Stream.of(more)).toList();
  }

  private static void assertAllOk(List<String> command) throws Exception {
    assertAllOk(InteropTopology.run(folder, command));
  }

  private static void assertAllOk(InteropTopology.ClientOutput clientOutput) {
    assertThat(clientOutput.code()).as(clientOutput.text()).isZero();
    assertThat(clientOutput.lines()).last().asString().matches("[1-9]\\d* ok, 0 failed");
  }
}
