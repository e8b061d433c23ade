package dev.holdfast.bench.versions;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.ExternalCommand;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.process.LinkageErrors;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.process.OwnJars;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.spring.BootPrograms;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The benchmark that starts a program with each set of versions of grpc-java, Netty and protobuf
 * that Holdfast works with, on the jars that are also used with all others.
 */
public final class Versions extends Comparison {
  public static final List<ExternalTool> TOOLS = List.of(new ExternalTool("mvn", "maven"));

  private static final Option ROWS =
      new Option(
          "--rows",
          VersionRow.ROWS.size(),
          VersionRow.ROWS.size(),
          1,
          VersionRow.ROWS.size(),
          "how many rows are tried, from the oldest on");

  private static final Option BOOT =
      new Option("--boot", 1, 1, 0, 1, "whether applications on Spring Boot are tried too");

  /** The artifacts that a program embeds, and the one that this program is in. */
  private static final List<String> OURS =
      List.of(
          "admin",
          "core",
          "hooks",
          "grpc",
          "liveness",
          "streams",
          "registry-etcd",
          "registry-file",
          "bench");

  /** The artifact that has relocated copies of others, and these. */
  private static final String RELOCATED = "grpc-netty-shaded";

  private static final Set<String> INSIDE = Set.of("grpc", "liveness", "registry-etcd");

  private static final long RESOLVE_LIMIT_S = 300;
  private static final long ROW_LIMIT_S = 240;
  private static final int LINES_SHOWN = 30;

  /** Settings that reach programs without a line of code. */
  private static final List<String> SETTINGS =
      List.of("-Dholdfast.path=swarm", "-Dholdfast.streams=" + TextService.NAME + "/Echo=resume");

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
    return List.of(ROWS, BOOT);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "the jars of this build before the class path that Maven gives a program with these"
            + " versions; one program for all",
        "rows, in a JVM of its own each: two registered servers, a watched channel, a stream that"
            + " goes on after a cut",
        "then the Spring Boot applications of testing/interop/spring with the starter; each row on"
            + " the JDK that runs this program and on the newest of the machine");
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
    List<VersionRow> rows = VersionRow.ROWS.subList(0, options.get(ROWS));
    List<InstalledJdk> jdks = InstalledJdk.runningAndNewest();
    int failed = 0;
    for (int i = 0; i < rows.size(); i++) {
      Path resolved = Files.createDirectories(folder.resolve("row-" + i));
      String path = ours(rows.get(i)) + File.pathSeparator + theirs(rows.get(i), root, resolved);
      failed += failures(rows.get(i), jdks, path, resolved, report);
    }
    List<BootRow> boots = options.get(BOOT) == 1 ? BootRow.rows() : List.of();
    if (!boots.isEmpty()) {
      LocalEtcd etcd = LocalEtcd.start(runResources);
      EtcdStub stub = runResources.own(new EtcdStub(etcd.address()));
      for (BootRow row : boots) {
        BootPrograms programs = BootPrograms.build(row.boot(), folder);
        if (!works(row, new BootSmoke(row, programs, runResources, etcd, stub), report)) {
          failed++;
        }
      }
    }
    report
        .figure("rows", rows.size() + boots.size())
        .figure("jdks", jdks.size())
        .none("failed", failed);
  }

  /** How often a row fails, on all JDKs at once: the programs wait most of their time. */
  private static int failures(
      VersionRow row, List<InstalledJdk> jdks, String path, Path folder, Report report)
      throws Exception {
    List<CompletableFuture<Integer>> exits = new ArrayList<>();
    for (InstalledJdk jdk : jdks) {
      Path scratch = Files.createDirectories(folder.resolve("jdk-" + jdk.major()));
      exits.add(CompletableFuture.supplyAsync(() -> exit(row, jdk, path, scratch)));
    }
    int failed = 0;
    for (int i = 0; i < jdks.size(); i++) {
      Path output = folder.resolve("jdk-" + jdks.get(i).major()).resolve("output");
      if (!works(row, jdks.get(i), exits.get(i).get(), output, report)) {
        failed++;
      }
    }
    return failed;
  }

  private static int exit(VersionRow row, InstalledJdk jdk, String path, Path scratch) {
    List<String> command = new ArrayList<>(List.of(jdk.java().toString()));
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"));
    command.addAll(SETTINGS);
    command.addAll(List.of("-cp", path, VersionSmoke.class.getName(), scratch.toString()));
    command.addAll(row.parts());
    try {
      return ExternalCommand.exit(
          command, Map.of(), scratch, scratch.resolve("output"), ROW_LIMIT_S);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static boolean works(
      VersionRow row, InstalledJdk jdk, int exit, Path output, Report report) throws IOException {
    List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    List<String> ok = row.parts().stream().filter(part -> lines.contains("ok " + part)).toList();
    boolean linked = lines.stream().noneMatch(LinkageErrors::isIn);
    boolean works = exit == 0 && linked && ok.equals(row.parts());
    report.say(
        "%s %s on JDK %d: %s", works ? "ok" : "FAILED", row, jdk.major(), String.join(", ", ok));
    if (!works) {
      report.print("    exit " + exit);
      lines.stream().limit(LINES_SHOWN).forEach(line -> report.print("    " + line));
    }
    return works;
  }

  private static boolean works(BootRow row, BootSmoke smoke, Report report) throws Exception {
    boolean works = false;
    try {
      smoke.run();
      works = smoke.shown().equals(BootSmoke.PARTS);
    } catch (IllegalStateException e) {
      report.print("    " + e.getMessage());
      smoke.lastLines().forEach(line -> report.print("    " + line));
    }
    report.say("%s %s: %s", works ? "ok" : "FAILED", row, String.join(", ", smoke.shown()));
    return works;
  }

  private static String ours(VersionRow row) {
    if (!row.relocated()) {
      return OwnJars.classPath(OURS);
    }
    return OwnJars.beside(RELOCATED)
        + File.pathSeparator
        + OwnJars.classPath(OURS.stream().filter(jar -> !INSIDE.contains(jar)).toList());
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
