package dev.holdfast.bench.versions;

import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The benchmark that starts a program with each set of versions of grpc-java, Netty and protobuf
 * that Holdfast works with, on the jars that are also used with all others.
 */
public final class Versions extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("mvn", "maven"));

  private static final Option ROWS =
      new Option("--rows", 6, 6, 1, 6, "how many rows are tried, from the oldest on");

  /** The artifacts that a program embeds, and the one that this program is in. */
  private static final Pattern OURS =
      Pattern.compile(
          "holdfast-(core|hooks|grpc|liveness|streams|registry-etcd|registry-file|bench)-[^-]+"
              + "(-SNAPSHOT)?\\.jar");

  private static final Pattern SEPARATOR = Pattern.compile(Pattern.quote(File.pathSeparator));
  private static final long RESOLVE_LIMIT_S = 300;
  private static final long ROW_LIMIT_S = 240;
  private static final int LINES_SHOWN = 30;

  /** Settings that reach programs without a line of code. */
  private static final List<String> SETTINGS =
      List.of("-Dholdfast.path=swarm", "-Dholdfast.streams=" + TextService.NAME + "/Echo=resume");

  private static final Pattern LINKAGE =
      Pattern.compile("(NoSuchMethod|NoClassDefFound|AbstractMethod|IncompatibleClassChange)Error");

  @Override
  public String name() {
    return "versions";
  }

  @Override
  public String summary() {
    return "channels, servers, streams, etcd with grpc-java and protobuf from the oldest to the"
        + " newest";
  }

  @Override
  public List<Option> options() {
    return List.of(ROWS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "the jars of this build before the class path that Maven gives a program with these"
            + " versions; one program for all",
        "rows, in a JVM of its own each: two registered servers, a watched channel, a stream that"
            + " goes on after a cut");
  }

  @Override
  protected List<String> unfair() {
    return List.of("each row shows that the parts work together, not every guarantee");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    Path root = Path.of(System.getProperty("holdfast.home", ".")).toAbsolutePath();
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-versions")).path();
    String ours = ours();
    List<VersionRow> rows = VersionRow.ROWS.subList(0, options.get(ROWS));
    int failed = 0;
    for (int i = 0; i < rows.size(); i++) {
      Path scratch = Files.createDirectories(folder.resolve("row-" + i));
      if (!works(rows.get(i), root, ours, scratch, report)) {
        failed++;
      }
    }
    report
        .figure("rows", rows.size())
        .figure("failed", failed)
        .bound(failed == 0, "%d sets of versions failed (expected: 0)", failed);
  }

  private static boolean works(VersionRow row, Path root, String ours, Path scratch, Report report)
      throws Exception {
    String path = ours + File.pathSeparator + theirs(row, root, scratch);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command = new ArrayList<>(List.of(java.toString()));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(SETTINGS);
    command.addAll(List.of("-cp", path, VersionSmoke.class.getName(), scratch.toString()));
    command.addAll(row.parts());
    Path output = scratch.resolve("output");
    int exit = ExternalCommand.exit(command, Map.of(), scratch, output, ROW_LIMIT_S);
    List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    List<String> ok = row.parts().stream().filter(part -> lines.contains("ok " + part)).toList();
    boolean linked = lines.stream().noneMatch(line -> LINKAGE.matcher(line).find());
    boolean works = exit == 0 && linked && ok.equals(row.parts());
    report.say("%s %s: %s", works ? "ok" : "FAILED", row, String.join(", ", ok));
    if (!works) {
      report.print("    exit " + exit);
      lines.stream().limit(LINES_SHOWN).forEach(line -> report.print("    " + line));
    }
    return works;
  }

  private static String ours() {
    return SEPARATOR
        .splitAsStream(System.getProperty("java.class.path"))
        .filter(entry -> OURS.matcher(String.valueOf(Path.of(entry).getFileName())).matches())
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String theirs(VersionRow row, Path root, Path scratch)
      throws IOException, InterruptedException {
    Path list = scratch.resolve("class-path");
    ExternalCommand.said(
        List.of(
            TOOLS.get(0).path(),
            "-B",
            "-q",
            "-ntp",
            "-f",
            root.resolve("testing/interop/versions/pom.xml").toString(),
            "-Dgrpc=" + row.grpc(),
            "-Dprotobuf=" + row.protobuf(),
            "-Dtransport=" + row.transport(),
            "-Dnetty=" + row.netty(),
            "-Dmdep.outputFile=" + list,
            "dependency:build-classpath"),
        scratch,
        scratch.resolve("maven"),
        RESOLVE_LIMIT_S);
    return Files.readString(list).strip();
  }
}
