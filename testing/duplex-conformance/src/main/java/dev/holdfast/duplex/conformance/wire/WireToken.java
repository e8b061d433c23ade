package dev.holdfast.duplex.conformance.wire;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The token of a session: the owner's address and its HMAC-SHA256. */
public final class WireToken {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int HMAC_BYTES = 32;

  private WireToken() {}

  /** A token as the document makes it. */
  public static byte[] issue(
      byte[] key, byte[] session, String principal, String method, String owner) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      mac.update(session);
      for (String text : new String[] {principal, method, owner}) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
        mac.update(bytes);
      }
      ByteArrayOutputStream token = new ByteArrayOutputStream();
      token.writeBytes(owner.getBytes(StandardCharsets.UTF_8));
      token.writeBytes(mac.doFinal());
      return token.toByteArray();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(ALGORITHM, e);
    }
  }

  /** The owner's address in a token; empty when any instance will do. */
  public static String owner(byte[] token) {
    byte[] owner = Arrays.copyOf(token, Math.max(0, token.length - HMAC_BYTES));
    return new String(owner, StandardCharsets.UTF_8);
  }
}
