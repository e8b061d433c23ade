package dev.holdfast.streams.redis;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.StoreRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The encoding of a session's record in Redis: a hash with short field names. The scripts know
 * {@code c} (caller, hashed), {@code a o} (fence), {@code A O} (the one before), {@code v}
 * (version), {@code p} (processed), {@code k} (acked), {@code f} (flags), {@code z} (bytes of
 * messages), {@code r} (run of Redis), and {@code m<position>} for each message.
 */
final class RedisRecordCodec {
  private static final int HALF_CLOSED = 1;
  private static final int OVER = 2;

  /** The length of a message's prefix in bytes: two of flags, one of status. */
  private static final int ITEM_HEAD = 3;

  private static final int BYTE_BITS = 8;
  private static final int BYTE_MASK = 0xff;

  private RedisRecordCodec() {}

  static byte[][] arguments(StoreRequest.Claim claim, String run, boolean trusted) {
    return new byte[][] {
      number(claim.attach()),
      text(claim.owner()),
      digest(claim.caller()),
      number(claim.fresh().isPresent() ? 1 : 0),
      number(claim.keep().toMillis()),
      text(run),
      number(trusted ? 1 : 0)
    };
  }

  static byte[][] arguments(StoreRequest.Save save, String run, int maxBytes) {
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(number(save.attach()));
    arguments.add(text(save.owner()));
    arguments.add(number(save.version()));
    arguments.add(number(save.version() + 1));
    arguments.add(number(save.processed()));
    arguments.add(number(save.acked()));
    arguments.add(number((save.halfClosed() ? HALF_CLOSED : 0) + (save.over() ? OVER : 0)));
    arguments.add(number(save.keep().toMillis()));
    arguments.add(text(run));
    arguments.add(number(maxBytes));
    for (SequencedMessage sequencedMessage : save.appended()) {
      if (sequencedMessage.seq() > save.acked()) {
        arguments.add(text("m" + sequencedMessage.seq()));
        arguments.add(encode(sequencedMessage));
      }
    }
    return arguments.toArray(byte[][]::new);
  }

  /**
   * Reads what the claim script answers.
   *
   * @param fields names and values in turn
   */
  static SessionRecord read(List<?> fields, Caller caller) {
    Map<String, byte[]> known = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      known.put(text(fields.get(i)), (byte[]) fields.get(i + 1));
    }
    long acked = number(known, "k");
    List<SequencedMessage> unacked = new ArrayList<>();
    long seq = acked + 1;
    for (byte[] next = known.get("m" + seq); next != null; next = known.get("m" + seq)) {
      unacked.add(decode(seq, next));
      seq++;
    }
    long flags = number(known, "f");
    return new SessionRecord(
        number(known, "a"),
        field(known, "o"),
        number(known, "A"),
        field(known, "O"),
        number(known, "v"),
        caller,
        number(known, "p"),
        acked,
        unacked,
        (flags & HALF_CLOSED) != 0,
        (flags & OVER) != 0);
  }

  static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] encode(SequencedMessage sequencedMessage) {
    byte[] body = sequencedMessage.body().toByteArray();
    byte[] encoded = new byte[ITEM_HEAD + body.length];
    encoded[0] = (byte) (sequencedMessage.flags() >> BYTE_BITS);
    encoded[1] = (byte) sequencedMessage.flags();
    encoded[2] = (byte) sequencedMessage.status();
    System.arraycopy(body, 0, encoded, ITEM_HEAD, body.length);
    return encoded;
  }

  private static SequencedMessage decode(long seq, byte[] encoded) {
    int flags = (encoded[0] & BYTE_MASK) << BYTE_BITS | (encoded[1] & BYTE_MASK);
    byte[] body = Arrays.copyOfRange(encoded, ITEM_HEAD, encoded.length);
    return new SequencedMessage(seq, Payload.of(body), flags, encoded[2]);
  }

  private static byte[] number(long number) {
    return Long.toString(number).getBytes(StandardCharsets.US_ASCII);
  }

  private static long number(Map<String, byte[]> fields, String name) {
    return Long.parseLong(field(fields, name));
  }

  private static String field(Map<String, byte[]> fields, String name) {
    byte[] value = fields.get(name);
    if (value == null) {
      throw new IllegalStateException("record: no field " + name + " (expected: one of ours)");
    }
    return text((Object) value);
  }

  /** Hashes the caller, so that Redis holds no user names, and the field is short. */
  private static byte[] digest(Caller caller) {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      hash.update(text(caller.principal()));
      hash.update((byte) 0);
      return hash.digest(text(caller.method()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
