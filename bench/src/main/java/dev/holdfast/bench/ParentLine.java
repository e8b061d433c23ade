package dev.holdfast.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** A child's side of {@link ChildJvm}: what the parent says, and what it is told. */
final class ParentLine {
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  /** Tells the parent something. */
  void say(String format, Object... args) {
    System.out.println(String.format(Locale.ROOT, format, args));
    System.out.flush();
  }

  /**
   * Waits for what the parent says.
   *
   * @return the next line; "" when the parent has closed the line or is gone
   */
  String next() throws IOException {
    String line = input.readLine();
    return line == null ? "" : line.strip();
  }
}
