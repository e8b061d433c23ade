package dev.holdfast.cli.doctor;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.output.AlignedTable;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.PathProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** The {@code doctor profiles} command, which prints the table of known paths. */
@Command(
    name = "profiles",
    description =
        "Print what known kinds of path do to quiet connections, each number with its source.")
public final class DoctorProfilesCommand implements Callable<Integer> {
  @Mixin private final CommonOptions common = new CommonOptions();

  @Override
  public Integer call() {
    common.startLogging("ERROR");
    common.commandContext().out().print(common.json() ? json() + "\n" : alignedTable().toString());
    common.commandContext().out().flush();
    return ExitCode.OK;
  }

  private static AlignedTable alignedTable() {
    AlignedTable alignedTable =
        new AlignedTable(
            "profile", "idle after", "looks at", "then", "connections", "on the path", "source");
    for (PathProfile profile : PathProfile.values()) {
      alignedTable.add(
          name(profile.name()),
          profile.idleTimeout().map(DurationText::format).orElse("-"),
          name(profile.layer().name()),
          words(profile.expiry()),
          profile.connectionIdleTimeout().map(DoctorProfilesCommand::words).orElse("-"),
          profile.description(),
          profile.source());
    }
    return alignedTable;
  }

  private static JsonLine json() {
    List<JsonLine> rows = new ArrayList<>();
    for (PathProfile profile : PathProfile.values()) {
      JsonLine row = JsonLine.object().with("profile", name(profile.name()));
      profile.idleTimeout().ifPresent(time -> row.with("idle_timeout_ms", time.toMillis()));
      profile
          .connectionIdleTimeout()
          .ifPresent(
              whole ->
                  row.with("connection_idle_timeout_ms", whole.idleTimeout().toMillis())
                      .with("connection_then", name(whole.expiry().name())));
      rows.add(
          row.with("layer", name(profile.layer().name()))
              .with("then", name(profile.expiry().name()))
              .with("path", profile.description())
              .with("source", profile.source()));
    }
    return JsonLine.object().with("profiles", rows);
  }

  private static String words(PathProfile.ConnectionIdleTimeout whole) {
    return words(whole.expiry()) + " after " + DurationText.format(whole.idleTimeout());
  }

  private static String words(PathProfile.Expiry expiry) {
    return switch (expiry) {
      case NOTHING -> "-";
      case SILENT_DROP -> "forgets it, tells nobody";
      case RESET -> "resets it at the next packet";
      case CLOSE -> "closes it";
      case GOAWAY -> "sends GOAWAY";
      case STREAM_ERROR -> "ends the stream";
    };
  }

  private static String name(String constant) {
    return constant.toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
