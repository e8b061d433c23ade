package dev.holdfast.registry.etcd;

import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The user name and password, which no text of this class ever shows.
 *
 * <p>A password file is read at every authentication, so a password changes without a restart.
 */
final class EtcdCredentials {
  static final String USER = "HOLDFAST_REGISTRY_USER";
  static final String PASSWORD = "HOLDFAST_REGISTRY_PASSWORD";
  static final String PASSWORD_FILE = "HOLDFAST_REGISTRY_PASSWORD_FILE";

  @Limit(of = "a password file", then = "a larger one is refused")
  private static final int MAX_FILE_BYTES = 64 << 10;

  private final String user;
  private final @Nullable String password;
  private final @Nullable Path passwordFile;

  private EtcdCredentials(String user, @Nullable String password, @Nullable Path passwordFile) {
    this.user = user;
    this.password = password;
    this.passwordFile = passwordFile;
  }

  /** From the URI, and where it says nothing from the environment. */
  static Optional<EtcdCredentials> of(RegistryUri uri, Map<String, String> environment) {
    String info = uri.userInfo();
    int colon = info.indexOf(':');
    String user = colon < 0 ? info : info.substring(0, colon);
    if (user.isEmpty()) {
      user = environment.getOrDefault(USER, "");
    }
    if (colon >= 0) {
      if (user.isEmpty()) {
        throw new IllegalArgumentException(
            "registry: a password without a user (expected: user:password@)");
      }
      return Optional.of(new EtcdCredentials(user, info.substring(colon + 1), null));
    }
    String password = environment.getOrDefault(PASSWORD, "");
    String file = environment.getOrDefault(PASSWORD_FILE, "");
    if (!password.isEmpty() && !file.isEmpty()) {
      throw new IllegalArgumentException(
          PASSWORD + ": set together with " + PASSWORD_FILE + " (expected: one of them)");
    }
    if (password.isEmpty() && file.isEmpty()) {
      if (user.isEmpty()) {
        return Optional.empty();
      }
      throw new IllegalArgumentException(
          "registry: user \""
              + user
              + "\" without a password (expected: "
              + PASSWORD_FILE
              + " or "
              + PASSWORD
              + " to be set)");
    }
    if (user.isEmpty()) {
      throw new IllegalArgumentException(
          USER + ": not set (expected: the user that " + PASSWORD + " belongs to)");
    }
    return Optional.of(
        file.isEmpty()
            ? new EtcdCredentials(user, password, null)
            : new EtcdCredentials(user, null, Path.of(file)));
  }

  String user() {
    return user;
  }

  /** The password, unless it is in a file. */
  Optional<String> password() {
    return Optional.ofNullable(password);
  }

  /**
   * The password as its file has it now. It may block for as long as a mount hangs.
   *
   * @throws IOException when the file can't be read, or is larger than any password
   */
  String readPassword() throws IOException {
    if (passwordFile == null) {
      throw new IOException("no file was named");
    }
    try (InputStream file = Files.newInputStream(passwordFile)) {
      byte[] bytes = file.readNBytes(MAX_FILE_BYTES + 1);
      if (bytes.length > MAX_FILE_BYTES) {
        throw new IOException(
            passwordFile + " (expected: at most " + MAX_FILE_BYTES + " bytes, a password)");
      }
      return new String(bytes, StandardCharsets.UTF_8).strip();
    }
  }

  @Override
  public String toString() {
    return "user " + user;
  }
}
