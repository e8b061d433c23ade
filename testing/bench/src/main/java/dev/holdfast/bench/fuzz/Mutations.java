package dev.holdfast.bench.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** The seeded mutations of valid byte streams. Confined to one thread. */
final class Mutations {
  private static final int MOST_CHANGES = 6;
  private static final int MOST_INSERTED = 40;

  private final Random random;

  Mutations(Random random) {
    this.random = random;
  }

  /**
   * The same bytes in one of three cases, else with some flipped, deleted, repeated or inserted.
   */
  byte[] of(byte[] valid) {
    byte[] bytes = valid;
    for (int i = random.nextInt(MOST_CHANGES) - 1; i > 0; i--) {
      bytes = once(bytes);
    }
    return bytes;
  }

  byte[] of(String valid) {
    return of(valid.getBytes(StandardCharsets.ISO_8859_1));
  }

  byte[] bytes(int most) {
    byte[] bytes = new byte[random.nextInt(most + 1)];
    random.nextBytes(bytes);
    return bytes;
  }

  private byte[] once(byte[] bytes) {
    int at = random.nextInt(bytes.length + 1);
    int length = Math.min(bytes.length - at, random.nextInt(MOST_INSERTED));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, at);
    switch (random.nextInt(5)) {
      case 0 -> {
        if (at < bytes.length) {
          out.write(bytes[at] ^ 1 << random.nextInt(8));
          out.write(bytes, at + 1, bytes.length - at - 1);
        }
      }
      case 1 -> out.write(bytes, at + length, bytes.length - at - length);
      case 2 -> {
        out.write(bytes, at, length);
        out.write(bytes, at, bytes.length - at);
      }
      case 3 -> {
        out.writeBytes(bytes(MOST_INSERTED));
        out.write(bytes, at, bytes.length - at);
      }
      default -> {
        // Cut off here.
      }
    }
    return out.toByteArray();
  }
}
