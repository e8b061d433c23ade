package dev.holdfast.core.testkit;

import static dev.holdfast.core.testkit.Der.oid;
import static dev.holdfast.core.testkit.Der.sequence;
import static dev.holdfast.core.testkit.Der.tagged;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Signs certificates (X.509 v3 of RFC 5280, ECDSA on P-256), which it writes byte by byte: a JDK
 * can read them but not make them, and its keytool takes seconds on a busy machine.
 */
public final class TestAuthority {
  private static final byte[] ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
  private static final byte[] COMMON_NAME = oid("550403");
  private static final byte[] SUBJECT_ALT_NAME = oid("551d11");
  private static final byte[] BASIC_CONSTRAINTS = oid("551d13");
  private static final byte[] VERSION_3 = tagged(Der.VERSION_FIELD, Der.integer(2));

  private static final Duration DAY = Duration.ofDays(1);
  private static final AtomicLong SERIAL = new AtomicLong(System.nanoTime());

  private final String name;
  private final PrivateKey key;
  private final TestCertificate certificate;

  private TestAuthority(String name, PrivateKey key, TestCertificate certificate) {
    this.name = name;
    this.key = key;
    this.certificate = certificate;
  }

  /**
   * Writes {@code NAME.crt} and {@code NAME.key} of a new one into the folder; it is valid from
   * yesterday until tomorrow.
   */
  public static TestAuthority create(Path folder, String name) throws Exception {
    KeyPair pair = newPair();
    byte[] body = body(name, name, pair, today(), tagged(Der.BOOLEAN, new byte[] {(byte) 0xff}));
    TestCertificate certificate =
        write(folder, name, signed(pair.getPrivate(), body), pair.getPrivate());
    return new TestAuthority(name, pair.getPrivate(), certificate);
  }

  /** Its own certificate, which clients that trust it need. */
  public TestCertificate certificate() {
    return certificate;
  }

  /** Issues a certificate with a new key, into {@code NAME.crt} and {@code NAME.key}. */
  public TestCertificate issue(Path folder, String subject, Instant notBefore, Instant notAfter)
      throws Exception {
    return issue(folder, subject, subject, notBefore, notAfter);
  }

  /** As above, into {@code FILE.crt} and {@code FILE.key}: a subject may be no name of a file. */
  public TestCertificate issue(
      Path folder, String file, String subject, Instant notBefore, Instant notAfter)
      throws Exception {
    KeyPair pair = newPair();
    byte[] validity = sequence(Der.time(notBefore), Der.time(notAfter));
    byte[] body = body(subject, name, pair, validity, new byte[0]);
    return write(folder, file, signed(key, body), pair.getPrivate());
  }

  /** One that nobody but itself has signed. */
  static TestCertificate selfSigned(Path folder, String name) throws Exception {
    KeyPair pair = newPair();
    byte[] body = body(name, name, pair, today(), new byte[0]);
    return write(folder, name, signed(pair.getPrivate(), body), pair.getPrivate());
  }

  private static KeyPair newPair() throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    return generator.generateKeyPair();
  }

  private static byte[] today() {
    Instant now = Instant.now();
    return sequence(Der.time(now.minus(DAY)), Der.time(now.plus(DAY)));
  }

  /**
   * What is signed.
   *
   * @param constraints empty, or TRUE for one that may sign others
   */
  private static byte[] body(
      String subject, String issuer, KeyPair pair, byte[] validity, byte[] constraints) {
    byte[] dnsName = tagged(Der.DNS_NAME, subject.getBytes(StandardCharsets.US_ASCII));
    return sequence(
        VERSION_3,
        Der.integer(SERIAL.incrementAndGet()),
        ECDSA_WITH_SHA256,
        distinguished(issuer),
        validity,
        distinguished(subject),
        pair.getPublic().getEncoded(),
        tagged(
            Der.EXTENSIONS_FIELD,
            sequence(
                extension(SUBJECT_ALT_NAME, sequence(dnsName)),
                extension(BASIC_CONSTRAINTS, sequence(constraints)))));
  }

  private static byte[] distinguished(String name) {
    byte[] text = tagged(Der.UTF8_STRING, name.getBytes(StandardCharsets.UTF_8));
    return sequence(tagged(Der.SET, sequence(COMMON_NAME, text)));
  }

  private static byte[] extension(byte[] oid, byte[] value) {
    return sequence(oid, tagged(Der.OCTET_STRING, value));
  }

  private static byte[] signed(PrivateKey key, byte[] body) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(key);
    signature.update(body);
    return sequence(body, ECDSA_WITH_SHA256, Der.bits(signature.sign()));
  }

  private static TestCertificate write(Path folder, String name, byte[] der, PrivateKey key)
      throws IOException {
    return new TestCertificate(
        write(folder.resolve(name + ".crt"), "CERTIFICATE", der),
        write(folder.resolve(name + ".key"), "PRIVATE KEY", key.getEncoded()));
  }

  private static File write(Path file, String type, byte[] der) throws IOException {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return Files.writeString(
            file, "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n")
        .toFile();
  }
}
