package dev.holdfast.testrunner;

import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The report that a room's JVM writes: a line of fields, separated by tabs, when a test begins and
 * when it ends, and one at the end of all. A reader of the file of a JVM that was killed sees what
 * ran last. {@link RoomReport} reads it.
 *
 * <p>Safe for use by several threads.
 */
final class ReportFile implements AutoCloseable {
  static final String BEGIN = "begin";
  static final String END = "end";
  static final String DONE = "done";

  private static final int MESSAGE_CHARS = 400;
  private static final Pattern SPACES = Pattern.compile("\\s+");

  private final BufferedWriter writer;

  ReportFile(Path file) throws IOException {
    writer = Files.newBufferedWriter(file);
  }

  void begin(String id) {
    write(BEGIN, id);
  }

  void end(String id, TestResult result, String className, String test, String message) {
    String words = SPACES.matcher(message).replaceAll(" ");
    write(
        END,
        id,
        result.name(),
        className,
        test,
        words.substring(0, Math.min(words.length(), MESSAGE_CHARS)));
  }

  void done(Duration cpu) {
    write(DONE, Long.toString(cpu.toMillis()));
  }

  private synchronized void write(String... fields) {
    try {
      for (int i = 0; i < fields.length; i++) {
        writer.write(i == 0 ? "" : "\t");
        writer.write(SPACES.matcher(fields[i]).replaceAll(" "));
      }
      writer.write('\n');
      writer.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
