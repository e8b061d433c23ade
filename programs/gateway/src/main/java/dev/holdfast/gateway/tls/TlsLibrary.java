package dev.holdfast.gateway.tls;

import dev.holdfast.core.LogEscaper;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslProvider;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The TLS library of the process: BoringSSL by netty-tcnative where it can be loaded, else the
 * JDK's provider. Chosen once, by {@code -Dholdfast.gateway.tls} and by what can be loaded.
 *
 * @param reason why this library was chosen, for operators
 */
record TlsLibrary(SslProvider provider, String reason) {
  private static final String PROPERTY = "holdfast.gateway.tls";
  private static final String JDK = "jdk";

  /** The value of the property, read once so that all connections of a process agree. */
  private static final String SAID = System.getProperty(PROPERTY, "");

  /** Loads the native library at its first use, which a gateway in plaintext never comes to. */
  private static final class OfProcess {
    private static final TlsLibrary CHOSEN =
        choose(SAID, () -> Optional.ofNullable(OpenSsl.unavailabilityCause()));
  }

  /**
   * The library of this process.
   *
   * @throws IllegalArgumentException as {@link #requireKnown()}, which is to be called before
   */
  static TlsLibrary ofProcess() {
    return OfProcess.CHOSEN;
  }

  /**
   * Validates the property without loading a library.
   *
   * @throws IllegalArgumentException with the property, its value and the expected values
   */
  static void requireKnown() {
    var unused = isJdk(SAID);
  }

  /**
   * The library for a value of the property.
   *
   * @param said the value; empty when the property is not set
   * @param missing why netty-tcnative can't be used; empty when it can
   * @throws IllegalArgumentException with the property, its value and the expected values
   */
  static TlsLibrary choose(String said, Supplier<Optional<Throwable>> missing) {
    if (isJdk(said)) {
      return new TlsLibrary(SslProvider.JDK, "-D" + PROPERTY + "=" + JDK);
    }
    return missing
        .get()
        .map(cause -> new TlsLibrary(SslProvider.JDK, "netty-tcnative can't be used: " + cause))
        .orElseGet(() -> new TlsLibrary(SslProvider.OPENSSL, "netty-tcnative could be loaded"));
  }

  private static boolean isJdk(String said) {
    if (said.isEmpty()) {
      return false;
    }
    // A typo must not leave somebody with the library that was to be avoided.
    if (!said.toLowerCase(Locale.ROOT).equals(JDK)) {
      throw new IllegalArgumentException(
          PROPERTY
              + ": \""
              + LogEscaper.escape(said)
              + "\" (expected: "
              + JDK
              + ", or not set for BoringSSL where it can be loaded)");
    }
    return true;
  }

  /** The name of the library in the log. */
  String name() {
    return provider == SslProvider.JDK ? JDK : "boringssl";
  }
}
