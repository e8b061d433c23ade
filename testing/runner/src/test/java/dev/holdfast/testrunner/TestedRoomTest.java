package dev.holdfast.testrunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TestedRoomTest {
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", "../.."));

  @TempDir Path folder;

  private List<TestedRoom> read(String text) throws IOException {
    return TestedRoom.read(Files.writeString(folder.resolve("rooms.txt"), text));
  }

  @Test
  void roomsAreInTheOrderOfTheList() throws IOException {
    assertThat(
            read(
                """
                # first
                streams-redis | stores/redis | yes | no | -

                b | c | no | yes | d/** e
                """))
        .containsExactly(
            new TestedRoom("streams-redis", "stores/redis", true, false, List.of()),
            new TestedRoom("b", "c", false, true, List.of("d/**", "e")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "a | b | no | no; (expected: name | folder | yes or no | yes or no | globs or -)",
        "a | b | maybe | no | -; (expected: name | folder | yes or no | yes or no | globs or -)",
        "a | b | no | maybe | -; (expected: name | folder | yes or no | yes or no | globs or -)",
        "a | b | no | no |; (expected: name | folder | yes or no | yes or no | globs or -)"
      })
  void wrongRowIsNamed(String row, String expected) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("# a\n" + row))
        .withMessageContaining("rooms.txt:2: ")
        .withMessageEndingWith(expected);
  }

  @Test
  void roomIsListedOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("a | b | no | no | -\na | c | no | no | -\n"))
        .withMessageEndingWith("rooms.txt:2: a (expected: each room once)");
  }

  @Test
  void listHasARoom() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read("# none\n"))
        .withMessageEndingWith("no room (expected: at least one)");
  }

  @Test
  void abstractClassesAreNoTests() throws IOException {
    Path sources = Files.createDirectories(folder.resolve("a/src/test/java/x"));
    Files.writeString(sources.resolve("OneTest.java"), "class OneTest {}");
    Files.writeString(sources.resolve("BaseTest.java"), "\npublic abstract class BaseTest {}");
    Files.writeString(sources.resolve("Kit.java"), "class Kit {}");

    assertThat(declaredTests(Optional.empty())).containsExactly("x.OneTest");
  }

  @Test
  void classesWithTheTagAreLeftOut() throws IOException {
    Path sources = Files.createDirectories(folder.resolve("a/src/test/java/x"));
    Files.writeString(sources.resolve("OneTest.java"), "\n@Tag(\"slow\")\nclass OneTest {}");
    Files.writeString(
        sources.resolve("TwoTest.java"), "\nclass TwoTest {\n  @Tag(\"slow\")\n  void a() {}\n}");

    assertThat(declaredTests(Optional.of("slow"))).containsExactly("x.TwoTest");
    assertThat(declaredTests(Optional.of("other")))
        .containsExactlyInAnyOrder("x.OneTest", "x.TwoTest");
  }

  private Set<String> declaredTests(Optional<String> withoutTag) throws IOException {
    return new TestedRoom("a", "a", false, false, List.of()).declaredTests(folder, withoutTag);
  }

  /** A room whose tests read the repository would be left out although what they read changed. */
  @Test
  void roomsThatReadTheRepositoryHaveInputs() throws IOException {
    List<String> without = new ArrayList<>();
    for (TestedRoom room : TestedRoom.read(ROOT.resolve("testing/runner/rooms.txt"))) {
      if (room.inputs().isEmpty() && readsRepository(room)) {
        without.add(room.name());
      }
    }
    assertThat(without).isEmpty();
  }

  @Test
  void everyInputExists() throws IOException {
    for (TestedRoom room : TestedRoom.read(ROOT.resolve("testing/runner/rooms.txt"))) {
      for (String glob : room.inputs()) {
        assertThat(RepositoryFiles.matching(ROOT, List.of(glob)))
            .as("%s: %s", room, glob)
            .isNotEmpty();
      }
    }
  }

  private static boolean readsRepository(TestedRoom room) throws IOException {
    Path sources = ROOT.resolve(room.folder()).resolve("src/test/java");
    List<Path> files;
    try (var walk = Files.walk(sources)) {
      files = walk.filter(file -> file.toString().endsWith(".java")).toList();
    }
    for (Path file : files) {
      if (Files.readString(file).contains("holdfast.root")) {
        return true;
      }
    }
    return false;
  }
}
