package dev.holdfast.core.tls;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parser of certificates and private keys in PEM (RFC 7468). The JDK reads private keys in
 * PKCS#8 only. Kubeconfigs and older tools also use the RSA (kubeadm) and EC (k3s) formats, which
 * are wrapped into PKCS#8.
 */
public final class PemKeys {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN ((RSA |EC )?PRIVATE KEY)-----([^-]+)-----END \\1-----");
  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");
  private static final int SEQUENCE = 0x30;
  private static final int OCTETS = 0x04;
  private static final int EC_PARAMETERS = 0xa0;
  private static final byte[] VERSION_0 = {2, 1, 0};
  // 1.2.840.113549.1.1.1 with NULL, and 1.2.840.10045.2.1, which is followed by the curve.
  private static final byte[] RSA = {
    0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 1, 1, 1, 5, 0
  };
  private static final byte[] EC = {
    0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01
  };

  private PemKeys() {}

  /**
   * All certificates of a text, at least one.
   *
   * @param what is called so in errors
   * @throws IOException saying what is wrong, without the content
   */
  public static List<X509Certificate> certificates(String what, byte[] pem) throws IOException {
    List<X509Certificate> found = new ArrayList<>();
    try {
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(pem))) {
        if (certificate instanceof X509Certificate x509) {
          found.add(x509);
        }
      }
    } catch (GeneralSecurityException e) {
      throw new IOException(what + ": not understood (expected: certificates in PEM)", e);
    }
    if (found.isEmpty()) {
      throw new IOException(what + ": empty (expected: certificates in PEM)");
    }
    return found;
  }

  /**
   * The first private key of a text, without a password.
   *
   * @param what is called so in errors
   * @throws IOException saying what is wrong, without the content
   */
  public static PrivateKey key(String what, byte[] pem) throws IOException {
    Matcher found = KEY.matcher(new String(pem, StandardCharsets.US_ASCII));
    if (!found.find()) {
      throw new IOException(
          what + ": not understood (expected: a private key in PEM without a password)");
    }
    byte[] der;
    try {
      der = Base64.getMimeDecoder().decode(found.group(3));
    } catch (IllegalArgumentException e) {
      throw new IOException(what + ": not understood (expected: a private key in PEM)");
    }
    String form = found.group(2) == null ? "" : found.group(2);
    byte[] pkcs8 =
        switch (form) {
          case "RSA " -> sequence(VERSION_0, RSA, tagged(OCTETS, der));
          case "EC " -> sequence(VERSION_0, sequence(EC, curve(what, der)), tagged(OCTETS, der));
          default -> der;
        };
    return decoded(what, pkcs8);
  }

  /** Whether a key is that of a certificate: what the one signs, the other verifies. */
  public static boolean isPair(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] sample = certificate.getEncoded();
    Signature signature = Signature.getInstance(algorithm);
    signature.initSign(key);
    signature.update(sample);
    byte[] signed = signature.sign();
    try {
      signature.initVerify(certificate.getPublicKey());
      signature.update(sample);
      return signature.verify(signed);
    } catch (InvalidKeyException | SignatureException e) {
      // The certificate is of another algorithm than the key.
      return false;
    }
  }

  private static PrivateKey decoded(String what, byte[] pkcs8) throws IOException {
    IOException last = new IOException(what);
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException e) {
        last =
            new IOException(
                what + ": not understood (expected: a private key of RSA, EC or Ed25519)", e);
      }
    }
    throw last;
  }

  /** The curve's name within a key of RFC 5915: SEQUENCE, version, OCTET STRING, [0] curve. */
  private static byte[] curve(String what, byte[] der) throws IOException {
    DerReader key = new DerReader(der).enter(SEQUENCE);
    while (key.hasMore()) {
      if (key.tag() == EC_PARAMETERS) {
        return key.content();
      }
      key.skip();
    }
    throw new IOException(what + ": an EC key without its curve (expected: PKCS#8)");
  }

  private static byte[] sequence(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return tagged(SEQUENCE, all.toByteArray());
  }

  private static byte[] tagged(int tag, byte[] content) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    int length = content.length;
    if (length < 0x80) {
      out.write(length);
    } else if (length < 0x100) {
      out.write(0x81);
      out.write(length);
    } else {
      out.write(0x82);
      out.write(length >> 8);
      out.write(length & 0xff);
    }
    out.writeBytes(content);
    return out.toByteArray();
  }
}
