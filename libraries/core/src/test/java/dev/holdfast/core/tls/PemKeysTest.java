package dev.holdfast.core.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

/** Private keys in the forms in which kubeconfigs hold them. */
class PemKeysTest {
  private static final byte[] P256 = {
    0x06, 0x08, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x03, 0x01, 0x07
  };

  @Test
  void rsaKeysAreReadInBothForms() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    PrivateKey key = generator.generateKeyPair().getPrivate();

    assertThat(PemKeys.key("key", pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
    assertThat(PemKeys.key("key", pem("RSA PRIVATE KEY", inner(key)))).isEqualTo(key);
  }

  @Test
  void ecKeysAreReadInBothForms() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    PrivateKey key = generator.generateKeyPair().getPrivate();
    // The JDK leaves the curve out within its envelope; openssl and k3s write it.
    DerReader bare = new DerReader(inner(key)).enter(0x30);
    bare.skip();
    byte[] number = bare.content();
    ByteArrayOutputStream sec1 = new ByteArrayOutputStream();
    sec1.writeBytes(new byte[] {0x30, (byte) (3 + 2 + number.length + 2 + P256.length), 2, 1, 1});
    sec1.writeBytes(new byte[] {4, (byte) number.length});
    sec1.writeBytes(number);
    sec1.writeBytes(new byte[] {(byte) 0xa0, (byte) P256.length});
    sec1.writeBytes(P256);

    assertThat(PemKeys.key("key", pem("PRIVATE KEY", key.getEncoded()))).isEqualTo(key);
    assertThat(PemKeys.key("key", pem("EC PRIVATE KEY", sec1.toByteArray())))
        .asInstanceOf(InstanceOfAssertFactories.type(ECPrivateKey.class))
        .extracting(ECPrivateKey::getS)
        .isEqualTo(((ECPrivateKey) key).getS());
  }

  @Test
  void whatIsNoKeyIsNamed() {
    assertThatThrownBy(() -> PemKeys.key("client-key", "secret".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("client-key: not understood (expected: a private key in PEM")
        .hasMessageContaining("without a password");
    assertThatThrownBy(() -> PemKeys.key("client-key", pem("EC PRIVATE KEY", new byte[] {1, 2, 3})))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> PemKeys.key("client-key", pem("PRIVATE KEY", new byte[] {1, 2, 3})))
        .hasMessageContaining("client-key: not understood");
  }

  /** What stands within the envelope of PKCS#8. */
  private static byte[] inner(PrivateKey key) throws IOException {
    DerReader envelope = new DerReader(key.getEncoded()).enter(0x30);
    envelope.skip();
    envelope.skip();
    return envelope.content();
  }

  private static byte[] pem(String type, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return ("-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n")
        .getBytes(StandardCharsets.US_ASCII);
  }
}
