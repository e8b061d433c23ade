package dev.holdfast.transcoding.json;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An enum's names and numbers. Immutable. */
final class EnumTable {
  /** The largest enum number that is looked up in an array. */
  private static final int DENSE_NUMBERS = 256;

  final String fullName;
  final boolean closed;
  private final NameTable<Integer> numbers;
  private final byte[] @Nullable [] dense;
  private final Map<Integer, byte[]> others = new HashMap<>();

  EnumTable(EnumDescriptor descriptor) {
    this.fullName = descriptor.getFullName();
    this.closed = descriptor.isClosed();
    this.dense = new byte[DENSE_NUMBERS][];
    Map<String, Integer> byName = new HashMap<>();
    for (EnumValueDescriptor value : descriptor.getValues()) {
      int number = value.getNumber();
      byName.put(value.getName(), number);
      byte[] quoted = ('"' + value.getName() + '"').getBytes(StandardCharsets.UTF_8);
      // Of two names for one number the first is the canonical one.
      if (number >= 0 && number < DENSE_NUMBERS) {
        dense[number] = dense[number] == null ? quoted : dense[number];
      } else {
        others.putIfAbsent(number, quoted);
      }
    }
    this.numbers = new NameTable<>(byName);
  }

  @Nullable Integer number(byte[] bytes, int from, int to) {
    return numbers.find(bytes, from, to);
  }

  /** The name in quotes; null for a number without one. */
  byte @Nullable [] quotedName(int number) {
    return number >= 0 && number < DENSE_NUMBERS ? dense[number] : others.get(number);
  }
}
