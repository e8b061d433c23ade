package dev.holdfast.cli.house;

import dev.holdfast.cli.house.SourceTree.File;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** All tidy rules. Words that a rule looks for are spelt in two parts, so that it misses itself. */
final class TidyRules {
  static final int MAIN_FILE_LINES = 600;
  static final int TEST_FILE_LINES = 600;
  static final int METHOD_LINES = 60;

  /** A socket at a port that the system chooses, in whose block nothing but the port is read. */
  private static final Pattern GIVEN_BACK_PORT =
      Pattern.compile("new ServerSocket\\(0\\b[^{;]*\\{\\s*[^;]*\\.getLocalPort\\(\\);\\s*\\}");

  static final List<TidyRule> ALL =
      List.of(
          perFile(
              "main files have at most " + MAIN_FILE_LINES + " lines",
              File::isMainJava,
              file -> tooLong(file, MAIN_FILE_LINES),
              java(
                  "libraries/core/src/main/java/x/A.java",
                  "// line\n".repeat(MAIN_FILE_LINES + 1))),
          perFile(
              "test files have at most " + TEST_FILE_LINES + " lines",
              file -> file.isJava() && file.isTest(),
              file -> tooLong(file, TEST_FILE_LINES),
              java(
                  "libraries/core/src/test/java/x/A.java",
                  "// line\n".repeat(TEST_FILE_LINES + 1))),
          perFile(
              "methods have at most " + METHOD_LINES + " lines",
              File::isJava,
              TidyRules::longMethods,
              java(
                  "libraries/core/src/main/java/x/A.java",
                  "class A { void a() {\n" + "a();\n".repeat(METHOD_LINES) + "} }")),
          perFile(
              "types are domain nouns, not Util, Helper, Manager, Impl or Data",
              File::isJava,
              TidyRules::vagueNames,
              java("libraries/core/src/main/java/x/A.java", "class StringUtil {}")),
          perFile(
              "classes with tests are named ..Test, those against a server that is built first"
                  + " Real..IT: others would never run",
              file -> file.isJava() && file.isTest(),
              TidyRules::neverRun,
              java(
                  "libraries/core/src/test/java/x/Sums.java",
                  "class Sums {\n  @Test\n  void add() {}\n}")),
          perFile(
              "tests do not sleep",
              file -> file.isJava() && file.isTest(),
              matching("Thread\\.sl" + "eep\\(|TimeUnit\\.[A-Z]+\\.sl" + "eep\\("),
              java("libraries/core/src/test/java/x/A.java", "Thread.sl" + "eep(100);")),
          perFile(
              "a port for later is one of FreePort: one that the system chose may be somebody"
                  + " else's by then",
              File::isJava,
              TidyRules::givenBackPorts,
              java(
                  "libraries/core/src/test/java/x/A.java",
                  "try (ServerSocket a = new ServerSocket(0)) {\n  return a.getLocalPort();\n}")),
          perFile(
              "work left over is an issue, not a comment",
              file -> !file.path().endsWith("TidyRules.java"),
              matching("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b"),
              java("libraries/core/src/main/java/x/A.java", "// TO" + "DO: later")),
          perFile(
              "no path of somebody's machine",
              file -> true,
              matching(
                  "(?<![\\w.])(/wor"
                      + "k/|/hom"
                      + "e/\\w|/roo"
                      + "t/|/Use"
                      + "rs/|C:\\\\Us"
                      + "ers)"),
              new File("README.md", "cd /hom" + "e/jane/holdfast")),
          perFile(
              "failures are logged or thrown, never printed as a stack trace",
              File::isJava,
              matching("\\.printStack" + "Trace\\("),
              java("libraries/core/src/main/java/x/A.java", "e.printStack" + "Trace();")),
          perFile(
              "the product logs through slf4j alone",
              // The program silences what libraries log elsewhere.
              file -> isProduct(file) && !file.path().startsWith("programs/cli/"),
              matching("java\\.util\\.log" + "ging\\.|System\\.(get)?Log" + "ger\\b"),
              java("libraries/core/src/main/java/x/A.java", "System.getLog" + "ger(\"a\");")),
          perFile(
              "third-party versions of modules stand in the parent pom only",
              // Programs of testing/interop have the versions of somebody else.
              file ->
                  file.path().endsWith("/pom.xml") && !file.path().startsWith("testing/interop/"),
              TidyRules::versions,
              new File(
                  "libraries/core/pom.xml", "<dependency><version>1.2</version></dependency>")),
          perFile(
              "the parent pom names each version once, as a property",
              file -> file.path().equals("pom.xml"),
              TidyRules::literalVersions,
              new File(
                  "pom.xml",
                  "<version>0.1.0-SNAPSHOT</version>"
                      + " <dependency><version>1.2</version></dependency>")),
          perFile(
              "jqwik keeps its database in the build folder, where nobody commits it",
              file -> file.path().equals("pom.xml"),
              file ->
                  file.text().contains("<jqwik.database>${project.build.directory}/")
                      ? List.of()
                      : List.of(file.path()),
              new File("pom.xml", "<jqwik.database>.jqwik-database</jqwik.database>")),
          perFile(
              "no module needs the benchmarks but for tests: their libraries would be in its"
                  + " programs",
              file -> file.path().endsWith("pom.xml") && !file.path().startsWith("testing/bench/"),
              TidyRules::needsBenchmarks,
              new File(
                  "programs/cli/pom.xml",
                  "<dependency><artifactId>holdfast-bench</artifactId></dependency>")),
          new TidyRule(
              "no module outside of testing/ needs one of it but for tests",
              TidyRules::needsTestRooms,
              List.of(
                  java("testing/a/pom.xml", "</parent><artifactId>holdfast-a</artifactId>"),
                  java(
                      "programs/b/pom.xml",
                      "<dependency><artifactId>holdfast-a</artifactId></dependency>"))),
          perFile(
              "a constant named after a limit is marked as one, so that docs/limits.md has it",
              TidyRules::isProduct,
              TidyRules::unmarkedLimits,
              java("libraries/core/src/main/java/x/A.java", "  static final int MAX_ITEMS = 3;")),
          perFile(
              "a decision has its context, itself, its consequences and what was rejected",
              file -> file.path().matches("docs/decisions/\\d+-[^/]*\\.md"),
              TidyRules::missingParts,
              new File(
                  "docs/decisions/0001-a.md",
                  "# 0001: A\n\n## Context\n\nB.\n\n## Decision\n\nC.\n\n## Consequences\n\nD.\n")),
          new TidyRule(
              "the changelog has the status texts of the code, and no other",
              StatusTexts::differences,
              List.of(
                  new File(
                      "CHANGELOG.md",
                      """
                      ### Status texts

                      | module | status | text |
                      |---|---|---|
                      | `streams` | UNAVAILABLE | `no such text` |

                      ### Renamed
                      """),
                  java("libraries/streams/src/main/java/x/A.java", "class A {}"))),
          new TidyRule(
              "links between documents lead somewhere",
              DocumentLinks::broken,
              List.of(
                  new File("README.md", "# A\n[b](docs/b.md#part) [c](docs/none.md)"),
                  new File("docs/b.md", "# Another part"))),
          new TidyRule(
              "every main package is @NullMarked",
              TidyRules::unmarkedPackages,
              List.of(java("libraries/core/src/main/java/x/y/A.java", "class A {}"))));

