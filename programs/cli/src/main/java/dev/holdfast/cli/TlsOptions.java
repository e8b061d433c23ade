package dev.holdfast.cli;

import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options of commands that connect to one server: whether by TLS, with whose certificates, and
 * by which name.
 */
// picocli fills the fields.
@SuppressWarnings("UnusedVariable")
public final class TlsOptions {
  @Option(names = "--tls", description = "Speak TLS.")
  private boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description =
          "PEM file of the authorities to trust; the server's certificate must be of them and for"
              + " the authority. Implies --tls.")
  private @Nullable Path ca;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "PEM file with the client's certificate; with --key. Implies --tls.")
  private @Nullable Path certificate;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "PEM file with its private key, PKCS#8 without a password; with --cert.")
  private @Nullable Path key;

  @Option(
      names = "--authority",
      paramLabel = "NAME",
      description = "What calls and TLS name as the host; the target by default.")
  private @Nullable String authority;

  /**
   * Refuses a certificate without its key, and a key without its certificate.
   *
   * @throws UserError saying so
   */
  public void requirePair() {
    if ((certificate == null) != (key == null)) {
      throw UserError.usage("cert, key: one of them (expected: both, or none)");
    }
  }

  /** Whether {@code --tls} was said. */
  public boolean isTlsRequested() {
    return tls;
  }

  /** Whether a file was named that only TLS has a use for. */
  public boolean hasFiles() {
    return ca != null || certificate != null;
  }

  public Optional<Path> ca() {
    return Optional.ofNullable(ca);
  }

  public Optional<Path> certificate() {
    return Optional.ofNullable(certificate);
  }

  public Optional<Path> key() {
    return Optional.ofNullable(key);
  }

  public Optional<String> authority() {
    return Optional.ofNullable(authority);
  }
}
