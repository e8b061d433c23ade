package dev.holdfast.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What docs/guarantees.md and TRACK-RECORD.md say of tests is true. */
class GuaranteesTest {
  private static final Path ROOT = Path.of(System.getProperty("holdfast.root", ".."));
  private static final int FOLDERS_TO_A_MODULE = 2;

  // A class, a class and its method, a further method of the class before: `.method`, a function in
  // Go, or a file of the library in TypeScript.
  private static final Pattern TEST =
      Pattern.compile(
          "\\b([A-Z]\\w*Test)(?:\\.([a-z]\\w*))?|`\\.([a-z]\\w*)`"
              + "|`(Test[A-Z]\\w*|[a-z-]+\\.test\\.ts)`");
  private static final Pattern GO_TEST = Pattern.compile("(?m)^func (Test\\w+)\\(");
  private static final Pattern PARENT = Pattern.compile("class \\w+ extends (\\w+)");

  @ParameterizedTest
  @EnumSource
  void everyGuaranteeThatASimulationChecksIsInTheDocument(Guarantee guarantee) throws IOException {
    assertThat(read(ROOT.resolve("docs/guarantees.md"))).contains("| " + guarantee + " |");
  }

  @ParameterizedTest
  @ValueSource(strings = {"docs/guarantees.md", "TRACK-RECORD.md"})
  void everyTestThatADocumentNamesExists(String document) throws IOException {
    assertThat(unfounded(read(ROOT.resolve(document)), testSources())).isEmpty();
  }

  @Test
  void everyGuaranteeHasOneChecker() throws IOException {
    assertThat(withoutOneChecker(read(ROOT.resolve("docs/guarantees.md")))).isEmpty();
  }

  @Test
  void aGuaranteeWithTwoCheckersIsFound() {
    String document =
        """
        | guarantee | meaning | checker | also |
        |---|---|---|---|
        | ONE | x | `OneTest.a` | `.b`, TwoTest |
        | TWO | x | `OneTest.a`, `.b` | - |
        """;

    assertThat(withoutOneChecker(document)).containsExactly("TWO");
  }

  @Test
  void aTestThatIsNamedAndMissingIsFound() {
    Map<String, String> sources =
        Map.of(
            "OneTest", "class OneTest extends BaseTest { void a() {} }",
            "BaseTest", "class BaseTest { void inherited() {} }",
            "TestOfGo", "",
            "of-node.test.ts", "");
    String document =
        """
        | what | how | test |
        |---|---|---|
        | fine | x | `OneTest.a`, `.inherited`, mutant `NO_TEST_AT_ALL` |
        | Go | x | `TestOfGo` |
        | gone | x | OneTest, GoneTest |
        | gone in Go | x | `TestThatIsGone` |
        | Node | x | `of-node.test.ts` |
        | gone in Node | x | `gone.test.ts` |
        | renamed | x | `OneTest.a`, `.b` |
        | unproven | x | somebody looked |
        """;

    assertThat(unfounded(document, sources))
        .containsExactly(
            "gone: GoneTest",
            "gone in Go: TestThatIsGone",
            "gone in Node: gone.test.ts",
            "renamed: OneTest.b",
            "unproven: names no test");
  }

  private static List<String> withoutOneChecker(String document) {
    return document
        .lines()
        .filter(line -> line.startsWith("| "))
        .skip(1)
        .map(row -> row.split("\\|", -1))
        .filter(cells -> TEST.matcher(cells[3]).results().count() != 1)
        .map(cells -> cells[1].strip())
        .toList();
  }

  private static List<String> unfounded(String document, Map<String, String> sources) {
    List<String> found = new ArrayList<>();
    List<String> rows = document.lines().filter(line -> line.startsWith("| ")).toList();
    for (String row : rows.subList(1, rows.size())) {
      String[] cells = row.split("\\|", -1);
      String title = cells[1].strip();
      Matcher test = TEST.matcher(tests(cells));
      String type = "";
      while (test.find()) {
        type = test.group(1) == null ? type : test.group(1);
        type = test.group(4) == null ? type : test.group(4);
        String method = test.group(2) == null ? test.group(3) : test.group(2);
        if (!sources.containsKey(type)) {
          found.add(title + ": " + type);
        } else if (method != null && !hasMethod(type, method, sources)) {
          found.add(title + ": " + type + "." + method);
        }
      }
      if (type.isEmpty()) {
        found.add(title + ": names no test");
      }
    }
    return found;
  }

  /** All that stands behind the title and its meaning: what checks it, and what else does. */
  private static String tests(String[] cells) {
    return String.join(" ", Arrays.copyOfRange(cells, 3, cells.length));
  }

  private static boolean hasMethod(String type, String method, Map<String, String> sources) {
    String source = sources.getOrDefault(type, "");
    if (Pattern.compile("\\bvoid " + method + "\\(").matcher(source).find()) {
      return true;
    }
    Matcher parent = PARENT.matcher(source);
    return parent.find() && hasMethod(parent.group(1), method, sources);
  }

  /** The text of every test class of the tree, by its name, and the names of other tests. */
  private static Map<String, String> testSources() throws IOException {
    try (Stream<Path> folders = Files.walk(ROOT, FOLDERS_TO_A_MODULE)) {
      Map<String, String> sources =
          folders
              .map(folder -> folder.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .flatMap(folder -> files(folder, "Test.java"))
              .collect(
                  Collectors.toMap(
                      file -> file.getFileName().toString().replace(".java", ""),
                      GuaranteesTest::read,
                      String::concat,
                      TreeMap::new));
      files(ROOT.resolve("libraries/js/test"), ".test.ts")
          .forEach(file -> sources.put(file.getFileName().toString(), ""));
      files(ROOT.resolve("go"), "_test.go")
          .flatMap(file -> GO_TEST.matcher(read(file)).results())
          .forEach(test -> sources.put(test.group(1), ""));
      return sources;
    }
  }

  private static Stream<Path> files(Path directory, String suffix) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.filter(path -> path.toString().endsWith(suffix)).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
