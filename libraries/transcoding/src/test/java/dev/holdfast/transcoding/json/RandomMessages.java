package dev.holdfast.transcoding.json;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.Value;
import java.util.List;
import java.util.Random;

/**
 * Messages with anything in them that JSON can hold, the same for the same seed; without -0.0,
 * whose sign JsonFormat drops when it reads.
 */
final class RandomMessages {
  private static final int DEEPEST = 4;
  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "plain text",
          "\"\\\b\f\n\r\t\u0001\u007f",
          "äöü€",
          "\ud83d\ude00 smile",
          "/<>&'=");
  private static final double[] DOUBLES = {
    0,
    1,
    -1.5,
    0.1,
    1e-7,
    123456.789,
    1e21,
    1e22,
    2e-3,
    4.35,
    Double.MIN_VALUE,
    Double.MAX_VALUE,
    Double.MIN_NORMAL,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };

  private final Random random;

  RandomMessages(long seed) {
    this.random = new Random(seed);
  }

  Everything everything() {
    Everything.Builder builder = Everything.newBuilder();
    fill(builder, 0, 12);
    return parsed(builder);
  }

  /** With each key of a map once. */
  private static Everything parsed(Everything.Builder builder) {
    try {
      return Everything.parseFrom(builder.build().toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(e);
    }
  }

  private void fill(Message.Builder builder, int depth, int oneIn) {
    for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
      if (random.nextInt(oneIn) > 1) {
        continue;
      }
      if (field.isRepeated()) {
        for (int i = random.nextInt(4); i > 0; i--) {
          builder.addRepeatedField(field, value(builder, field, depth));
        }
      } else {
        builder.setField(field, value(builder, field, depth));
      }
    }
  }

  private Object value(Message.Builder builder, FieldDescriptor field, int depth) {
    return switch (field.getJavaType()) {
      case INT -> random.nextBoolean() ? random.nextInt() : random.nextInt(3) - 1;
      case LONG -> random.nextBoolean() ? random.nextLong() : random.nextInt(3) - 1L;
      case FLOAT -> random.nextBoolean() ? (float) decimal() : float32();
      case DOUBLE -> decimal();
      case BOOLEAN -> random.nextBoolean();
      case STRING -> text();
      case BYTE_STRING -> {
        byte[] bytes = new byte[random.nextInt(20)];
        random.nextBytes(bytes);
        yield ByteString.copyFrom(bytes);
      }
      case ENUM ->
          field
              .getEnumType()
              .getValues()
              .get(random.nextInt(field.getEnumType().getValues().size()));
      case MESSAGE -> message(builder, field, depth);
    };
  }

  private double decimal() {
    return random.nextBoolean() ? DOUBLES[random.nextInt(DOUBLES.length)] : float64();
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      text.append(TEXTS.get(random.nextInt(TEXTS.size())));
    }
    return text.toString();
  }

  private Message message(Message.Builder builder, FieldDescriptor field, int depth) {
    return switch (field.getMessageType().getFullName()) {
      case "google.protobuf.Timestamp" -> timestamp();
      case "google.protobuf.Duration" -> duration();
      case "google.protobuf.FieldMask" ->
          FieldMask.newBuilder().addPaths("a_b.c").addPaths("zip_code").build();
      case "google.protobuf.Value" -> json(depth);
      case "google.protobuf.Struct" -> struct(depth);
      case "google.protobuf.ListValue" -> ListValue.newBuilder().addValues(json(depth + 1)).build();
      case "google.protobuf.Any" -> any(depth);
      default -> {
        Message.Builder inner = builder.newBuilderForField(field);
        if (field.isMapField()) {
          // A Value that was never set would come back as null.
          fill(inner, depth + 1, 2);
        } else if (depth < DEEPEST) {
          fill(inner, depth + 1, inner instanceof Everything.Builder ? 30 : 3);
        }
        yield inner.build();
      }
    };
  }

  private Message any(int depth) {
    return switch (random.nextInt(4)) {
      case 0 -> Any.getDefaultInstance();
      case 1 -> Any.pack(duration());
      case 2 -> Any.pack(json(depth));
      default -> {
        Everything.Builder inner = Everything.newBuilder();
        fill(inner, DEEPEST, 10);
        yield Any.pack(parsed(inner));
      }
    };
  }

  private Timestamp timestamp() {
    long range = TimeText.LAST_SECOND - TimeText.FIRST_SECOND + 1;
    return Timestamp.newBuilder()
        .setSeconds(TimeText.FIRST_SECOND + Math.floorMod(random.nextLong(), range))
        .setNanos(nanos())
        .build();
  }

  private Duration duration() {
    int sign = random.nextBoolean() ? 1 : -1;
    return Duration.newBuilder()
        .setSeconds(sign * Math.floorMod(random.nextLong(), TimeText.LONGEST_DURATION_SECONDS))
        .setNanos(sign * nanos())
        .build();
  }

  private int nanos() {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextInt(1000) * 1_000_000;
      case 2 -> random.nextInt(1_000_000) * 1000;
      default -> random.nextInt(1_000_000_000);
    };
  }

  private Struct struct(int depth) {
    Struct.Builder struct = Struct.newBuilder();
    for (int i = random.nextInt(3); i > 0; i--) {
      struct.putFields(text(), json(depth + 1));
    }
    return struct.build();
  }

  private Value json(int depth) {
    Value.Builder value = Value.newBuilder();
    return switch (random.nextInt(depth < DEEPEST ? 6 : 4)) {
      case 0 -> value.setNullValue(NullValue.NULL_VALUE).build();
      case 1 -> value.setNumberValue(random.nextInt(1000) / 8.0).build();
      case 2 -> value.setBoolValue(random.nextBoolean()).build();
      case 3 -> value.setStringValue(text()).build();
      case 4 -> value.setStructValue(struct(depth + 1)).build();
      default -> value.setListValue(ListValue.newBuilder().addValues(json(depth + 1))).build();
    };
  }

  /** JSON has one NaN only, which shows in the bytes of an Any. */
  private float float32() {
    float any = Float.intBitsToFloat(random.nextInt());
    return Float.isNaN(any) ? Float.NaN : any;
  }

  private double float64() {
    double any = Double.longBitsToDouble(random.nextLong());
    return Double.isNaN(any) ? Double.NaN : any;
  }
}
