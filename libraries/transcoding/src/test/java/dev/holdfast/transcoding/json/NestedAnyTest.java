package dev.holdfast.transcoding.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Anys within Anys, whose types come first, last or in between. */
class NestedAnyTest {
  private static final JsonCodec CODEC =
      JsonCodec.of(SchemaTypes.of(List.of(Everything.getDescriptor().getFile())));
  private static final MessageType TYPE = CODEC.type(Everything.getDescriptor());
  private static final JsonFormat.TypeRegistry REGISTRY =
      JsonFormat.TypeRegistry.newBuilder().add(Everything.getDescriptor()).build();

  private static final String OWN = "'@type':'x/holdfast.transcoding.json.Everything'";
  private static final String ANY = "'@type':'x/google.protobuf.Any'";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'any':{'any':{'fInt32':1,%1$s},%1$s}}",
        "{'any':{'fInt32':2,'any':{%1$s,'fInt32':1},%1$s}}",
        "{'any':{'any':{'any':{},%1$s},'fString':'@type',%1$s}}",
        "{'any':{'value':{'value':{'fInt32':3,%1$s},%2$s},%2$s}}",
        "{'any':{'value':{'value':'1s','@type':'x/google.protobuf.Duration'},%2$s}}",
        "{'any':{'struct':{'@type':{'a':1},'b':{'@type':'c'}},'any':{'fInt32':1,%1$s},%1$s}}",
        "{'any':{'nested':{'number':1},'many':[{},{'number':2}],'any':{'fInt32':1,%1$s},%1$s}}",
        "{'any':{'fInt32':1,'\\u0040type':'x/holdfast.transcoding.json.Everything'}}",
        "{'any':{'any':{'any':{'fInt32':1, %1$s },%1$s},'wInt64':'5',%1$s},'fInt32':7}"
      })
  void readsThemAsJsonFormatDoes(String shape) throws Exception {
    String json = shape.formatted(OWN, ANY).replace('\'', '"');
    Everything.Builder expected = Everything.newBuilder();
    JsonFormat.parser().usingTypeRegistry(REGISTRY).merge(json, expected);
    assertThat(unpacked(read(json).toByteArray())).isEqualTo(unpacked(expected.build()));
  }

  /** The work is what it is by size, not by size times depth. */
  @Test
  void whatIsLookedAtTwiceDoesNotGrowWithTheDepth() throws CodecException {
    String filler = "'fString':'" + "x".repeat(1 << 20) + "',";
    int depth = JsonCodec.MAX_DEPTH - 2;
    StringBuilder json = new StringBuilder("{");
    json.append("'any':{".repeat(depth)).append(filler);
    json.append(OWN).append("}").append(("," + OWN + "}").repeat(depth - 1)).append("}");
    byte[] bytes = json.toString().replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader(CODEC, bytes, 0, bytes.length, new CodecBuffer());
    reader.message(TYPE);
    assertThat(reader.lookedAhead()).isPositive().isLessThanOrEqualTo(bytes.length);
  }

  @Test
  void aTypeThatComesFirstIsFoundAtOnce() throws CodecException {
    String json =
        "{'any':{" + OWN + ",'any':{" + OWN + ",'fString':'" + "x".repeat(10_000) + "'}}}";
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    JsonReader reader = new JsonReader(CODEC, bytes, 0, bytes.length, new CodecBuffer());
    reader.message(TYPE);
    assertThat(reader.lookedAhead()).isLessThan(200);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'any':{'any':{'fInt32':1},%1$s}} | an Any without @type",
        "{'any':{'any':{'fInt32':1,'@type':5},%1$s}} | the URL of a type",
        "{'any':{'any':{'fInt32':1,'@type':'none'},%1$s}} | the URL of a known type",
        "{'any':{'any':{'fInt32':x,%1$s},%1$s}} | a JSON value",
        "{'any':{'any':[],%1$s}} | '{'"
      })
  void refusesTheSameAsBefore(String shape, String problem) {
    String json = shape.formatted(OWN).replace('\'', '"');
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining(problem);
  }

  private static CodecBuffer read(String json) throws CodecException {
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    CodecBuffer out = new CodecBuffer();
    TYPE.toProto(bytes, 0, bytes.length, out);
    return out;
  }

  /** Field by field, for bytes within an Any have no order that all agree on. */
  private static String unpacked(byte[] bytes) throws InvalidProtocolBufferException {
    return unpacked(Everything.parseFrom(bytes));
  }

  private static String unpacked(Everything message) throws InvalidProtocolBufferException {
    String own = message.toBuilder().clearAny().build().toString();
    return message.hasAny() ? own + unpacked(message.getAny()) : own;
  }

  private static String unpacked(Any any) throws InvalidProtocolBufferException {
    if (any.is(Everything.class)) {
      return any.getTypeUrl() + unpacked(any.unpack(Everything.class));
    }
    return any.is(Any.class) ? any.getTypeUrl() + unpacked(any.unpack(Any.class)) : any.toString();
  }
}
