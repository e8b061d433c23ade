package dev.holdfast.cli.house;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Measures of the product code's style: duplicate type names, doc comments, abstract classes with
 * one subclass, simulators in product jars, unmarked limits and the largest package.
 *
 * <p>{@code scripts/house [--list]} runs this file as a program, without a build, so it uses the
 * JDK alone. Sources are read as text; google-java-format puts each declaration on a line of its
 * own.
 */
final class HouseMeasures {
  private static final Set<String> BUILT =
      Set.of("target", "build", "__pycache__", ".git", ".holdfast", "node_modules");
  private static final Set<String> SKIPPED =
      Set.of(
          "target",
          "build",
          "__pycache__",
          ".git",
          ".holdfast",
          "node_modules",
          "testing",
          "examples");
  private static final Pattern TYPE =
      Pattern.compile(
          "^((?:(?:public|final|abstract|sealed|non-sealed) )*)"
              + "(?:class|interface|record|enum|@interface) (\\w+)",
          Pattern.MULTILINE);
  private static final Pattern ABSTRACT =
      Pattern.compile("^(?:public )?abstract (?:sealed )?class (\\w+)", Pattern.MULTILINE);

  /** A doc comment that says why the class below it is a superclass. */
  private static final Pattern REASON =
      Pattern.compile(
          "superclass(?:(?!\\*/).)*because(?:(?!\\*/).)*\\*/\\s*(?:@\\w+\\s+)*$", Pattern.DOTALL);

