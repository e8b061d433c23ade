package dev.holdfast.cli;

import java.io.BufferedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/**
 * One command, run inside the test's own process.
 *
 * @param code its exit code
 * @param out what it printed as result
 * @param err what it printed beside
 */
record CommandRun(int code, String out, String err) {

  /** Runs a command without any variable set. */
  static CommandRun of(String... args) {
    return with(Map.of(), args);
  }

  /** Runs a command in an environment. */
  static CommandRun with(Map<String, String> environment, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    PrintWriter errWriter = new PrintWriter(err, true);
    int code =
        HoldfastCommand.run(
            settings -> new CommandContext(buffered(out), errWriter, settings),
            environment,
            errWriter,
            args);
    return new CommandRun(code, out.toString(), err.toString());
  }

  /** As standard output is: what is not flushed is not seen. */
  private static PrintWriter buffered(StringWriter out) {
    return new PrintWriter(new BufferedWriter(out), true);
  }
}
