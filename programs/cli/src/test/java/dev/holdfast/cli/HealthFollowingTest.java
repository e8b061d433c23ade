package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code run} and {@code register} beside a real gRPC server with grpc.health.v1. */
@Execution(ExecutionMode.CONCURRENT)
class HealthFollowingTest {
  @TempDir private Path scratch;

  private FileRegistryDirectory registry;
  private int port;
  private String ready;
  private String unready;
  private final List<HoldfastProcess> started = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    registry = new FileRegistryDirectory(scratch);
    port = FreePort.find();
    ready = "127.0.0.1:" + port;
    unready = ready + "  unready";
  }

  @AfterEach
  void killWhatIsLeft() {
    started.forEach(HoldfastProcess::close);
  }

  @Test
  void instanceFollowsTheHealthOfItsServer() {
    HoldfastProcess run = run("NOT_SERVING", "--health-timeout", "100s");
    run.awaitErr("not registered yet: its health service does not say SERVING");
    assertThat(registry.endpoints("orders")).isEmpty();

    run.type("SERVING");
    registry.awaitEndpoints("orders", List.of(ready)::equals);
    run.type("NOT_SERVING");
    registry.awaitEndpoints("orders", List.of(unready)::equals);
    run.type("SERVING");
    registry.awaitEndpoints("orders", List.of(ready)::equals);

    run.signal("TERM");
    assertThat(run.exitCode()).isEqualTo(128 + 15);
    assertThat(registry.endpoints("orders")).isEmpty();
  }

  @Test
  void frozenServerIsNotReadyUntilItAnswersAgain() {
    HoldfastProcess run = run("SERVING", "--probe-interval", "200ms");
    registry.awaitEndpoints("orders", List.of(ready)::equals);

    long child = childPid(run);
    HoldfastProcess.sendSignal("STOP", child);
    registry.awaitEndpoints("orders", List.of(unready)::equals);
    HoldfastProcess.sendSignal("CONT", child);
    registry.awaitEndpoints("orders", List.of(ready)::equals);
  }

  @Test
  @Tag("ci")
  void serverThatIsTooSlowForTheFirstQuestionIsStillFollowed() {
    HoldfastProcess server = server("SERVING");
    server.awaitOut(out -> out.contains("child: started"));
    server.signal("STOP");
    HoldfastProcess register = register("--probe-interval", "2s", "--health-timeout", "2s");
    register.awaitErr("its port answers; no gRPC within 2s");
    registry.awaitEndpoints("orders", List.of(ready)::equals);

    server.signal("CONT");
    server.type("NOT_SERVING");

    registry.awaitEndpoints("orders", List.of(unready)::equals);
  }

  @Test
  @Tag("ci")
  void silenceAtFirstDoesNotRegisterAServerThatSaysNotServing() {
    HoldfastProcess server = server("NOT_SERVING");
    server.awaitOut(out -> out.contains("child: started"));
    server.signal("STOP");
    HoldfastProcess register = register("--health-timeout", "100s");
    register.awaitErr("its port answers, but it has not said anything yet");
    server.signal("CONT");

    register.awaitErr("not registered yet: its health service does not say SERVING");
    assertThat(register.err()).doesNotContain("registering");
  }

  @Test
  @Tag("ci")
  void healthOfOneServiceCanBeTheOneThatCounts() {
    HoldfastProcess run = run("SERVING", "--health-service", "shop.Orders");

    run.awaitErr("not registered yet: its health service does not say SERVING for shop.Orders");
    assertThat(registry.endpoints("orders")).isEmpty();
  }

  @Test
  @Tag("ci")
  void registerFollowsAProgramThatRunsAlready() {
    HoldfastProcess server = server("SERVING");
    HoldfastProcess register = register("--spread", "0s", "--probe-interval", "200ms");
    registry.awaitEndpoints("orders", List.of(ready)::equals);

    server.close();
    registry.awaitEndpoints("orders", List.of(unready)::equals);
    server("SERVING");
    registry.awaitEndpoints("orders", List.of(ready)::equals);

    register.signal("TERM");
    assertThat(register.exitCode()).isZero();
    assertThat(registry.endpoints("orders")).isEmpty();
  }

  @Test
  @Tag("ci")
  void registerGivesUpWhenNothingListens() {
    HoldfastProcess register = register("--ready-timeout", "500ms");

    assertThat(register.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(register.err()).contains("port " + port + ": no answer within 500ms");
  }

  private HoldfastProcess run(String firstStatus, String... options) {
    List<String> args = new ArrayList<>(List.of("run"));
    args.addAll(List.of("--service", "orders", "--port", Integer.toString(port)));
    args.addAll(List.of("--spread", "0s"));
    args.addAll(List.of(options));
    args.add("--");
    args.addAll(
        HoldfastProcess.java(HealthServerMain.class, List.of(Integer.toString(port), firstStatus)));
    return keep(HoldfastProcess.start(scratch, registry.environment(), args));
  }

  private HoldfastProcess register(String... options) {
    List<String> args = new ArrayList<>(List.of("register"));
    args.addAll(List.of("--service", "orders", "--port", Integer.toString(port)));
    args.addAll(List.of(options));
    return keep(HoldfastProcess.start(scratch, registry.environment(), args));
  }

  private HoldfastProcess server(String status) {
    return keep(
        HoldfastProcess.startMain(
            scratch, HealthServerMain.class, List.of(Integer.toString(port), status)));
  }

  private HoldfastProcess keep(HoldfastProcess process) {
    started.add(process);
    return process;
  }

  private static long childPid(HoldfastProcess run) {
    String line =
        run.awaitOut(out -> out.contains("child: started")).out().lines().findFirst().orElseThrow();
    return Long.parseLong(line.substring("child: started ".length()));
  }
}