  private static final Pattern EXTENDS =
      Pattern.compile("\\bextends\\s+(\\w+)|new (\\w+)\\([^;]*?\\) \\{");
  private static final Pattern COMMENT = Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL);
  private static final Pattern MARGIN = Pattern.compile("^[ \\t]*\\*[ \\t]?", Pattern.MULTILINE);
  private static final Pattern PRONOUN = Pattern.compile("^(?:What|It|One|Who|Those|Whoever)\\b");
  private static final Pattern END_OF_PARAGRAPH = Pattern.compile("\n@|\n\n");
  private static final Pattern SIMULATOR =
      Pattern.compile(
          "/(?:rehearsal|simulation)/|/(?:\\w*Mutant|Simulated\\w*|\\w*Simulation(?:Event)?"
              + "|\\w*KeepalivePolicy|KeepaliveScenario|FaultIntervals|PathConditions|PingRecord"
              + "|AckPolicyChecker|Guarantee|GuaranteeViolation|SessionOracle|StreamCoverage"
              + "|StreamDeployment|StreamFaultInjector|StreamTraffic|UnreadQueue|VirtualTime)"
              + "\\.java$");
  private static final Pattern LIMIT =
      Pattern.compile(
          "(@Limit\\((?s:.*?)\"\\)\\s*)?[a-z ]* final (?:int|long|Duration)"
              + " (M(?:AX|OST)_\\w+)");

  private static final int SHORT_WORDS = 4;
  private static final int FILES_OF_A_PACKAGE = 40;
  private static final Map<String, Double> BOUNDS =
      Map.of(
          "duplicate_names", 0.0,
          "pronoun_openers_pct", 1.0,
          "short_comments_pct", 2.0,
          "single_subclass", 0.0,
          "longest_architecture_line", 200.0,
          "test_code_in_jars", 0.0,
          "unmarked_limits", 0.0,
          "largest_package", (double) FILES_OF_A_PACKAGE);

  private final Path root;
  private final boolean list;
  private final Map<Path, String> sources = new TreeMap<>();
  private final Map<String, Double> values = new LinkedHashMap<>();

  private HouseMeasures(Path root, boolean list) {
    this.root = root;
    this.list = list;
  }

  /** Measures a tree; with {@code list}, each finding is a line of standard output. */
  static HouseMeasures of(Path root, boolean list) throws IOException {
    HouseMeasures measures = new HouseMeasures(root, list);
    measures.read();
    Map<String, Double> values = measures.values;
    double[] comments = measures.comments();
    values.put("duplicate_names", (double) measures.duplicateNames());
    values.put("pronoun_openers_pct", comments[0]);
    values.put("short_comments_pct", comments[1]);
    values.put("single_subclass", (double) measures.singleSubclasses());
    values.put("longest_architecture_line", (double) measures.longestArchitectureLine());
    values.put("test_code_in_jars", (double) measures.simulators());
    values.put("unmarked_limits", (double) measures.unmarkedLimits());
    values.put("largest_package", (double) measures.largestPackage());
    return measures;
  }

  /** The program. */
  public static void main(String[] args) throws IOException {
    List<String> words = new ArrayList<>(List.of(args));
    boolean list = words.remove("--list");
    if (words.size() != 1 || !Files.exists(Path.of(words.get(0), "pom.xml"))) {
      System.err.println("house: " + words + " (expected: the folder of the repository [--list])");
      System.exit(2);
    }
    HouseMeasures measures = of(Path.of(words.get(0)), list);
    System.out.println(measures.result());
    System.exit(measures.areKept() ? 0 : 1);
  }

  private void read() throws IOException {
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean skipped = !folder.equals(root) && SKIPPED.contains("" + folder.getFileName());
            return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            String path = root.relativize(file).toString();
            if (path.contains("src/main/java/") && path.endsWith(".java")) {
              sources.put(root.relativize(file), Files.readString(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** The line for machines: {@code RESULT key=value ...}. */
  String result() {
    return values.entrySet().stream()
        .map(value -> value.getKey() + "=" + number(value.getValue()))
        .collect(Collectors.joining(" ", "RESULT ", ""));
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? "" + (long) value
        : String.format(Locale.ROOT, "%.1f", value);
  }

  /** The value of a measure. */
  double value(String key) {
    return values.get(key);
  }

  /** Whether each measure is within its bound. */
  boolean areKept() {
    return BOUNDS.entrySet().stream()
        .allMatch(bound -> values.get(bound.getKey()) <= bound.getValue());
  }

  /** Simple names of top-level types that are declared in two files or more. */
  private int duplicateNames() {
    Map<String, List<Path>> declared = new TreeMap<>();
    sources.forEach(
        (file, text) -> {
          Matcher types = TYPE.matcher(text);
          while (types.find()) {
            declared.computeIfAbsent(types.group(2), name -> new ArrayList<>()).add(file);
          }
        });
    declared.values().removeIf(files -> files.size() < 2);
    declared.forEach((name, files) -> say("duplicate name " + name + ": " + files));
    return declared.size();
  }

  /**
   * Shares in percent of doc comments that open with a pronoun, and that have four words or fewer.
   */
  private double[] comments() {
    int all = 0;
    int pronouns = 0;
    int small = 0;
    for (Map.Entry<Path, String> source : sources.entrySet()) {
      Matcher comments = COMMENT.matcher(source.getValue());
      while (comments.find()) {
        String text = MARGIN.matcher(comments.group(1)).replaceAll("").strip();
        if (text.isEmpty() || text.startsWith("@") || text.startsWith("{@inheritDoc")) {
          continue;
        }
        all++;
        String first = END_OF_PARAGRAPH.split(text, 2)[0];
        int words = first.replaceAll("<[^>]+>", "").strip().split("\\s+").length;
        if (PRONOUN.matcher(text).find()) {
          pronouns++;
          say("pronoun: " + source.getKey() + ": " + first.replace('\n', ' '));
        }
        if (words <= SHORT_WORDS) {
          small++;
          say("short comment: " + source.getKey() + ": " + first.replace('\n', ' '));
        }
      }
    }
    return new double[] {percent(pronouns, all), percent(small, all)};
  }

  private static double percent(int part, int all) {
    return all == 0 ? 0 : 100.0 * part / all;
  }

  /**
   * Abstract classes with fewer than two subclasses, anonymous ones and those of tests included,
   * whose doc comment does not say why they are superclasses.
   */
  private int singleSubclasses() throws IOException {
    Map<String, Integer> subclasses = new HashMap<>();
    for (String text : withTests()) {
      Matcher extended = EXTENDS.matcher(text);
      while (extended.find()) {
        String name = extended.group(1) == null ? extended.group(2) : extended.group(1);
        subclasses.merge(name, 1, Integer::sum);
      }
    }
    int single = 0;
    for (Map.Entry<Path, String> source : sources.entrySet()) {
      Matcher types = ABSTRACT.matcher(source.getValue());
      while (types.find()) {
        boolean reasoned = REASON.matcher(source.getValue().substring(0, types.start())).find();
        if (subclasses.getOrDefault(types.group(1), 0) < 2 && !reasoned) {
          single++;
          say("abstract class with one subclass: " + source.getKey());
        }
      }
    }
    return single;
  }

  private List<String> withTests() throws IOException {
    List<String> texts = new ArrayList<>();
    // What others write in folders of builds would end a walk.
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return BUILT.contains(String.valueOf(folder.getFileName()))
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (file.toString().endsWith(".java")) {
              texts.add(Files.readString(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return texts;
  }

  private int longestArchitectureLine() throws IOException {
    return Files.readAllLines(root.resolve("ARCHITECTURE.md")).stream()
        .mapToInt(String::length)
        .max()
        .orElse(0);
  }

  /** Files of simulators and mutants among product code. */
  private int simulators() {
    List<Path> found =
        sources.keySet().stream().filter(file -> SIMULATOR.matcher("/" + file).find()).toList();
    found.forEach(file -> say("test code in a product jar: " + file));
    return found.size();
  }

  private int unmarkedLimits() {
    int unmarked = 0;
    for (Map.Entry<Path, String> source : sources.entrySet()) {
      for (String name : unmarkedLimits(source.getValue())) {
        unmarked++;
        say("limit without @Limit: " + source.getKey() + ": " + name);
      }
    }
    return unmarked;
  }

  /** The constants of a source that are named as a limit and have no {@code @Limit}. */
  static List<String> unmarkedLimits(String source) {
    List<String> found = new ArrayList<>();
    Matcher constant = LIMIT.matcher(source);
    while (constant.find()) {
      if (constant.group(1) == null) {
        found.add(constant.group(2));
      }
    }
    return found;
  }

  /** Files of the package with the most of them. */
  private int largestPackage() {
    Map<Path, Integer> files = new TreeMap<>();
    sources.keySet().stream()
        .filter(file -> !file.endsWith("package-info.java"))
        .forEach(file -> files.merge(file.getParent(), 1, Integer::sum));
    files.forEach(
        (folder, count) -> {
          if (count > FILES_OF_A_PACKAGE) {
            say("large package: " + folder + ": " + count + " files");
          }
        });
    return files.values().stream().mapToInt(Integer::intValue).max().orElse(0);
  }

  private void say(String line) {
    if (list) {
      System.out.println(line);
    }
  }
}
