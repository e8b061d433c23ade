package dev.holdfast.cli.doctor;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.liveness.lint.KeepaliveFinding;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The {@code doctor lint} command, which checks keepalive settings without a network. */
@Command(
    name = "lint",
    description = {
      "Check the keepalive of a client, that of a server and the path between them against each"
          + " other, without any network. What is not said has the library's default."
    },
    footer = {
      "",
      "Exit codes: 0 nothing is wrong, 1 something is, 2 the command line makes no sense.",
      "",
      "  holdfast doctor lint --client-keepalive 30s --path nlb",
      "  holdfast doctor lint --file keepalive.yaml --path-timeout 350s --json"
    })
public final class DoctorLintCommand implements Callable<Integer> {
  // Under a name of its own, so that HOLDFAST_PATH, whose words are others, is no default of
  // --path.
  @Mixin(name = "lint")
  private final CommonOptions common = new CommonOptions();

  @Mixin private final LintOptions options = new LintOptions();

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "YAML with the names of these options, such as server-permit: 1m.")
  private @Nullable Path file;

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    options.merge(file == null ? LintFile.NONE : LintFile.read(file));
    List<KeepaliveFinding> findings = options.lint();
    PrintWriter out = common.commandContext().out();
    out.print(common.json() ? json(findings) + "\n" : text(findings));
    out.flush();
    return findings.isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  private static String text(List<KeepaliveFinding> findings) {
    StringBuilder text = new StringBuilder();
    for (KeepaliveFinding finding : findings) {
      text.append(finding.code().text()).append("  ").append(finding.sentence()).append('\n');
      text.append("        do: ").append(finding.fix()).append('\n');
    }
    String codes =
        findings.stream().map(finding -> finding.code().text()).collect(Collectors.joining(","));
    return text.append("RESULT findings=")
        .append(findings.size())
        .append(" codes=")
        .append(codes.isEmpty() ? "none" : codes)
        .append('\n')
        .toString();
  }

  private static JsonLine json(List<KeepaliveFinding> findings) {
    return JsonLine.object()
        .with(
            "findings",
            findings.stream()
                .map(
                    finding ->
                        JsonLine.object()
                            .with("code", finding.code().text())
                            .with("name", finding.code().name().toLowerCase(Locale.ROOT))
                            .with("sentence", finding.sentence())
                            .with("do", finding.fix()))
                .toList());
  }
}
