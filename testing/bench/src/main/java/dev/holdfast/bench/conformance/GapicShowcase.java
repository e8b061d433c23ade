package dev.holdfast.bench.conformance;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.run.RunResources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The tests of the Go module gapic-showcase: its compliance service behind a gateway, and the
 * module's own test of its compliance suite with the client from Google's generator.
 */
final class GapicShowcase {
  private static final String MODULE = "github.com/googleapis/gapic-showcase";
  private static final String PROGRAM = MODULE + "/cmd/gapic-showcase";
  private static final String TEST = "cmd/gapic-showcase/compliance_suite_test.go";
  private static final String SUITE = "server/services/compliance_suite.json";

  /** The path at which the test expects the suite. The module does not contain that file. */
  private static final String SUITE_OF_TEST =
      "schema/google/showcase/v1beta1/compliance_suite.json";

  /** The expression for the test's own server, in the one line that is patched. */
  private static final String TARGET_OF_TEST = "server.URL+path";

  private static final String TARGET = "SHOWCASE_URL";
  private static final Pattern CASE = Pattern.compile("\\[request \\d+/.*?\"]");
  private static final String PASSED = "PASSED ";
  private static final String FAILED = "FAILED ";
  private static final long BUILD_LIMIT_S = 900;
  private static final long RUN_LIMIT_S = 300;

  private final Path program;
  private final Path test;
  private final Path work;
  private final int total;

  /**
   * The result of one suite.
   *
   * @param passed requests that passed
   * @param total requests of the suite
   * @param failures the name of each request that failed
   */
  record Outcome(int passed, int total, List<String> failures) {}

  private GapicShowcase(Path program, Path test, Path work, int total) {
    this.program = program;
    this.test = test;
    this.work = work;
    this.total = total;
  }

  /**
   * Builds the service and the test program.
   *
   * @param work the folder for sources and output of the build
   */
  static GapicShowcase build(Path work) throws IOException, InterruptedException {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path source = root.resolve("testing/interop/showcase");
    Path built = Files.createDirectories(root.resolve(".holdfast/interop/showcase"));
    Path output = work.resolve("build");
    Path program = built.resolve("showcase");
    ExternalCommand.said(
        List.of(Showcase.TOOLS.get(0).path(), "build", "-o", program.toString(), "."),
        source,
        output,
        BUILD_LIMIT_S);
    List<String> where =
        List.of(Showcase.TOOLS.get(0).path(), "list", "-m", "-f", "{{.Dir}}", MODULE);
    Path module = Path.of(ExternalCommand.said(where, source, output, BUILD_LIMIT_S));
    Path copy = work.resolve("module");
    copy(module, copy);
    Path suite = copy.resolve(SUITE_OF_TEST);
    Files.createDirectories(suite.getParent());
    Files.copy(module.resolve(SUITE), suite);
    Path file = copy.resolve(TEST);
    String text = Files.readString(file, StandardCharsets.UTF_8);
    if (!text.contains(TARGET_OF_TEST)) {
      throw new IOException(
          TEST + ": not the one that is known (expected: " + TARGET_OF_TEST + ")");
    }
    Files.writeString(file, text.replace(TARGET_OF_TEST, "os.Getenv(\"" + TARGET + "\")+path"));
    for (String each : List.of("go.mod", "go.sum")) {
      Files.copy(source.resolve(each), work.resolve(each));
    }
    ExternalCommand.said(
        List.of(Showcase.TOOLS.get(0).path(), "mod", "edit", "-replace", MODULE + "=./module"),
        work,
        output,
        BUILD_LIMIT_S);
    Path test = built.resolve("suite");
    ExternalCommand.said(
        List.of(Showcase.TOOLS.get(0).path(), "test", "-c", "-o", test.toString(), PROGRAM),
        work,
        output,
        BUILD_LIMIT_S);
    return new GapicShowcase(program, test, work, requests(suite));
  }

  /** Starts the service and waits until it accepts calls. */
  void serve(int port, RunResources runResources) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(program.toString(), "serve", "127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(work.resolve("service").toFile())
            .start();
    AutoCloseable stop = process::destroyForcibly;
    runResources.own(stop);
    GrpcInterop.awaitListening(port);
  }

  /** The module's own test, whose requests are those of its suite, as it writes them. */
  Outcome suite(int port) throws IOException, InterruptedException {
    Path output = work.resolve("suite-" + port);
    int exit =
        ExternalCommand.exit(
            List.of(test.toString(), "-test.v", "-test.run", "^TestComplianceSuite$"),
            Map.of(TARGET, "http://127.0.0.1:" + port),
            work,
            output,
            RUN_LIMIT_S);
    String said = Files.readString(output, StandardCharsets.UTF_8);
    Set<String> failures = new LinkedHashSet<>();
    for (Matcher each = CASE.matcher(said); each.find(); ) {
      failures.add(each.group());
    }
    boolean ran = said.contains("--- PASS: TestComplianceSuite") || !failures.isEmpty();
    if (!ran || (exit == 0) != failures.isEmpty()) {
      throw new IOException("the suite ended with " + exit + ": " + said);
    }
    return new Outcome(total - failures.size(), total, List.copyOf(failures));
  }

  /** The client that Google's generator makes, with the same requests. */
  Outcome client(int port) throws IOException, InterruptedException {
    List<String> command = List.of(program.toString(), "call", "http://127.0.0.1:" + port);
    String said = ExternalCommand.said(command, work, work.resolve("client-" + port), RUN_LIMIT_S);
    List<String> lines = said.lines().toList();
    List<String> failures =
        lines.stream()
            .filter(line -> line.startsWith(FAILED))
            .map(line -> line.substring(FAILED.length()))
            .toList();
    int passed = (int) lines.stream().filter(line -> line.startsWith(PASSED)).count();
    return new Outcome(passed, total, failures);
  }

  private static int requests(Path suite) throws IOException {
    Struct.Builder all = Struct.newBuilder();
    JsonFormat.parser().merge(Files.readString(suite, StandardCharsets.UTF_8), all);
    int requests = 0;
    for (Value group : all.getFieldsOrThrow("group").getListValue().getValuesList()) {
      Struct fields = group.getStructValue();
      requests +=
          fields.getFieldsOrThrow("rpcs").getListValue().getValuesCount()
              * fields.getFieldsOrThrow("requests").getListValue().getValuesCount();
    }
    return requests;
  }

  /** Files of Go's cache can't be written; their copies can. */
  private static void copy(Path from, Path to) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(from)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    for (Path file : files) {
      Path copy = to.resolve(from.relativize(file));
      Files.createDirectories(copy.getParent());
      Files.write(copy, Files.readAllBytes(file));
    }
  }
}
