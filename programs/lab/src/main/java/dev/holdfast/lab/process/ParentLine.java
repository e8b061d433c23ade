package dev.holdfast.lab.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** The child's side of the line protocol of {@link ChildJvm}: standard input and output. */
public final class ParentLine {
  private final BufferedReader input =
      new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

  /** Sends a line to the parent and flushes it. */
  public void say(String format, Object... args) {
    System.out.println(String.format(Locale.ROOT, format, args));
    System.out.flush();
  }

  /**
   * Waits for what the parent says.
   *
   * @return the next line; "" when the parent has closed the line or is gone
   */
  public String next() throws IOException {
    String line = input.readLine();
    return line == null ? "" : line.strip();
  }
}
