package dev.holdfast.streams.wire;

import dev.holdfast.streams.internal.Handshake;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The issuer and verifier of session tokens, for one server or all instances that share its key. A
 * token carries an HMAC-SHA256 over session id, principal, method and owner. So neither somebody
 * who learned its id nor a call of another method can take a session over.
 *
 * <p>Thread-safe. Verification takes constant time, whatever is wrong.
 */
public final class SessionTokenIssuer {
  static final int MAC_BYTES = 32;

  /** A shorter key would be the weakest part. */
  public static final int LEAST_KEY_BYTES = 16;

  private static final String ALGORITHM = "HmacSHA256";

  private final SecretKeySpec key;

  /**
   * @param key secret of all instances that may redirect to each other or share a store; at least
   *     16 bytes of a secure random source
   */
  public SessionTokenIssuer(byte[] key) {
    if (key.length < LEAST_KEY_BYTES) {
      throw new IllegalArgumentException(
          "key: " + key.length + " bytes (expected: >= " + LEAST_KEY_BYTES + ")");
    }
    this.key = new SecretKeySpec(key.clone(), ALGORITHM);
  }

  /**
   * The token of a session.
   *
   * @param principal who the client is, by the authentication outside of Holdfast; "" for nobody
   * @param method the full name of the method
   * @param owner the address that reaches the instance that holds the session; "" when any does; at
   *     most 255 bytes
   */
  public SessionToken issue(SessionId id, String principal, String method, String owner) {
    requireOwner(owner);
    byte[] address = owner.getBytes(StandardCharsets.UTF_8);
    byte[] mac = mac(id, principal, method, address);
    return new SessionToken(
        ByteBuffer.allocate(address.length + MAC_BYTES).put(address).put(mac).array());
  }

  /**
   * Checks an owner's address before there is a session.
   *
   * @throws IllegalArgumentException when no token has room for it
   */
  public static void requireOwner(String owner) {
    if (owner.getBytes(StandardCharsets.UTF_8).length > Handshake.MAX_ADDRESS_LENGTH) {
      throw new IllegalArgumentException("owner: " + owner + " (expected: at most 255 bytes)");
    }
  }

  /** Whether this mint made the token for this session, principal and method. */
  public boolean verify(SessionToken token, SessionId id, String principal, String method) {
    byte[] owner = token.owner().orElse("").getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(token.mac(), mac(id, principal, method, owner));
  }

  /** The hand-over under the seal of this key, for this session, principal and method. */
  public SessionHandover seal(
      SessionHandover handover, SessionId id, String principal, String method) {
    return handover.sealed(mac(id, principal, method, new byte[0], handover.content()));
  }

  /** Whether a holder of this key sealed the hand-over for this session, principal and method. */
  public boolean verify(SessionHandover handover, SessionId id, String principal, String method) {
    byte[] expected = mac(id, principal, method, new byte[0], handover.content());
    return MessageDigest.isEqual(handover.seal(), expected);
  }

  /**
   * The MAC over the id and all parts. A token has three parts and a hand-over four, so that
   * neither is ever the other one.
   */
  private byte[] mac(SessionId id, String principal, String method, byte[]... parts) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(id.toByteArray());
      part(mac, principal.getBytes(StandardCharsets.UTF_8));
      part(mac, method.getBytes(StandardCharsets.UTF_8));
      for (byte[] part : parts) {
        part(mac, part);
      }
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(ALGORITHM + " is part of every JDK", e);
    }
  }

  /** Adds a part with its length, so that no two lists of parts have the same bytes. */
  private static void part(Mac mac, byte[] bytes) {
    mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
    mac.update(bytes);
  }
}
