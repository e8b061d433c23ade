package dev.holdfast.gateway.tls;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.tls.PemKeys;
import dev.holdfast.core.tls.ReloadableFiles;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Loader and validator of certificate and key files. Error messages never contain key material. */
public final class KeyFiles {
  /** The type of a DNS name among subject alternative names. */
  private static final Integer DNS_NAME = 2;

  private KeyFiles() {}

  /**
   * The certificate chain of a file, whose first certificate must be valid at a time.
   *
   * @throws IOException that names the file and the problem
   */
  public static List<X509Certificate> valid(Path file, Instant now) throws IOException {
    return valid(file, content(file), now);
  }

  /** The certificate chain in PEM bytes, whose first certificate must be valid at a time. */
  static List<X509Certificate> valid(Path file, byte[] pem, Instant now) throws IOException {
    List<X509Certificate> chain = PemKeys.certificates(file.toString(), pem);
    Instant begin = chain.get(0).getNotBefore().toInstant();
    Instant end = chain.get(0).getNotAfter().toInstant();
    if (now.isAfter(end)) {
      throw new IOException(file + ": expired at " + end + " (expected: a valid certificate)");
    }
    if (now.isBefore(begin)) {
      throw new IOException(
          file + ": not valid before " + begin + " (expected: a valid certificate)");
    }
    return chain;
  }

  /** The earliest expiry of a chain. */
  static Instant end(List<X509Certificate> chain) {
    return chain.stream()
        .map(certificate -> certificate.getNotAfter().toInstant())
        .min(Instant::compareTo)
        .orElse(Instant.MAX);
  }

  /**
   * The CA certificates of a file; some may have expired.
   *
   * @throws IOException that names the file and the problem
   */
  public static List<X509Certificate> authorities(Path file) throws IOException {
    return PemKeys.certificates(file.toString(), content(file));
  }

  /**
   * The private key of a file.
   *
   * @throws IOException that names the file and the problem
   */
  public static PrivateKey key(Path file) throws IOException {
    return PemKeys.key(file.toString(), content(file));
  }

  /**
   * Requires that a key belongs to a certificate.
   *
   * @param key the file of the key
   * @throws IOException when it does not
   */
  public static void requirePair(X509Certificate certificate, PrivateKey own, Path key)
      throws IOException {
    try {
      if (PemKeys.isPair(certificate, own)) {
        return;
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(key + ": can't sign (expected: the key of the certificate)", e);
    }
    throw new IOException(key + ": of another certificate (expected: the key of the certificate)");
  }

  /** The DNS names of a certificate (RFC 5280, 4.2.1.6), in lower case. */
  public static List<String> names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      for (List<?> each : all == null ? List.<List<?>>of() : all) {
        if (each.get(0).equals(DNS_NAME)) {
          names.add(String.valueOf(each.get(1)).toLowerCase(Locale.ROOT));
        }
      }
    } catch (CertificateParsingException e) {
      // To be for nobody is what its clients will make of it, too.
      return List.of();
    }
    return names;
  }

  /**
   * Whether a certificate with some names is valid for a name (RFC 6125, 6.4.3). A wildcard matches
   * one label.
   *
   * @param name in lower case; may have a wildcard itself
   */
  public static boolean isFor(List<String> names, String name) {
    int dot = name.indexOf('.');
    return names.contains(name)
        || (dot > 0 && !name.startsWith("*") && names.contains("*" + name.substring(dot)));
  }

  private static byte[] content(Path file) throws IOException {
    try {
      return ReloadableFiles.content(file);
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": not there (expected: a PEM file)", e);
    } catch (IOException e) {
      throw new IOException(
          file + ": can't be read: " + IoErrorText.of(e) + " (expected: a PEM file)", e);
    }
  }
}
