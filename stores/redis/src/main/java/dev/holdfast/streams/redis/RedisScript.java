package dev.holdfast.streams.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;

/**
 * A Lua script that Redis runs atomically for a request. Its source is the resource of the same
 * name.
 */
enum RedisScript {
  CLAIM,
  SAVE;

  private final byte[] source;
  private final String digest;

  RedisScript() {
    String file = name().toLowerCase(Locale.ROOT) + ".lua";
    try (InputStream in = RedisScript.class.getResourceAsStream(file)) {
      source = Objects.requireNonNull(in, file).readAllBytes();
      // How Redis names scripts; nothing is signed by it.
      digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(source));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] source() {
    return source.clone();
  }

  /** The SHA-1 digest of the source, by which Redis names a script that it has cached. */
  String digest() {
    return digest;
  }
}
