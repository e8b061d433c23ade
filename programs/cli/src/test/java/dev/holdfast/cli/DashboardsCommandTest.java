package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.cli.dashboards.ObservabilityFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code dashboards}, which writes what Grafana and Prometheus read. */
class DashboardsCommandTest {
  @TempDir Path folder;

  @Test
  void writesEveryFileIntoAFolderThatIsMissing() throws Exception {
    Path missing = folder.resolve("a/b");
    CommandRun run = CommandRun.of("dashboards", missing.toString());
    assertThat(run.code()).isZero();
    assertThat(run.out()).isEqualTo("5 files in " + missing + "\n");
    for (Map.Entry<String, String> file : ObservabilityFiles.all().entrySet()) {
      assertThat(missing.resolve(file.getKey())).hasContent(file.getValue());
    }
  }

  @Test
  void namesAFolderThatCannotBeWritten() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");
    CommandRun run = CommandRun.of("dashboards", file.toString());
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.err()).contains("dashboards: " + file + ": can't be written");
  }
}
