package dev.holdfast.streams.grpc;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/**
 * The secret that all instances with durable streams of HOLDFAST_STREAMS share, which no text of
 * this class ever shows.
 */
final class TokenKeySource {
  static final String VARIABLE = "HOLDFAST_STREAMS_KEY";
  static final String FILE_VARIABLE = "HOLDFAST_STREAMS_KEY_FILE";

  @Limit(of = "a file with the key of durable streams", then = "a larger one is refused")
  private static final int MAX_FILE_BYTES = 64 << 10;

  private TokenKeySource() {}

  /**
   * Reads the key from the variable or from the file, without white space at its ends. Reads a
   * file, so it may block.
   *
   * @throws IllegalArgumentException naming the variable and what was expected
   */
  static byte[] of(Map<String, String> environment) {
    String text = environment.getOrDefault(VARIABLE, "");
    String file = environment.getOrDefault(FILE_VARIABLE, "");
    if (!text.isEmpty() && !file.isEmpty()) {
      throw new IllegalArgumentException(
          VARIABLE + ": set together with " + FILE_VARIABLE + " (expected: one of them)");
    }
    if (text.isEmpty() && file.isEmpty()) {
      throw new IllegalArgumentException(
          FILE_VARIABLE
              + ", "
              + VARIABLE
              + ": none (expected: a secret that all instances share, with durable)");
    }
    byte[] key = file.isEmpty() ? text.getBytes(StandardCharsets.UTF_8) : read(file);
    if (key.length < SessionTokenIssuer.LEAST_KEY_BYTES) {
      throw new IllegalArgumentException(
          "%s: %d bytes (expected: >= %d)"
              .formatted(
                  file.isEmpty() ? VARIABLE : FILE_VARIABLE,
                  key.length,
                  SessionTokenIssuer.LEAST_KEY_BYTES));
    }
    return key;
  }

  private static byte[] read(String file) {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          FILE_VARIABLE + ": " + file + ": " + IoErrorText.of(e) + " (expected: a readable file)",
          e);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException(FILE_VARIABLE + ": " + file + " (expected: a path)", e);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw new IllegalArgumentException(
          FILE_VARIABLE + ": " + file + " (expected: at most " + MAX_FILE_BYTES + " bytes, a key)");
    }
    return strip(bytes);
  }

  /** Strips white space from bytes, because a key need not be text. */
  private static byte[] strip(byte[] bytes) {
    int from = 0;
    int to = bytes.length;
    while (from < to && isSpace(bytes[from])) {
      from++;
    }
    while (to > from && isSpace(bytes[to - 1])) {
      to--;
    }
    return Arrays.copyOfRange(bytes, from, to);
  }

  private static boolean isSpace(byte one) {
    return one == ' ' || one == '\t' || one == '\r' || one == '\n';
  }
}
