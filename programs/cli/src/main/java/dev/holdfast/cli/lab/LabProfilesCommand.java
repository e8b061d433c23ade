package dev.holdfast.cli.lab;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.PathProfile;
import dev.holdfast.lab.PathFaults;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code lab profiles} command, which prints the kinds of path that the lab can play. */
@Command(name = "profiles", description = "Print the kinds of path that --profile knows.")
public final class LabProfilesCommand implements Callable<Integer> {
  @Mixin private final CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    common.startLogging("WARN");
    AlignedTable alignedTable =
        new AlignedTable("profile", "quiet for", "then", "on the path", "source");
    List<JsonLine> rows = new ArrayList<>();
    for (PathProfile profile : PathProfile.values()) {
      String name = profile.name().toLowerCase(Locale.ROOT).replace('_', '-');
      String idle = profile.idleTimeout().map(LabProfilesCommand::seconds).orElse("-");
      String then = effect(PathFaults.of(profile));
      alignedTable.add(name, idle, then, profile.description(), profile.source());
      rows.add(
          JsonLine.object()
              .with("profile", name)
              .with("idle_seconds", profile.idleTimeout().map(Duration::toSeconds).orElse(-1L))
              .with("effect", then)
              .with("path", profile.description())
              .with("source", profile.source()));
    }
    common
        .commandContext()
        .out()
        .print(
            common.json()
                ? JsonLine.object().with("profiles", rows) + "\n"
                : alignedTable.toString());
    common.commandContext().out().flush();
    return ExitCode.OK;
  }

  /** The effects of a profile in words; {@code -} when it has none. */
  static String effect(PathFaults faults) {
    List<String> effects = new ArrayList<>();
    faults.stream()
        .ifPresent(s -> effects.add("stream " + s.end().name() + " after " + seconds(s.timeout())));
    faults
        .idle()
        .ifPresent(
            i ->
                effects.add(
                    "connection "
                        + i.action().name().toLowerCase(Locale.ROOT)
                        + " after "
                        + seconds(i.timeout())));
    return effects.isEmpty() ? "-" : String.join(", ", effects);
  }

  private static String seconds(Duration time) {
    return time.toSeconds() + "s";
  }
}
