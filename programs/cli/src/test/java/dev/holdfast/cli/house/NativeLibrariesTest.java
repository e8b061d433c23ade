package dev.holdfast.cli.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Native parts of third parties: each room brings them for all processors that README.md names. */
class NativeLibrariesTest {
  private static final Pattern NATIVE =
      Pattern.compile(
          "<artifactId>([^<]+)</artifactId>\\s*<classifier>linux-(x86_64|aarch_64)</classifier>");

  @Test
  void everyRoomBringsEachLibraryForEveryProcessor() throws IOException {
    int rooms = 0;
    for (Path pom : SourceTree.poms()) {
      String text = Files.readString(pom);
      List<String> ours = classifiersOf(text, "x86_64");
      assertThat(classifiersOf(text, "aarch_64")).as("%s", pom).isEqualTo(ours);
      rooms += ours.isEmpty() ? 0 : 1;
    }
    assertThat(rooms).isPositive();
  }

  private static List<String> classifiersOf(String pom, String processor) {
    return NATIVE
        .matcher(pom)
        .results()
        .filter(found -> found.group(2).equals(processor))
        .map(found -> found.group(1))
        .sorted()
        .toList();
  }
}
