package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A certificate, key or token: given in place, or in a file that is read whenever it is asked for.
 * {@link #toString()} shows where it is and never what it is.
 */
final class InlineCredential {
  @Limit(of = "a kubeconfig, token, certificate or key file", then = "a larger one is refused")
  static final int MAX_FILE_BYTES = 4 << 20;

  private final String what;
  private final byte @Nullable [] inPlace;
  private final @Nullable Path file;

  private InlineCredential(String what, byte @Nullable [] inPlace, @Nullable Path file) {
    this.what = what;
    this.inPlace = inPlace;
    this.file = file;
  }

  /**
   * @param what names it in errors
   */
  static InlineCredential of(String what, byte[] bytes) {
    return new InlineCredential(what, bytes.clone(), null);
  }

  static InlineCredential inFile(String what, Path file) {
    return new InlineCredential(what, null, file);
  }

  /** May block for as long as a mount hangs. */
  byte[] read() throws IOException {
    if (file != null) {
      return read(what, file);
    }
    return inPlace == null ? new byte[0] : inPlace.clone();
  }

  /** As text without white space around it. */
  String readText() throws IOException {
    return new String(read(), StandardCharsets.UTF_8).strip();
  }

  static byte[] read(String what, Path file) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_FILE_BYTES + 1);
    } catch (IOException e) {
      throw new IOException(what + ": " + file + " (expected: a readable file)", e);
    }
    if (bytes.length > MAX_FILE_BYTES) {
      throw new IOException(
          what + ": " + file + " (expected: at most " + MAX_FILE_BYTES + " bytes)");
    }
    return bytes;
  }

  @Override
  public String toString() {
    return file == null ? what : what + " " + file;
  }
}
