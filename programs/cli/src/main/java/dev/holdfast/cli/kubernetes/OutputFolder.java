package dev.holdfast.cli.kubernetes;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.core.IoErrorText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The folder that a command writes generated files into. */
final class OutputFolder {
  private OutputFolder() {}

  /**
   * Writes the files, in the place of older ones, and prints their paths.
   *
   * @param files texts by their path in the folder
   * @throws UserError when one can't be written
   */
  static void write(Path folder, Map<String, String> files, CommonOptions common) {
    for (Map.Entry<String, String> each : files.entrySet()) {
      Path file = folder.resolve(each.getKey());
      try {
        Path parent = file.toAbsolutePath().getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
        Files.writeString(file, each.getValue());
      } catch (IOException e) {
        throw UserError.usage(
            "output: "
                + file
                + ": can't be written: "
                + IoErrorText.of(e)
                + " (expected: a folder)");
      }
    }
    List<String> paths =
        files.keySet().stream().map(name -> folder.resolve(name).toString()).toList();
    if (common.json()) {
      common.commandContext().out().println(JsonLine.object().with("files", paths));
    } else {
      paths.forEach(common.commandContext().out()::println);
    }
  }
}
