package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code run} with real processes and real signals; the child is written in Python. */
@Execution(ExecutionMode.CONCURRENT)
class RunCommandTest {
  @TempDir private Path scratch;

  private FileRegistryDirectory registry;
  private Path script;
  private int port;
  private final List<HoldfastProcess> started = new ArrayList<>();

  @BeforeEach
  void prepare() throws IOException {
    registry = new FileRegistryDirectory(scratch);
    port = FreePort.find();
    script = unpack("child.py");
  }

  private Path unpack(String name) throws IOException {
    Path file = scratch.resolve(name);
    try (InputStream in = getClass().getResourceAsStream(name)) {
      Files.copy(Objects.requireNonNull(in), file);
    }
    return file;
  }

  @AfterEach
  void killWhatIsLeft() {
    started.forEach(HoldfastProcess::close);
  }

  @Test
  void instanceIsRegisteredWhenItsPortAnswersAndGoneBeforeTheChildHearsTheSignal()
      throws IOException {
    Path mayListen = scratch.resolve("may-listen");
    HoldfastProcess run =
        run(
            List.of("--zone", "a", "--weight", "5", "--meta", "v=2", "--spread", "300ms"),
            "wait=" + mayListen,
            "code=7",
            "look=" + registry.records("orders"));
    run.awaitErr("started python3");
    assertThat(registry.endpoints("orders")).isEmpty();

    Files.createFile(mayListen);
    assertThat(registry.awaitEndpoints("orders", list -> !list.isEmpty()))
        .containsExactly("127.0.0.1:" + port + "  zone=a weight=5 v=2");
    // The record can be seen a moment before its owner hears that it was written.
    run.awaitErr("registered orders at");
    run.signal("TERM");

    assertThat(run.exitCode()).isEqualTo(7);
    assertThat(run.out()).contains("child: signal 15 records 0");
    assertThat(run.err())
        .containsSubsequence(
            "registered orders at 127.0.0.1:" + port,
            "SIGTERM: draining",
            "deregistered orders",
            "waiting 300ms",
            "passing SIGTERM on")
        .doesNotContain("Exception");
  }

  @Test
  @Tag("ci")
  void interruptIsPassedOnAsInterrupt() {
    HoldfastProcess run = run(List.of("--spread", "0s")).awaitErr("registered orders at");

    run.signal("INT");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("child: signal 2");
  }

  @Test
  void controlCOnATerminalReachesTheChildOnlyAfterClientsWereTold() throws Exception {
    List<String> command = new ArrayList<>(List.of("python3", unpack("terminal.py").toString()));
    command.add("registered orders at");
    command.addAll(
        HoldfastProcess.java(HoldfastCommand.class, List.of("run", "--service", "orders")));
    command.addAll(List.of("--port", "" + port, "--spread", "200ms", "--"));
    command.addAll(List.of("python3", script.toString(), "" + port, "code=5"));
    command.add("look=" + registry.records("orders"));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(registry.environment());
    Path output = scratch.resolve("terminal.txt");

    Process terminal = builder.redirectOutput(output.toFile()).start();
    assertThat(terminal.waitFor(300, TimeUnit.SECONDS)).isTrue();

    assertThat(Files.readString(output))
        .containsSubsequence("SIGINT: draining", "deregistered", "child: signal 2 records 0");
    assertThat(terminal.exitValue()).isEqualTo(5);
  }

  @Test
  @Tag("ci")
  void secondSignalEndsTheWaiting() {
    HoldfastProcess run = run(List.of("--spread", "10m")).awaitErr("registered orders at");

    run.signal("TERM");
    run.awaitErr("waiting 10m");
    run.signal("TERM");

    assertThat(run.exitCode()).isZero();
  }

  @Test
  @Tag("ci")
  void hangupIsPassedOnWithoutADrain() {
    HoldfastProcess run = run(List.of(), "stubborn").awaitErr("registered orders at");

    run.signal("HUP");

    run.awaitOut(out -> out.contains("child: signal 1 "));
    assertThat(registry.endpoints("orders")).hasSize(1);
  }

  @Test
  void childThatEndsByItselfIsDeregisteredAtOnceAndItsCodeIsOurs() {
    HoldfastProcess run =
        run(List.of("--spread", "10m"), "code=3").awaitErr("registered orders at");

    HoldfastProcess.sendSignal("TERM", childPid(run));

    assertThat(run.exitCode()).isEqualTo(3);
    assertThat(registry.endpoints("orders")).isEmpty();
    assertThat(run.err()).contains("deregistered orders", "the program ended with code 3");
  }

  @Test
  @Tag("ci")
  void childThatIsKilledGivesTheShellsCode() {
    HoldfastProcess run = run(List.of()).awaitErr("registered orders at");

    HoldfastProcess.sendSignal("KILL", childPid(run));

    assertThat(run.exitCode()).isEqualTo(128 + 9);
    assertThat(registry.endpoints("orders")).isEmpty();
  }