  private TidyRules() {}

  private static TidyRule perFile(
      String name, Predicate<File> concerns, Function<File, List<String>> check, File guilty) {
    return new TidyRule(
        name,
        files ->
            files.stream().filter(concerns).flatMap(file -> check.apply(file).stream()).toList(),
        List.of(guilty));
  }

  private static File java(String path, String text) {
    return new File(path, text);
  }

  private static List<String> tooLong(File file, int most) {
    long lines = file.text().lines().count();
    return lines <= most ? List.of() : List.of("%s: %d lines".formatted(file.path(), lines));
  }

  private static List<String> longMethods(File file) {
    return JavaShape.of(file).methods().stream()
        .filter(method -> method.lines() > METHOD_LINES)
        .map(
            method ->
                "%s:%d: %s has %d lines"
                    .formatted(file.path(), method.firstLine(), method.name(), method.lines()))
        .toList();
  }

  private static List<String> neverRun(File file) {
    boolean tests =
        Pattern.compile(
                "(?m)^\\s*@(Test|Property|ParameterizedTest|RepeatedTest|TestFactory|Example)\\b")
            .asPredicate()
            .test(file.text());
    boolean found = file.path().matches(".*(Test|/Real\\w*IT)\\.java");
    return tests && !found ? List.of(file.path()) : List.of();
  }

  private static List<String> vagueNames(File file) {
    Predicate<String> vague = Pattern.compile("(Utils?|Helpers?|Manager|Impl|Data)$").asPredicate();
    return JavaShape.of(file).typeNames().stream()
        .filter(vague)
        .map(name -> file.path() + ": " + name)
        .toList();
  }

