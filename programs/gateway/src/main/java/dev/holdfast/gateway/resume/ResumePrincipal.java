package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The principal of a request, as a SHA-256 digest of the client certificate's names and of
 * configured headers. No credential is kept.
 */
final class ResumePrincipal {
  /** The prefix of a configured name that stands for one cookie. */
  static final String COOKIE = "cookie:";

  private ResumePrincipal() {}

  /**
   * The principal of a request.
   *
   * @param client of the connection
   * @param request the headers that the client sent
   * @param call the headers that the service gets
   * @param names of headers and cookies that count
   */
  static byte[] of(
      ClientIdentity client, Http2Headers request, Http2Headers call, List<String> names) {
    MessageDigest digest = sha256();
    update(digest, client.certificateNames());
    if (client.proof().trusted()) {
      request
          .getAll(HeaderNames.X_FORWARDED_CLIENT_CERT)
          .forEach(value -> update(digest, value.toString()));
    }
    for (String name : names) {
      update(digest, name);
      if (name.startsWith(COOKIE)) {
        update(digest, cookie(call, name.substring(COOKIE.length())));
      } else {
        call.getAll(name).forEach(value -> update(digest, value.toString()));
      }
    }
    return digest.digest();
  }

  /** The SHA-256 digest of some bytes. */
  static byte[] digest(byte[] bytes) {
    return sha256().digest(bytes);
  }

  private static String cookie(Http2Headers headers, String name) {
    String found = null;
    for (CharSequence each : headers.getAll("cookie")) {
      for (String pair : each.toString().split(";", -1)) {
        String stripped = pair.strip();
        if (found == null && stripped.startsWith(name + "=")) {
          found = stripped;
        }
      }
    }
    return found == null ? "" : found;
  }

  /** Adds a value with its length, so that no two lists of values have the same bytes. */
  private static void update(MessageDigest digest, @Nullable String value) {
    byte[] bytes = value == null ? new byte[0] : value.getBytes(StandardCharsets.UTF_8);
    for (int shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      digest.update((byte) (bytes.length >>> shift));
    }
    digest.update(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has it", e);
    }
  }
}
