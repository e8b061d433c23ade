package dev.holdfast.testrunner.release;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The program that compares the class paths of published artifacts with the lists that are checked
 * in, so that no dependency of our users is added unseen.
 */
public final class ClassPathCheck {
  static final String USAGE =
      """
      Usage: class-paths --class-paths FOLDER --lists FOLDER [--write]
        --class-paths FOLDER  ARTIFACT.txt for each artifact: jars separated by colons; all*.txt: those of all together
        --lists FOLDER        ARTIFACT.txt for each artifact: a line for each jar, without its version
        --write               writes the lists instead of comparing them
      Exit code: 0 as listed, 1 a class path differs or mixes versions, 2 wrong arguments.
      """;

  /** Class paths of all artifacts together: they may not mix versions, and have no list. */
  private static final String ALL = "all";

  private static final String ENDING = ".txt";

  private static final int WRONG_ARGUMENTS = 2;

  private final Path classPaths;
  private final Path lists;
  private final boolean write;

  private ClassPathCheck(Path classPaths, Path lists, boolean write) {
    this.classPaths = classPaths;
    this.lists = lists;
    this.write = write;
  }

  /** The program. */
  public static void main(String[] args) {
    System.exit(run(List.of(args), System.out));
  }

  /** Compares, prints each fault and the result, and returns the exit code. */
  static int run(List<String> args, PrintStream out) {
    if (args.contains("--help")) {
      out.print(USAGE);
      return 0;
    }
    try {
      return parse(args).check(out) ? 0 : 1;
    } catch (IllegalArgumentException e) {
      out.println("class-paths: " + e.getMessage() + "\n" + USAGE);
      return WRONG_ARGUMENTS;
    } catch (IOException | UncheckedIOException e) {
      out.println("class-paths: " + e.getMessage());
      return 1;
    }
  }

  private static ClassPathCheck parse(List<String> args) {
    Path classPaths = null;
    Path lists = null;
    boolean write = false;
    for (int i = 0; i < args.size(); i++) {
      switch (args.get(i)) {
        case "--write" -> write = true;
        case "--class-paths" -> classPaths = folder(args, ++i);
        case "--lists" -> lists = folder(args, ++i);
        default ->
            throw new IllegalArgumentException(args.get(i) + ": unknown (expected: an option)");
      }
    }
    if (classPaths == null || lists == null) {
      throw new IllegalArgumentException("--class-paths and --lists: missing (expected: given)");
    }
    return new ClassPathCheck(classPaths, lists, write);
  }

  private static Path folder(List<String> args, int index) {
    String option = args.get(index - 1);
    if (index == args.size()) {
      throw new IllegalArgumentException(option + ": no value (expected: a folder)");
    }
    Path folder = Path.of(args.get(index));
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(option + ": " + folder + " (expected: a folder)");
    }
    return folder;
  }

  private boolean check(PrintStream out) throws IOException {
    List<String> faults = new ArrayList<>();
    Set<String> names = textFiles(classPaths);
    if (names.isEmpty()) {
      faults.add(classPaths + ": no class path (expected: at least one)");
    }
    for (String name : names) {
      List<ClassPathJar> jars = jarsBeside(name);
      if (!name.startsWith(ALL)) {
        for (String fault : againstList(name, jars)) {
          faults.add(name + ": " + fault);
        }
      }
      ClassPathRules.mixtures(jars).forEach(fault -> faults.add(name + ": " + fault));
    }
    for (String name : textFiles(lists)) {
      if (!names.contains(name)) {
        faults.add(
            name + ": a list without a class path (expected: an artifact that is published)");
      }
    }
    faults.forEach(out::println);
    out.printf("RESULT class_paths=%d faults=%d%n", names.size(), faults.size());
    return faults.isEmpty();
  }

  /** The jars of a class path without the artifact itself, which only its users have there. */
  private List<ClassPathJar> jarsBeside(String name) throws IOException {
    return ClassPathJar.of(Files.readString(classPaths.resolve(name))).stream()
        .filter(jar -> !name.equals(jar.name() + ENDING))
        .toList();
  }

  private List<String> againstList(String name, List<ClassPathJar> jars) throws IOException {
    Path list = lists.resolve(name);
    if (write) {
      Files.writeString(list, String.join("\n", ClassPathRules.names(jars)) + "\n");
      return List.of();
    }
    if (!Files.isRegularFile(list)) {
      return List.of("no list (expected: " + list + ", which --write makes)");
    }
    Set<String> lines = new TreeSet<>(Files.readAllLines(list));
    lines.remove("");
    return ClassPathRules.differences(jars, lines);
  }

  private static Set<String> textFiles(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(ENDING))
          .collect(TreeSet::new, Set::add, Set::addAll);
    }
  }
}
