package dev.holdfast.core.tls;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * A file with the bearer token that callers of an admin address present (RFC 6750). The file is
 * read anew each time, so a token can be replaced. An empty file lets nobody in. Thread-safe.
 */
public final class BearerTokenFile {
  private static final String SCHEME = "Bearer ";

  private final Path file;

  public BearerTokenFile(Path file) {
    this.file = file;
  }

  /**
   * Whether a header {@code authorization} has the token. The comparison takes the same time
   * whatever is sent.
   *
   * @throws IOException when the file can't be read
   */
  public boolean isIn(@Nullable String authorization) throws IOException {
    String token = new String(ReloadableFiles.content(file), StandardCharsets.UTF_8).strip();
    return !token.isEmpty()
        && authorization != null
        && MessageDigest.isEqual(
            (SCHEME + token).getBytes(StandardCharsets.UTF_8),
            authorization.getBytes(StandardCharsets.UTF_8));
  }
}
