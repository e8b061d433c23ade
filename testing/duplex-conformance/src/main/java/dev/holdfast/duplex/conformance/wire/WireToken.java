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
    byte[] address = owner.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream token = new ByteArrayOutputStream();
    token.writeBytes(address);
    token.writeBytes(
        hmac(
            key,
            session,
            principal.getBytes(StandardCharsets.UTF_8),
            method.getBytes(StandardCharsets.UTF_8),
            address));
    return token.toByteArray();
  }

  /** The HMAC over a session and parts, each behind its length. */
  static byte[] hmac(byte[] key, byte[] session, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key, ALGORITHM));
      mac.update(session);
      for (byte[] part : parts) {
        mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).array());
        mac.update(part);
      }
      return mac.doFinal();
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
