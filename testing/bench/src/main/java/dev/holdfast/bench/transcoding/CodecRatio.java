package dev.holdfast.bench.transcoding;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.holdfast.bench.v1.Item;
import dev.holdfast.bench.v1.Line;
import dev.holdfast.bench.v1.Order;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.MessageType;
import dev.holdfast.transcoding.json.SchemaTypes;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Consumer;

/**
 * The comparison of the JSON codec with protobuf-java-util's JsonFormat, from bytes to bytes as in
 * a gateway. Both convert JSON to protobuf and back, for a message of six fields and for one of 100
 * KB. Both do the same work in turns, in one warmed-up JVM and thread. The figure is the median
 * over the turns of the ratio of the thread's CPU times.
 */
final class CodecRatio {
  private static final int TURNS = 11;
  private static final int QUICK_TURNS = 3;
  private static final long TURN_NANOS = 200_000_000;
  private static final long QUICK_TURN_NANOS = 10_000_000;
  private static final int WARM_TURNS = 8;
  private static final int LARGE_LINES = 160;
  private static final long SEED = 1;

  private final boolean quick;
  private final Consumer<String> say;
  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private long consumed;

  /**
   * A comparison of the two codecs.
   *
   * @param quick whether this is a smoke run
   * @param say receives a line per case
   */
  CodecRatio(boolean quick, Consumer<String> say) {
    this.quick = quick;
    this.say = say;
  }

  /** Work done once; returns something of the result, so that none is left out. */
  private interface Work {
    int once() throws CodecException, InvalidProtocolBufferException;
  }

  /** JsonFormat's CPU time by ours, each the median over all turns; more is better for us. */
  record Ratios(double parseSmall, double printSmall, double parseLarge, double printLarge) {
    /** The smallest of the four ratios. */
    double least() {
      return Math.min(Math.min(parseSmall, printSmall), Math.min(parseLarge, printLarge));
    }
  }

  /** Prints the ratios: for an examination of the codec alone. */
  public static void main(String[] args) throws Exception {
    Ratios ratios =
        new CodecRatio(List.of(args).contains("--quick"), System.out::println).measure();
    System.out.printf(Locale.ROOT, "RESULT codec_ratio=%.2f%n", ratios.least());
  }

  /** Measures all four cases and returns their ratios. */
  Ratios measure() throws CodecException, InvalidProtocolBufferException {
    Message small = item();
    Message large = order();
    return new Ratios(
        parse("parse small", small),
        print("print small", small),
        parse("parse large", large),
        print("print large", large));
  }

  private double parse(String name, Message message)
      throws CodecException, InvalidProtocolBufferException {
    byte[] json = json(message);
    MessageType type = type(message);
    CodecBuffer buffer = new CodecBuffer();
    type.toProto(json, 0, json.length, buffer);
    if (!message.getParserForType().parseFrom(buffer.toByteArray()).equals(message)) {
      throw new IllegalStateException("the codec and JsonFormat differ");
    }
    return ratio(
        name,
        json.length,
        () -> {
          Message.Builder builder = message.newBuilderForType();
          JsonFormat.parser().merge(new String(json, StandardCharsets.UTF_8), builder);
          return builder.build().toByteArray().length;
        },
        () -> {
          type.toProto(json, 0, json.length, buffer.reset());
          return buffer.size();
        });
  }

  private double print(String name, Message message)
      throws CodecException, InvalidProtocolBufferException {
    byte[] proto = message.toByteArray();
    MessageType type = type(message);
    CodecBuffer buffer = new CodecBuffer();
    JsonFormat.Printer printer = JsonFormat.printer().omittingInsignificantWhitespace();
    return ratio(
        name,
        proto.length,
        () -> {
          Message parsed = message.getParserForType().parseFrom(proto);
          return printer.print(parsed).getBytes(StandardCharsets.UTF_8).length;
        },
        () -> {
          type.toJson(proto, 0, proto.length, buffer.reset());
          return buffer.size();
        });
  }

  private double ratio(String name, int bytes, Work theirs, Work ours)
      throws CodecException, InvalidProtocolBufferException {
    int turns = quick ? QUICK_TURNS : TURNS;
    long turnNanos = quick ? QUICK_TURN_NANOS : TURN_NANOS;
    for (int i = 0; i < WARM_TURNS; i++) {
      nanosPerRun(theirs, turnNanos);
      nanosPerRun(ours, turnNanos);
    }
    double[] ratios = new double[turns];
    double[] own = new double[turns];
    for (int i = 0; i < turns; i++) {
      double other = nanosPerRun(theirs, turnNanos);
      own[i] = nanosPerRun(ours, turnNanos);
      ratios[i] = other / own[i];
    }
    Arrays.sort(ratios);
    Arrays.sort(own);
    double median = ratios[turns / 2];
    say.accept(
        String.format(
            Locale.ROOT,
            "%s, %d bytes in: %.0f ns, ratio %.2f (%.2f to %.2f over %d turns)",
            name,
            bytes,
            own[turns / 2],
            median,
            ratios[0],
            ratios[turns - 1],
            turns));
    return median;
  }

  private double nanosPerRun(Work work, long turnNanos)
      throws CodecException, InvalidProtocolBufferException {
    long start = threads.getCurrentThreadCpuTime();
    long runs = 0;
    long batch = 1;
    long spent;
    do {
      for (long i = 0; i < batch; i++) {
        consumed += work.once();
      }
      runs += batch;
      batch = Math.min(batch * 2, 1000);
      spent = threads.getCurrentThreadCpuTime() - start;
    } while (spent < turnNanos);
    if (consumed == 0) {
      throw new IllegalStateException("nothing was written");
    }
    return (double) spent / runs;
  }

  private static MessageType type(Message message) {
    return JsonCodec.of(SchemaTypes.wellKnown()).type(message.getDescriptorForType());
  }

  private static byte[] json(Message message) throws InvalidProtocolBufferException {
    return JsonFormat.printer()
        .omittingInsignificantWhitespace()
        .print(message)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** A message of six fields. */
  static Item item() {
    return item(new Random(SEED), 7);
  }

  private static Item item(Random random, int number) {
    return Item.newBuilder()
        .setId("item-" + Long.toHexString(random.nextLong()))
        .setQuantity(1 + random.nextInt(1000))
        .setPriceMicros(1_000_000L * random.nextInt(100_000) + number)
        .setGift(true)
        .setWeightKg((1 + random.nextInt(100_000)) / 1000.0)
        .setState(Item.State.STATE_SHIPPED)
        .build();
  }

  /** A message whose JSON has 100 KB, nested and with repeated fields and a map. */
  static Order order() {
    Random random = new Random(SEED);
    Order.Builder order = Order.newBuilder().setName("orders/\u00fcber-2026-\"quoted\"");
    for (int i = 0; i < LARGE_LINES; i++) {
      order.putLabels("label-" + i, "value of label " + i);
      Line.Builder line =
          Line.newBuilder()
              .setItem(item(random, i))
              .setNote("to be left at the door of the neighbours,\nplease ring twice (" + i + ")");
      for (int j = 0; j < 10; j++) {
        line.addCodes(random.nextInt(100_000));
      }
      for (int j = 0; j < 3; j++) {
        line.addParts(item(random, j));
      }
      order.addLines(line);
    }
    return order.build();
  }
}
