package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code watch} as a process of its own, beside instances that come and go. */
class WatchCommandTest {
  @TempDir private Path scratch;

  private FileRegistryDirectory registry;
  private final List<HoldfastProcess> started = new ArrayList<>();

  @BeforeEach
  void prepare() {
    registry = new FileRegistryDirectory(scratch);
  }

  @AfterEach
  void killWhatIsLeft() {
    started.forEach(HoldfastProcess::close);
  }

  @Test
  void everyChangeIsALineWithItsCause() throws IOException {
    HoldfastProcess watch = watch("orders");
    watch.awaitOut(out -> out.contains("empty      orders  no endpoint yet"));
    // Written by hand, so that each state stays until it was seen.
    Path record = Files.createDirectories(registry.records("orders")).resolve("a.json");
    write(record, "\"zone\": \"a\"");
    watch.awaitOut(out -> out.contains("added      orders  10.0.0.7:7001"));

    write(record, "\"zone\": \"a\", \"weight\": 5");
    watch.awaitOut(out -> out.contains("weight     orders  10.0.0.7:7001"));
    write(record, "\"zone\": \"a\", \"weight\": 5, \"draining\": true");
    watch.awaitOut(out -> out.contains("draining   orders  10.0.0.7:7001"));
    Files.delete(record);

    watch.awaitOut(out -> out.contains("removed    orders  10.0.0.7:7001"));
    assertThat(watch.out())
        .contains("registered  [zone=a]", "1 -> 5", "about to leave", "drained")
        .containsPattern("draining +orders +10\\.0\\.0\\.7:7001 +age=\\d+m?s +about to leave");
  }

  @Test
  void namespaceIsWatchedWithTheServicesThatAppear() throws IOException {
    HoldfastProcess watch = watch("--json");
    int port = FreePort.find();

    run(port);

    watch.awaitOut(out -> out.contains("\"change\":\"added\",\"service\":\"orders\""));
    assertThat(watch.out().lines())
        .allMatch(line -> line.startsWith("{\"time\":\"") && line.endsWith("}"))
        .anyMatch(line -> line.contains("\"change\":\"service\",\"service\":\"orders\""));
  }

  @Test
  void troubleIsSaidOnceAndSoIsItsEnd() throws IOException {
    HoldfastProcess watch = watch("orders");
    watch.awaitOut(out -> out.contains("empty"));
    Path directory = scratch.resolve("registry");
    Path aside = scratch.resolve("aside");

    Files.move(directory, aside);
    watch.awaitOut(out -> out.contains("trouble"));
    Files.move(aside, directory);

    watch.awaitOut(out -> out.contains("restored"));
    assertThat(watch.out()).containsOnlyOnce("trouble").containsOnlyOnce("restored");
  }

  @Test
  void interruptEndsItQuietly() {
    HoldfastProcess watch = watch("orders");
    watch.awaitOut(out -> out.contains("empty"));

    watch.signal("INT");

    assertThat(watch.exitCode()).isEqualTo(128 + 2);
    assertThat(watch.err()).isEmpty();
  }

  /** Put in place at once, as every careful writer does. */
  private void write(Path record, String properties) throws IOException {
    Path written = Files.createTempFile(scratch, "record", ".json");
    Files.writeString(written, "{\"address\": \"10.0.0.7:7001\", " + properties + "}");
    Files.move(written, record, StandardCopyOption.ATOMIC_MOVE);
  }

  private HoldfastProcess watch(String... args) {
    List<String> all = new ArrayList<>(List.of("watch"));
    all.addAll(List.of(args));
    return keep(HoldfastProcess.start(scratch, registry.environment(), all));
  }

  private HoldfastProcess run(int port) {
    return keep(
        HoldfastProcess.start(
            scratch,
            registry.environment(),
            List.of(
                "run",
                "--service",
                "orders",
                "--port",
                "" + port,
                "--zone",
                "a",
                "--spread",
                "0s",
                "--",
                "python3",
                "-m",
                "http.server",
                "--bind",
                "127.0.0.1",
                "" + port)));
  }

  private HoldfastProcess keep(HoldfastProcess process) {
    started.add(process);
    return process;
  }
}
