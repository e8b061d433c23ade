package dev.holdfast.core.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.core.tls.ReloadableFiles.ReloadResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReloadableFilesTest {
  @TempDir Path folder;
  private final List<String> used = new ArrayList<>();

  @Test
  void believesInCloseSuccessionOnlyWhatItFindsTwice() throws Exception {
    Path file = Files.writeString(folder.resolve("a"), "one");
    ReloadableFiles files = followed(file);
    assertThat(files.read()).isTrue();
    assertThat(List.of(files.reloadIfStable(), files.reloadIfStable()))
        .containsOnly(ReloadResult.SAME);

    Files.writeString(file, "tw");
    assertThat(files.reloadIfStable()).isEqualTo(ReloadResult.SAME);
    Files.writeString(file, "two");
    assertThat(files.reloadIfStable()).isEqualTo(ReloadResult.SAME);
    assertThat(files.reloadIfStable()).isEqualTo(ReloadResult.USED);
    assertThat(used).containsExactly("one", "two");
  }

  @Test
  void tellsOnceWhatCannotBeUsedAndWhenThatIsOver() throws Exception {
    Path file = Files.writeString(folder.resolve("a"), "one");
    ReloadableFiles files = followed(file);
    assertThat(files.read()).isTrue();
    try (LogLines log = LogLines.ofThisThread(ReloadableFiles.class)) {
      Files.writeString(file, "bad");
      assertThat(files.reloadIfChanged()).isEqualTo(ReloadResult.REFUSED);
      assertThat(files.reloadIfChanged()).isEqualTo(ReloadResult.SAME);
      Files.writeString(file, "one");
      assertThat(files.reloadIfChanged()).isEqualTo(ReloadResult.SAME);
      assertThat(log.all())
          .extracting(line -> line.replaceAll(" files=.*", ""))
          .containsExactly("WARN event=tls_files_failed", "INFO event=tls_files_reloaded");
    }
    assertThat(used).containsExactly("one");
  }

  private ReloadableFiles followed(Path file) {
    return new ReloadableFiles(
        List.of(file),
        contents -> {
          String text = new String(contents.get(0), StandardCharsets.UTF_8);
          if (text.equals("bad")) {
            throw new IOException("not good");
          }
          used.add(text);
        });
  }
}
