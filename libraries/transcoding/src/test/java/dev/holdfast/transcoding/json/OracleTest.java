package dev.holdfast.transcoding.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.util.JsonFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** The codec and protobuf-java's JsonFormat say the same of the same bytes. */
final class OracleTest {
  private static final TextFormat.Printer TEXT =
      TextFormat.printer()
          .usingTypeRegistry(TypeRegistry.newBuilder().add(Everything.getDescriptor()).build());
  private static final JsonFormat.TypeRegistry TYPES =
      JsonFormat.TypeRegistry.newBuilder().add(Everything.getDescriptor()).build();
  private static final JsonFormat.Printer PRINTER = JsonFormat.printer().usingTypeRegistry(TYPES);
  private static final JsonFormat.Parser PARSER = JsonFormat.parser().usingTypeRegistry(TYPES);
  private static final JsonCodec CODEC =
      JsonCodec.of(SchemaTypes.of(List.of(Everything.getDescriptor().getFile())));
  private static final MessageType TYPE = CODEC.type(Everything.getDescriptor());

  @Property(tries = 400)
  void whatIsPrintedIsReadAsTheSameMessage(@ForAll long seed) throws Exception {
    Everything message = new RandomMessages(seed).everything();
    assertThat(read(print(message.toByteArray()))).isEqualTo(message);
  }

  @Property(tries = 400)
  void whatJsonFormatPrintsIsReadAsTheSameMessage(@ForAll long seed) throws Exception {
    Everything message = new RandomMessages(seed).everything();
    String json = PRINTER.print(message);
    assertThat(Everything.parseFrom(proto(json.getBytes(StandardCharsets.UTF_8))))
        .isEqualTo(message);
  }

  @Property(tries = 100)
  void defaultsAndNumbersOfEnumsAreReadAsTheSameMessage(@ForAll long seed) throws Exception {
    Everything message = new RandomMessages(seed).everything();
    JsonOptions options =
        JsonOptions.DEFAULT.withPrintDefaults(true).withEnumsAsNumbers(true).withProtoNames(true);
    CodecBuffer out = new CodecBuffer();
    byte[] proto = message.toByteArray();
    CODEC.with(options).type(Everything.getDescriptor()).toJson(proto, 0, proto.length, out);
    assertThat(read(text(out))).isEqualTo(message);
  }

  @Property(tries = 300)
  void messagesInPiecesAndOutOfOrderAreMergedAsAParserDoes(@ForAll long seed, @ForAll long other)
      throws Exception {
    byte[] one = new RandomMessages(seed).everything().toByteArray();
    byte[] two = new RandomMessages(other).everything().toByteArray();
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    Everything merged = Everything.parseFrom(both);
    String expected;
    try {
      expected = PRINTER.print(merged);
    } catch (InvalidProtocolBufferException | IllegalArgumentException e) {
      // Two Anys may merge into one whose type and value don't fit, two times into none.
      return;
    }
    try {
      assertThat(read(print(both))).isEqualTo(read(expected));
    } catch (CodecException e) {
      assertThat(merged.hasAny() || merged.hasTime() || merged.hasSpan())
          .as(e.getMessage())
          .isTrue();
    }
  }

  @Property(tries = 1500)
  void jsonWithWrongBytesIsRefusedOrReadAsJsonFormatReadsIt(@ForAll long seed, @ForAll long damage)
      throws Exception {
    String json = PRINTER.omittingInsignificantWhitespace().print(small(seed));
    byte[] wrong = damaged(json.getBytes(StandardCharsets.UTF_8), new Random(damage), true);
    byte[] proto;
    try {
      proto = proto(wrong);
    } catch (CodecException e) {
      assertThat(e.getMessage()).contains("expected");
      return;
    }
    Everything.Builder oracle = Everything.newBuilder();
    try {
      PARSER.merge(new String(wrong, StandardCharsets.UTF_8), oracle);
    } catch (InvalidProtocolBufferException e) {
      // BigDecimal, which JsonFormat asks, has no exponent of more than 32 bits; a zero needs none.
      assertThat(e).hasMessageMatching("Not a (double|float) value: -?0(\\.0*)?[eE][+-]?\\d{10,}");
      return;
    }
    assertThat(comparable(Everything.parseFrom(proto))).isEqualTo(comparable(oracle.build()));
  }

  /** Found by the above: a time with a fraction and without a zone. */
  @Example
  void timeWithoutAZoneIsRefused() throws Exception {
    jsonWithWrongBytesIsRefusedOrReadAsJsonFormatReadsIt(-2319759, 3817506189L);
  }