  @Test
  @Tag("ci")
  void childThatDoesNotStopIsKilledAfterTheTimeout() {
    HoldfastProcess run =
        run(List.of("--spread", "0s", "--stop-timeout", "500ms"), "stubborn")
            .awaitErr("registered orders at");

    run.signal("TERM");

    assertThat(run.exitCode()).isEqualTo(128 + 9);
    assertThat(run.err()).contains("did not stop within 500ms: killed");
  }

  @Test
  void childThatNeverListensIsStoppedWithAnErrorThatNamesThePort() {
    HoldfastProcess run =
        start(
            List.of("--ready-timeout", "5s"),
            // Not the script: Python may take longer to start on a busy machine than it is given.
            List.of("sh", "-c", "echo child: started $$; exec sleep 600"));

    assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err())
        .contains("port " + port + ": no answer within 5s on 127.0.0.1, ::1 (expected: ");
    assertThat(ProcessHandle.of(childPid(run)).filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void portOfAnotherProgramIsNotRegistered() throws IOException {
    try (ServerSocket other = new ServerSocket(port)) {
      HoldfastProcess run = run(List.of());

      assertThat(run.exitCode()).isEqualTo(ExitCode.FAILED);
      assertThat(run.err())
          .contains("port " + other.getLocalPort() + ": another program answers there already");
      assertThat(run.out()).isEmpty();
    }
  }

  @Test
  @Tag("ci")
  void programThatCanNotBeStartedGivesTheShellsCodes() throws IOException {
    HoldfastProcess missing = start(List.of(), List.of("no-such-program"));
    Path text = Files.writeString(scratch.resolve("plain.txt"), "no program");
    HoldfastProcess plain = start(List.of(), List.of(text.toString()));

    assertThat(missing.exitCode()).isEqualTo(ExitCode.NOT_FOUND);
    assertThat(missing.err())
        .isEqualTo(
            "holdfast: no-such-program: not found (expected: a program, or one on the PATH)\n");
    assertThat(plain.exitCode()).isEqualTo(ExitCode.NOT_EXECUTABLE);
    assertThat(plain.err()).startsWith("holdfast: " + text + ": can't be started: ");
  }

  @Test
  void recordOutlivesNoKilledHoldfast() {
    HoldfastProcess run = run(List.of()).awaitErr("registered orders at");
    long child = childPid(run);

    HoldfastProcess.sendSignal("KILL", run.pid());

    registry.awaitEndpoints("orders", List::isEmpty);
    // The child is nobody's now; that is what SIGKILL means.
    ProcessHandle.of(child).ifPresent(ProcessHandle::destroyForcibly);
  }

  @Test
  @Tag("ci")
  void noticesAreJsonLinesWhenAskedFor() {
    HoldfastProcess run = run(List.of("--json", "--spread", "0s")).awaitErr("\"registered\"");

    run.signal("TERM");

    assertThat(run.exitCode()).isZero();
    assertThat(run.err().lines()).allMatch(line -> line.startsWith("{\"time\":\""));
    assertThat(run.err()).contains("\"event\":\"exited\"", "\"code\":0");
  }

  @Test
  @Tag("ci")
  void registryThatIsAwayDoesNotKeepTheProgramFromStarting() throws IOException {
    Path directory = scratch.resolve("registry");
    Files.delete(directory);
    Files.createFile(directory);
    HoldfastProcess run = run(List.of("--spread", "0s")).awaitErr("not registered at the moment");
    assertThat(run.out()).contains("child: listening");

    Files.delete(directory);
    Files.createDirectory(directory);

    run.awaitErr("registered orders at");
    await().atMost(Duration.ofSeconds(30)).until(() -> registry.endpoints("orders").size() == 1);
  }

  private HoldfastProcess run(List<String> options, String... childOptions) {
    List<String> child =
        new ArrayList<>(List.of("python3", script.toString(), Integer.toString(port)));
    child.addAll(List.of(childOptions));
    return start(options, child);
  }

  private HoldfastProcess start(List<String> options, List<String> child) {
    List<String> args =
        new ArrayList<>(List.of("run", "--service", "orders", "--port", Integer.toString(port)));
    args.addAll(options);
    args.add("--");
    args.addAll(child);
    HoldfastProcess process = HoldfastProcess.start(scratch, registry.environment(), args);
    started.add(process);
    return process;
  }

  private static long childPid(HoldfastProcess run) {
    String line =
        run.awaitOut(out -> out.contains("child: started")).out().lines().findFirst().orElseThrow();
    return Long.parseLong(line.substring("child: started ".length()));
  }
}
