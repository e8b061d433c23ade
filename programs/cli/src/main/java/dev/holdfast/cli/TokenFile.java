package dev.holdfast.cli;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.ReloadableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The files of tokens that options name. */
public final class TokenFile {
  private static final int LEAST_CHARACTERS = 16;

  private TokenFile() {}

  /**
   * The token in a file, without white space around it.
   *
   * @param option the option that names the file, for messages
   * @throws UserError when the file can't be read, or has fewer than 16 characters
   */
  public static String read(String option, Path file) {
    try {
      String token = new String(ReloadableFiles.content(file), StandardCharsets.UTF_8).strip();
      if (token.length() >= LEAST_CHARACTERS) {
        return token;
      }
    } catch (IOException e) {
      throw UserError.usage(
          option + ": " + file + ": " + IoErrorText.of(e) + " (expected: a readable file)");
    }
    throw UserError.usage(
        option + ": " + file + " (expected: " + LEAST_CHARACTERS + " characters or more)");
  }
}
