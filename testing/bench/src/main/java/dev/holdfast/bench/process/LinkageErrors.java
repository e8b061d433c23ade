package dev.holdfast.bench.process;

import java.util.regex.Pattern;

/** The names of the errors of the JVM that tell of another version of a library. */
public final class LinkageErrors {
  private static final Pattern NAMES =
      Pattern.compile(
          "(NoSuchMethod|NoSuchField|NoClassDefFound|AbstractMethod|IncompatibleClassChange)Error");

  private LinkageErrors() {}

  /** Whether a line of a program's output names one. */
  public static boolean isIn(String line) {
    return NAMES.matcher(line).find();
  }
}
