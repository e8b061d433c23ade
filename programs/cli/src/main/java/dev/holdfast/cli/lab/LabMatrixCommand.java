package dev.holdfast.cli.lab;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.lab.kernel.KernelLabException;
import dev.holdfast.matrix.CellResult;
import dev.holdfast.matrix.KernelMatrix;
import dev.holdfast.matrix.LabMatrix;
import dev.holdfast.matrix.MatrixPair;
import dev.holdfast.matrix.MatrixPath;
import dev.holdfast.matrix.MatrixReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The {@code lab matrix} command, which runs every kind of path against six pairs of client and
 * server.
 */
@Command(
    name = "matrix",
    description = {
      "Run every kind of path against stock grpc-java, stock grpc-java with the usual fix, Holdfast"
          + " on one side and on both, all at once, and print what the first call after a quiet"
          + " time and a held stream saw.",
      "Exits 1 when a cell with Holdfast on both sides failed, when stock survived a path that"
          + " forgets connections (so nothing was proven), or when it took 4 minutes or more."
    },
    footer = {
      "",
      "A cell is \"first call / held stream\". hung: no answer for 10 s. With Holdfast on both"
          + " sides",
      "the held stream is a resumable one; needs_heartbeat counts those that an HTTP hop still"
          + " ended.",
      "Each path runs as fast as stays fair, at most 60 times: what a machine needs is not scaled."
    })
public final class LabMatrixCommand implements Callable<Integer> {
  @Mixin private final CommonOptions common = new CommonOptions();

  @Option(
      names = "--only",
      paramLabel = "NAME",
      split = ",",
      description =
          "Only these paths, such as swarm,nlb: a quick check. Its RESULT is one of those alone.")
  private List<String> only = List.of();

  @Option(
      names = "--kernel",
      description =
          "Idle drop and idle RST by the kernel's own connection tracking instead; needs what lab"
              + " --kernel needs, and exits 3 without.")
  private boolean kernel;

  @Override
  public Integer call() throws InterruptedException, IOException {
    // What breaks in a cell is its result; the loggers of gRPC and Netty would repeat it.
    common.startLogging("OFF");
    PrintWriter out = common.commandContext().out();
    PrintWriter err = common.commandContext().err();
    Consumer<String> progress = line -> err.println("lab: " + line);
    if (kernel && !only.isEmpty()) {
      throw UserError.usage("only: " + only.get(0) + " (expected: without --kernel)");
    }
    if (kernel && !KernelRights.isRoot()) {
      return again();
    }
    MatrixReport report =
        kernel
            ? kernelReport(progress)
            : new LabMatrix(paths(), List.of(MatrixPair.values()), progress).run();
    if (common.json()) {
      out.println(json(report));
    } else {
      out.print(table(report));
      report.notes().forEach(note -> out.println("  " + note));
      for (CellResult cell : report.oneSidedFailures()) {
        out.println("one side alone can't fix: " + cell.path().name() + ", " + cell.pair().title());
      }
      report.missedBounds().forEach(missed -> out.println("missed: " + missed));
      out.println("took " + report.took().toSeconds() + " s");
      out.println(report.resultLine());
    }
    out.flush();
    return report.missedBounds().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  private static MatrixReport kernelReport(Consumer<String> progress) throws IOException {
    try {
      return new KernelMatrix(progress).run();
    } catch (KernelLabException e) {
      throw KernelRights.error(e);
    }
  }

  private static int again() throws IOException, InterruptedException {
    try {
      return KernelRights.rerunInUserNamespace();
    } catch (KernelLabException e) {
      throw KernelRights.error(e);
    }
  }

  private List<MatrixPath> paths() {
    List<MatrixPath> all = MatrixPath.all();
    if (only.isEmpty()) {
      return all;
    }
    List<MatrixPath> chosen = new ArrayList<>();
    for (String name : only) {
      chosen.add(
          all.stream()
              .filter(path -> path.name().equals(name))
              .findFirst()
              .orElseThrow(
                  () ->
                      UserError.usage(
                          "only: "
                              + name
                              + " (expected: "
                              + String.join(", ", all.stream().map(MatrixPath::name).toList())
                              + ")")));
    }
    return chosen;
  }

  private static String table(MatrixReport report) {
    List<String> heads = new ArrayList<>(List.of("path", "quiet", "speed"));
    for (MatrixPair pair : report.pairs()) {
      heads.add(pair.title());
    }
    AlignedTable alignedTable = new AlignedTable(heads.toArray(String[]::new));
    for (MatrixPath path : report.paths()) {
      List<String> row = new ArrayList<>();
      row.add(path.name());
      row.add(path.profile().idleTimeout().map(t -> t.toSeconds() + "s").orElse("-"));
      row.add(String.format(Locale.ROOT, "%.0fx", path.faults().speed()));
      for (MatrixPair pair : report.pairs()) {
        row.add(report.cell(path, pair).text());
      }
      alignedTable.add(row.toArray(String[]::new));
    }
    return alignedTable.toString();
  }

  private static JsonLine json(MatrixReport report) {
    List<JsonLine> cells = new ArrayList<>();
    for (MatrixPath path : report.paths()) {
      for (MatrixPair pair : report.pairs()) {
        CellResult cell = report.cell(path, pair);
        cells.add(
            JsonLine.object()
                .with("path", path.name())
                .with("pair", pair.title())
                .with("failed", cell.isFailed())
                .with("needs_heartbeat", cell.needsHeartbeat())
                .with("first_call", cell.firstCall().detail())
                .with("held_stream", cell.heldStream().detail()));
      }
    }
    return JsonLine.object()
        .with("cells", cells)
        .with("missed", report.missedBounds())
        .with("seconds", report.took().toSeconds())
        .with("result", report.resultLine());
  }
}