  @Property(tries = 1500)
  void protobufWithWrongBytesIsRefusedOrPrintedAsItIsParsed(@ForAll long seed, @ForAll long damage)
      throws Exception {
    byte[] wrong = damaged(small(seed).toByteArray(), new Random(damage), false);
    String json;
    try {
      json = print(wrong);
    } catch (CodecException e) {
      assertThat(e.getMessage()).contains("expected");
      return;
    }
    DynamicMessage expected = parsed(wrong);
    if (hasAnyWithUnusualTenthByte(expected)) {
      return;
    }
    String theirs;
    try {
      theirs = PRINTER.print(expected);
    } catch (InvalidProtocolBufferException e) {
      // JsonFormat prints an empty Any only if it has no unknown field.
      assertThat(e).hasMessage("Invalid type url found: ");
      return;
    }
    Everything ours = read(json);
    if (!ours.equals(read(theirs))) {
      assertThat(comparable(ours)).isEqualTo(comparable(read(theirs)));
    }
  }

  /** Found by the above: values that made no sense, with others of the same field behind them. */
  @Example
  void whatIsOverruledIsRefusedAsAParserRefusesIt() throws Exception {
    protobufWithWrongBytesIsRefusedOrPrintedAsItIsParsed(-252502, 85);
    protobufWithWrongBytesIsRefusedOrPrintedAsItIsParsed(476475107, 3286192375L);
    protobufWithWrongBytesIsRefusedOrPrintedAsItIsParsed(8269277359346514923L, 518878143167558753L);
  }

  /**
   * Returns the lines of the message as text, without the differences that are JsonFormat's: it
   * reads -0.0 as 0.0, and a path "Code" of a FieldMask as "code", where protobuf for C++ and for
   * Go read "_code". The text looks into an Any too; maps there are in any order.
   */
  private static List<String> comparable(Everything message) {
    return TEXT.printToString(message)
        .lines()
        .filter(line -> !line.matches(".*: -?0\\.0"))
        .map(line -> line.replace("paths: \"_", "paths: \""))
        .sorted()
        .toList();
  }

  /**
   * Parses as protobuf says. Its quick path for arrays takes bit 63 of every varint of ten bytes as
   * set, whatever the tenth byte says; a buffer of fewer bytes keeps it from there. And a generated
   * class that meets two members of a oneof, then the first again, merges that with what was
   * overruled; a DynamicMessage does not.
   */
  private static DynamicMessage parsed(byte[] proto) throws IOException {
    return DynamicMessage.newBuilder(Everything.getDescriptor())
        .mergeFrom(CodedInputStream.newInstance(new ByteArrayInputStream(proto), 8))
        .build();
  }

  /** Whether the bytes of an Any, which JsonFormat reads on its own, are read wrong by it. */
  private static boolean hasAnyWithUnusualTenthByte(DynamicMessage message) {
    FieldDescriptor any = Everything.getDescriptor().findFieldByName("any");
    int more = 0;
    for (byte here : ((Message) message.getField(any)).toByteString()) {
      if (here >= 0 && more >= 9 && here != 1) {
        return true;
      }
      more = here < 0 ? more + 1 : 0;
    }
    return false;
  }

  private static Everything small(long seed) {
    return new RandomMessages(seed).everything();
  }

  private static byte[] damaged(byte[] bytes, Random random, boolean json) {
    byte[] wrong = bytes.clone();
    byte[] likely = "\"\\{}[],:0-9.eEtfn1u ".getBytes(StandardCharsets.US_ASCII);
    for (int i = 1 + random.nextInt(2); i > 0 && wrong.length > 0; i--) {
      int at = random.nextInt(wrong.length);
      switch (random.nextInt(3)) {
        case 0 ->
            wrong[at] = json ? likely[random.nextInt(likely.length)] : (byte) random.nextInt(256);
        case 1 -> wrong = Arrays.copyOf(wrong, at);
        default -> System.arraycopy(wrong, at, wrong, 0, wrong.length - at);
      }
    }
    return wrong;
  }

  private static byte[] proto(byte[] json) throws CodecException {
    CodecBuffer out = new CodecBuffer();
    TYPE.toProto(json, 0, json.length, out);
    return out.toByteArray();
  }

  private static String print(byte[] proto) throws CodecException {
    CodecBuffer out = new CodecBuffer();
    TYPE.toJson(proto, 0, proto.length, out);
    return text(out);
  }

  private static String text(CodecBuffer out) {
    return new String(out.array(), 0, out.size(), StandardCharsets.UTF_8);
  }

  private static Everything read(String json) throws InvalidProtocolBufferException {
    Everything.Builder builder = Everything.newBuilder();
    PARSER.merge(json, builder);
    return builder.build();
  }
}