  /** Places where a socket is closed as soon as its port is known. */
  private static List<String> givenBackPorts(File file) {
    return GIVEN_BACK_PORT
        .matcher(file.text())
        .results()
        .map(found -> file.path() + ": " + found.group().lines().findFirst().orElse("").strip())
        .toList();
  }

  private static Function<File, List<String>> matching(String regex) {
    Pattern pattern = Pattern.compile(regex);
    return file -> {
      List<String> found = new ArrayList<>();
      List<String> lines = file.text().lines().toList();
      for (int i = 0; i < lines.size(); i++) {
        if (pattern.matcher(lines.get(i)).find()) {
          found.add("%s:%d: %s".formatted(file.path(), i + 1, lines.get(i).strip()));
        }
      }
      return found;
    };
  }

  /** Whether a file is code of a product room; benchmarks and examples are none. */
  private static boolean isProduct(File file) {
    return file.isMainJava()
        && file.path().matches("(libraries|programs|registries|stores|integrations)/.*");
  }

  private static List<String> unmarkedLimits(File file) {
    return HouseMeasures.unmarkedLimits(file.text()).stream()
        .map(name -> file.path() + ": " + name + " (expected: @Limit)")
        .toList();
  }

  private static List<String> versions(File pom) {
    String own =
        pom.text()
            .replaceFirst("(?s)<parent>.*?</parent>", "")
            // The BOM manages our own artifacts; a processor path names a property of the parent.
            .replaceAll("<version>\\$\\{[a-z.-]+}</version>", "");
    return own.contains("<version>") ? List.of(pom.path() + ": <version>") : List.of();
  }

  private static List<String> missingParts(File decision) {
    return Stream.of("Context", "Decision", "Consequences", "Rejected alternatives")
        .filter(
            part ->
                !Pattern.compile("^## " + part + "\\n\\n(?!#)\\S", Pattern.MULTILINE)
                    .matcher(decision.text())
                    .find())
        .map(part -> decision.path() + ": ## " + part)
        .toList();
  }

  private static List<String> needsTestRooms(List<File> files) {
    Set<String> testing =
        files.stream()
            .filter(file -> file.path().matches("testing/[^/]+/pom\\.xml"))
            .map(file -> file.text().replaceFirst("(?s).*?</parent>", ""))
            .map(text -> text.replaceFirst("(?s).*?<artifactId>([^<]*)<.*", "$1"))
            .collect(Collectors.toSet());
    return files.stream()
        .filter(file -> file.path().endsWith("/pom.xml") && !file.path().startsWith("testing/"))
        .flatMap(file -> testing.stream().flatMap(room -> needs(file, room).stream()))
        .toList();
  }

  private static List<String> needsBenchmarks(File pom) {
    return needs(pom, "holdfast-bench");
  }

  private static List<String> needs(File pom, String artifact) {
    return Pattern.compile("<dependency>(.*?)</dependency>", Pattern.DOTALL)
        .matcher(pom.text())
        .results()
        .map(dependency -> dependency.group(1))
        .filter(dependency -> dependency.contains("<artifactId>" + artifact + "</artifactId>"))
        .filter(dependency -> !dependency.contains("<scope>test</scope>"))
        .map(dependency -> pom.path() + ": " + artifact + " (expected: <scope>test</scope>)")
        .toList();
  }

  private static List<String> literalVersions(File pom) {
    List<String> found = new ArrayList<>();
    Matcher version = Pattern.compile("<version>([^<]*)</version>").matcher(pom.text());
    boolean own = true;
    while (version.find()) {
      // The first one is the project's own.
      if (!own && !version.group(1).startsWith("${")) {
        found.add("pom.xml: " + version.group());
      }
      own = false;
    }
    return found;
  }

  private static List<String> unmarkedPackages(List<File> files) {
    Set<String> marked =
        files.stream()
            .filter(file -> file.path().endsWith("/package-info.java"))
            .filter(file -> file.text().contains("@NullMarked"))
            .map(TidyRules::directory)
            .collect(Collectors.toSet());
    Set<String> all =
        files.stream()
            .filter(File::isMainJava)
            .map(TidyRules::directory)
            .collect(Collectors.toCollection(LinkedHashSet::new));
    all.removeAll(marked);
    return all.stream().map(missing -> missing + "/package-info.java: @NullMarked").toList();
  }

  private static String directory(File file) {
    return file.path().substring(0, file.path().lastIndexOf('/'));
  }
}
