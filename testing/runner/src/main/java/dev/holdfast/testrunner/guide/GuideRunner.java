package dev.holdfast.testrunner.guide;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The program behind {@code scripts/guide}: runs pages of the guide as they are written, one after
 * the other, each in a fresh folder. Its last line has the seconds that each page took.
 */
public final class GuideRunner {
  static final String USAGE =
      """
      Usage: guide --pages FOLDER --scratch FOLDER [options] [PAGE...]
        --pages FOLDER    the pages, in Markdown
        --scratch FOLDER  for a fresh folder per page
        --keep            leaves the folders of the pages
        --list            prints the names of the pages and what they need, and ends
        PAGE              runs this page only; several are run one after the other
      Exit code: 0 every page runs as written, 1 one does not, 2 wrong arguments, 3 this machine
      lacks what the pages need.
      """;

  private static final Duration STEP_LIMIT = Duration.ofMinutes(5);
  private static final double NANOS_PER_SECOND = 1e9;
  private static final int WRONG_ARGUMENTS = 2;
  private static final int NOT_POSSIBLE = 3;

  /** Variables that would make the terminals of this machine differ from those of a reader. */
  private static final List<String> PREFIXES_LEFT_OUT = List.of("HOLDFAST_", "GRPC_");

  private static final Set<String> LEFT_OUT =
      Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "BASH_ENV", "MAVEN_ARGS");

  /** Runs whose processes must not outlive this program. */
  private static final Set<PageRun> RUNNING = ConcurrentHashMap.newKeySet();

  private final Options options;
  private final Map<String, String> environment;
  private final PrintStream out;

  private GuideRunner(Options options, Map<String, String> environment, PrintStream out) {
    this.options = options;
    this.environment = environment;
    this.out = out;
  }

  /** The command line of this program. */
  private record Options(Path pages, Path scratch, boolean keep, boolean list, List<String> names) {
    static Options parse(List<String> args) {
      Path pages = null;
      Path scratch = null;
      boolean keep = false;
      boolean list = false;
      List<String> names = new ArrayList<>();
      for (int i = 0; i < args.size(); i++) {
        String arg = args.get(i);
        switch (arg) {
          case "--pages" -> pages = Path.of(value(args, ++i));
          case "--scratch" -> scratch = Path.of(value(args, ++i));
          case "--keep" -> keep = true;
          case "--list" -> list = true;
          default -> {
            if (arg.startsWith("-")) {
              throw new IllegalArgumentException(arg + ": unknown (expected: an option)");
            }
            names.add(arg);
          }
        }
      }
      if (pages == null || scratch == null) {
        throw new IllegalArgumentException("--pages and --scratch: missing (expected: given)");
      }
      return new Options(pages, scratch.toAbsolutePath().normalize(), keep, list, names);
    }

    private static String value(List<String> args, int i) {
      if (i == args.size()) {
        throw new IllegalArgumentException(args.get(i - 1) + ": no value (expected: one)");
      }
      return args.get(i);
    }
  }

  /** The program. */
  public static void main(String[] args) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(GuideRunner::closeAll, "close-terminals"));
    System.exit(run(List.of(args), System.getenv(), System.out));
  }

  /** Runs the pages and returns the exit code. */
  static int run(List<String> args, Map<String, String> environment, PrintStream out)
      throws InterruptedException {
    if (args.contains("--help")) {
      out.print(USAGE);
      return 0;
    }
    try {
      return new GuideRunner(Options.parse(args), environment, out).run();
    } catch (IllegalArgumentException e) {
      out.println("guide: " + e.getMessage());
      return WRONG_ARGUMENTS;
    } catch (IOException e) {
      out.println("guide: " + e);
      return 1;
    }
  }

  private int run() throws IOException, InterruptedException {
    List<GuidePage> pages = chosen(GuidePage.all(options.pages()));
    if (options.list()) {
      pages.forEach(page -> out.println(page.name() + " " + String.join(" ", page.needs())));
      return 0;
    }
    Map<String, Double> seconds = new TreeMap<>();
    int failed = 0;
    int skipped = 0;
    for (GuidePage page : pages) {
      List<String> missing = page.needs().stream().filter(need -> !isOnPath(need)).toList();
      if (!missing.isEmpty()) {
        out.println("skipped: %s: missing: %s".formatted(page.name(), String.join(" ", missing)));
        skipped++;
        continue;
      }
      long start = System.nanoTime();
      failed += run(page) ? 0 : 1;
      seconds.put(page.name(), (System.nanoTime() - start) / NANOS_PER_SECOND);
    }
    String took =
        seconds.entrySet().stream()
            .map(each -> String.format(Locale.ROOT, " %s_s=%.1f", each.getKey(), each.getValue()))
            .collect(Collectors.joining());
    out.println(
        "RESULT pages=%d failed=%d skipped=%d%s".formatted(pages.size(), failed, skipped, took));
    if (failed > 0) {
      return 1;
    }
    return skipped == 0 ? 0 : NOT_POSSIBLE;
  }

  private List<GuidePage> chosen(List<GuidePage> pages) {
    List<String> known = pages.stream().map(GuidePage::name).toList();
    for (String name : options.names()) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "page: %s (expected: one of %s)".formatted(name, String.join(", ", known)));
      }
    }
    return pages.stream()
        .filter(page -> options.names().isEmpty() || options.names().contains(page.name()))
        .toList();
  }

  private boolean isOnPath(String program) {
    String path = environment.getOrDefault("PATH", "");
    return Arrays.stream(path.split(File.pathSeparator, -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private boolean run(GuidePage page) throws IOException, InterruptedException {
    Path folder = options.scratch().resolve(page.name());
    delete(folder);
    Files.createDirectories(folder);
    PageRun run = new PageRun(page, folder, variables(), STEP_LIMIT, out);
    RUNNING.add(run);
    try {
      run.run();
    } catch (PageFailure e) {
      out.println("FAILED %s:%d: %s".formatted(page.file(), e.line(), e.getMessage()));
      return false;
    } finally {
      run.close();
      RUNNING.remove(run);
      if (!options.keep()) {
        delete(folder);
      }
    }
    return true;
  }

  private Map<String, String> variables() {
    Map<String, String> variables = new TreeMap<>(environment);
    variables
        .keySet()
        .removeIf(
            name ->
                LEFT_OUT.contains(name) || PREFIXES_LEFT_OUT.stream().anyMatch(name::startsWith));
    variables.put("TERM", "dumb");
    variables.put("NO_COLOR", "1");
    return variables;
  }

  private static void closeAll() {
    for (PageRun run : RUNNING) {
      try {
        run.close();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walked = Files.walk(folder)) {
      files = walked.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
