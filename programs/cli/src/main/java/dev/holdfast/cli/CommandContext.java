package dev.holdfast.cli;

import dev.holdfast.cli.settings.Settings;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * The context of every command: output streams and defaults.
 *
 * @param out results, for pipes
 * @param err everything else, for people
 * @param settings from the environment and the configuration file
 */
public record CommandContext(PrintWriter out, PrintWriter err, Settings settings) {

  /** The streams of this process. */
  static CommandContext system(Settings settings) {
    // Results go out line by line: who reads a pipe should not wait for a full buffer.
    return new CommandContext(
        new PrintWriter(System.out, true, StandardCharsets.UTF_8),
        new PrintWriter(System.err, true, StandardCharsets.UTF_8),
        settings);
  }
}
