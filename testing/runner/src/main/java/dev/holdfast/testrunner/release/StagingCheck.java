package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The program with which {@code scripts/release} checks a staging folder against the requirements
 * of Maven Central. The list of what must be there is the staged BOM.
 */
public final class StagingCheck {
  static final String USAGE =
      """
      Usage: staging --staging FOLDER --version VERSION
        --staging FOLDER   a Maven repository with what is to be published
        --version VERSION  the version of all its artifacts
      Exit code: 0 complete, 1 something is missing or wrong, 2 wrong arguments.
      """;

  private static final String GROUP = "dev.holdfast";
  private static final String BOM = "holdfast-bom";
  private static final String TESTS = ":tests";
  private static final List<String> FILES =
      List.of(".jar", "-sources.jar", "-javadoc.jar", "-cyclonedx.json", "-cyclonedx.xml");
  private static final int WRONG_ARGUMENTS = 2;

  private final Path folder;
  private final String version;
  private int files;

  private StagingCheck(Path staging, String version) {
    this.folder = staging.resolve(GROUP.replace('.', '/'));
    this.version = version;
  }

  /** The program. */
  public static void main(String[] args) {
    System.exit(run(List.of(args), System.out));
  }

  /** Checks the folder, prints each fault and the result, and returns the exit code. */
  static int run(List<String> args, PrintStream out) {
    if (args.contains("--help")) {
      out.print(USAGE);
      return 0;
    }
    try {
      return parse(args).check(out) ? 0 : 1;
    } catch (IllegalArgumentException e) {
      out.println("staging: " + e.getMessage() + "\n" + USAGE);
      return WRONG_ARGUMENTS;
    } catch (IOException e) {
      out.println("staging: " + e.getMessage());
      return 1;
    }
  }

  private static StagingCheck parse(List<String> args) {
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < args.size(); i += 2) {
      String name = args.get(i);
      if (!name.equals("--staging") && !name.equals("--version")) {
        throw new IllegalArgumentException(name + ": unknown (expected: an option)");
      }
      if (i + 1 == args.size()) {
        throw new IllegalArgumentException(name + ": no value (expected: one)");
      }
      values.put(name, args.get(i + 1));
    }
    String staging = values.get("--staging");
    String version = values.get("--version");
    if (staging == null || version == null) {
      throw new IllegalArgumentException("--staging and --version: missing (expected: given)");
    }
    Path folder = Path.of(staging);
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException("--staging: " + folder + " (expected: a folder)");
    }
    return new StagingCheck(folder, version);
  }

  private boolean check(PrintStream out) throws IOException {
    Set<String> staged = staged();
    List<String> faults = new ArrayList<>();
    Set<String> published = published(staged, faults);
    StagedJars jars = new StagedJars();
    for (String artifact : staged) {
      for (String fault : faultsOf(artifact, staged, published, jars)) {
        faults.add(artifact + ": " + fault);
      }
    }
    faults.forEach(out::println);
    out.printf("RESULT artifacts=%d files=%d missing=%d%n", staged.size(), files, faults.size());
    return faults.isEmpty();
  }

  /** The artifacts that have a folder. */
  private Set<String> staged() throws IOException {
    if (!Files.isDirectory(folder)) {
      return Set.of();
    }
    try (Stream<Path> folders = Files.list(folder)) {
      return folders
          .filter(Files::isDirectory)
          .map(each -> each.getFileName().toString())
          .collect(TreeSet::new, Set::add, Set::addAll);
    }
  }

  /** The artifacts of the BOM. All of them must be staged, and nothing beside them. */
  private Set<String> published(Set<String> staged, List<String> faults) throws IOException {
    Path file = artifactFolder(BOM).resolve(BOM + "-" + version + ".pom");
    if (!Files.isRegularFile(file)) {
      faults.add(BOM + ": " + file.getFileName() + " is missing (expected: staged)");
      return Set.of();
    }
    Set<String> managed = new StagedPom(GROUP, BOM, version, PomDocument.read(file)).managed();
    for (String each : managed) {
      if (!staged.contains(each.replace(TESTS, ""))) {
        faults.add(each + ": in the BOM only (expected: staged)");
      }
    }
    for (String each : staged) {
      if (!each.equals(BOM) && !managed.contains(each)) {
        faults.add(each + ": not in the BOM (expected: in it)");
      }
    }
    return managed;
  }

  private List<String> faultsOf(
      String artifact, Set<String> staged, Set<String> published, StagedJars jars)
      throws IOException {
    Path versionFolder = artifactFolder(artifact);
    String stem = artifact + "-" + version;
    Path pomFile = versionFolder.resolve(stem + ".pom");
    List<String> faults = new ArrayList<>(new StagedFile(pomFile).faults());
    if (!Files.isRegularFile(pomFile)) {
      return faults;
    }
    files++;
    StagedPom pom = new StagedPom(GROUP, artifact, version, PomDocument.read(pomFile));
    faults.addAll(pom.faults(staged));
    if (!pom.hasJar()) {
      return faults;
    }
    List<String> endings = new ArrayList<>(FILES);
    if (published.contains(artifact + TESTS)) {
      endings.add("-tests.jar");
    }
    for (String ending : endings) {
      faults.addAll(new StagedFile(versionFolder.resolve(stem + ending)).faults());
      files++;
    }
    faults.addAll(jars.faults(artifact, versionFolder, stem));
    return faults;
  }

  private Path artifactFolder(String artifact) {
    return folder.resolve(artifact).resolve(version);
  }
}
