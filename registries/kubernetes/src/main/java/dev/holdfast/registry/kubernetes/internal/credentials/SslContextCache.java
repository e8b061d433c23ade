package dev.holdfast.registry.kubernetes.internal.credentials;

import dev.holdfast.core.tls.PemKeys;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The cache of TLS settings, which are rebuilt only when their files change: a new context costs a
 * new connection.
 */
final class SslContextCache {
  private @Nullable PemFiles used;
  private @Nullable SSLContext context;

  /** The PEM files that TLS settings are built from. */
  static final class PemFiles {
    private final String where;
    private final byte[] ca;
    private final byte[] cert;
    private final byte[] key;

    /**
     * Each is empty when there is none.
     *
     * @param where names them in errors
     * @param ca who signed the server's certificate, else the JDK's trust store
     * @param cert the client's certificate chain
     * @param key its private key
     */
    PemFiles(String where, byte[] ca, byte[] cert, byte[] key) {
      this.where = where;
      this.ca = ca.clone();
      this.cert = cert.clone();
      this.key = key.clone();
    }

    boolean isSame(PemFiles other) {
      return Arrays.equals(ca, other.ca)
          && Arrays.equals(cert, other.cert)
          && Arrays.equals(key, other.key);
    }
  }

  /**
   * The settings for these files.
   *
   * @throws IOException when one of them makes no sense, or the certificate has expired
   */
  SSLContext context(PemFiles pemFiles, Instant now) throws IOException {
    if (pemFiles.cert.length > 0) {
      requireValid(pemFiles, now);
    }
    if (context != null && used != null && used.isSame(pemFiles)) {
      return context;
    }
    SSLContext made = make(pemFiles);
    used = pemFiles;
    context = made;
    return made;
  }

  private static SSLContext make(PemFiles pemFiles) throws IOException {
    try {
      SSLContext made = SSLContext.getInstance("TLS");
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(pemFiles.ca.length == 0 ? null : trusted(pemFiles));
      made.init(
          pemFiles.cert.length == 0 ? new KeyManager[0] : keys(pemFiles),
          trust.getTrustManagers(),
          null);
      return made;
    } catch (GeneralSecurityException e) {
      throw new IOException(pemFiles.where + ": certificates can't be used: " + e.getMessage(), e);
    }
  }

  private static KeyStore trusted(PemFiles pemFiles) throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    List<X509Certificate> signers =
        PemKeys.certificates(pemFiles.where + ": certificate-authority", pemFiles.ca);
    for (int i = 0; i < signers.size(); i++) {
      store.setCertificateEntry("ca-" + i, signers.get(i));
    }
    return store;
  }

  private static KeyManager[] keys(PemFiles pemFiles) throws IOException, GeneralSecurityException {
    char[] unused = {};
    KeyStore store = empty();
    store.setKeyEntry(
        "client",
        PemKeys.key(pemFiles.where + ": client-key", pemFiles.key),
        unused,
        PemKeys.certificates(pemFiles.where + ": client-certificate", pemFiles.cert)
            .toArray(new X509Certificate[0]));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, unused);
    return factory.getKeyManagers();
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** The server would say no more than 401, or end the connection. */
  private static void requireValid(PemFiles pemFiles, Instant now) throws IOException {
    String what = pemFiles.where + ": client-certificate";
    Instant end = PemKeys.certificates(what, pemFiles.cert).get(0).getNotAfter().toInstant();
    if (now.isAfter(end)) {
      throw new IOException(
          what + ": expired at " + end + " (expected: a certificate that is valid now)");
    }
  }
}
