package dev.holdfast.gateway.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.TestAuthority;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What services are told of a client's certificate. */
class XfccFormatterTest {
  @TempDir Path folder;

  @Test
  void itsHashItsSubjectAndItsNamesAreSaid() throws Exception {
    X509Certificate certificate = issued("client.example");
    String hash =
        HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    assertThat(XfccFormatter.describe(certificate))
        .isEqualTo("Hash=" + hash + ";Subject=\"CN=client.example\";DNS=client.example");
  }

  @Test
  void noNameCanLookLikeAnotherPart() throws Exception {
    String described = XfccFormatter.describe(issued("a\";Hash=0;b\\\r\nx: é,c"));
    assertThat(described)
        .endsWith(
            ";Subject=\"CN=a\\22\\3BHash\\=0\\3Bb\\5C\\0D\\0Ax: \\C3\\A9\\,c\""
                + ";DNS=\"a%22;Hash=0;b%5C%0D%0Ax:%20?,c\"");
    assertThat(described.chars()).allMatch(each -> each >= ' ' && each <= '~');
  }

  @Test
  void whatDoesNotFitIsLeftOutButTheHash() throws Exception {
    assertThat(XfccFormatter.describe(issued("x".repeat(5_000)))).hasSize(5 + 64);
  }

  private X509Certificate issued(String subject) throws Exception {
    var issued =
        TestAuthority.create(folder, "authority")
            .issue(
                folder,
                "client",
                subject,
                Instant.now().minusSeconds(9),
                Instant.now().plusSeconds(9));
    try (InputStream in = new FileInputStream(issued.certificate())) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
