package dev.holdfast.transcoding.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ExtensionRegistry;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What is read and what is refused, case by case. */
final class JsonTablesTest {
  private static final JsonCodec CODEC =
      JsonCodec.of(
          SchemaTypes.of(
              List.of(Everything.getDescriptor().getFile(), Older.getDescriptor().getFile())));
  private static final MessageType TYPE = CODEC.type(Everything.getDescriptor());
  private static final MessageType OLDER = CODEC.type(Older.getDescriptor());
  private static final JsonFormat.Parser PARSER =
      JsonFormat.parser()
          .usingTypeRegistry(
              JsonFormat.TypeRegistry.newBuilder().add(Everything.getDescriptor()).build());

  /** JSON, and what JsonFormat and we make of it; ' stands for ". */
  @SuppressWarnings("UnusedVariable") // JUnit finds it by its name.
  private static final List<String> READ =
      List.of(
          "{}",
          " {\n\t\r } ",
          "{'fInt32':1}",
          "{'f_int32':1}",
          "{'fInt32':-2147483648,'fInt64':-9223372036854775808}",
          "{'fInt32':2147483647,'fInt64':'9223372036854775807'}",
          "{'fUint32':4294967295,'fUint64':18446744073709551615}",
          "{'fFixed32':4294967295,'fFixed64':'18446744073709551615'}",
          "{'fSfixed32':-1,'fSfixed64':'-1','fSint32':-2147483648,'fSint64':'-9223372036854775808'}",
          "{'fInt32':1.0,'fInt64':1e3,'fUint64':1.5e1,'fUint32':10E-1}",
          "{'fInt32':'12','fUint32':'1e2'}",
          "{'fInt32':-0,'fInt64':'-0'}",
          "{'fInt64':1e18,'fUint64':18446744073709551615.0}",
          "{'f\\u0049nt32':3}",
          "{'fBool':true,'flags':[true,false]}",
          "{'fDouble':1,'fFloat':1.5}",
          "{'fDouble':'NaN','fFloat':'Infinity','wDouble':'-Infinity'}",
          "{'fDouble':1.7976931348623157e308,'fFloat':3.4028235e38}",
          "{'fDouble':5e-324,'fFloat':1e-45}",
          "{'fDouble':1e-400,'doubles':[0.1,123456789012345678,1e22,1e23,4.35,12345678.9]}",
          "{'fFloat':16777217,'fDouble':9007199254740993}",
          "{'fDouble':'1.5','fFloat':'-2e1'}",
          "{'fString':''}",
          "{'fString':'a\\u00e9\\ud83d\\ude00\\n\\\\\\/\\'\\b\\f\\r\\t'}",
          "{'fString':'é😀 and more than eight bytes of it'}",
          "{'fString':'\\u0000'}",
          "{'fBytes':'AQI='}",
          "{'fBytes':'AQI'}",
          "{'fBytes':'-_8'}",
          "{'fBytes':'+/8='}",
          "{'fBytes':''}",
          "{'fColor':'RED','colors':['BLUE',1,-3,77,'DEBT']}",
          "{'fColor':1.0}",
          "{'nested':{},'many':[{},{'number':1}]}",
          "{'nested':{'inside':{'nested':{'number':5}}}}",
          "{'maybeNumber':0,'maybeText':''}",
          "{'numbers':[],'byText':{}}",
          "{'numbers':[1,2,3],'longNumbers':['-1',2]}",
          "{'byText':{'a':'b','':''},'byNumber':{'-1':{},'2':{'number':3}}}",
          "{'byFlag':{'true':1,'false':'NaN'},'byLong':{'18446744073709551615':'RED'}}",
          "{'choiceNumber':0}",
          "{'choiceNull':null}",
          "{'choiceNumber':null,'choiceText':'x'}",
          "{'fInt32':null,'nested':null,'numbers':null,'byText':null,'wInt64':null,'time':null}",
          "{'value':null,'values':[null,1,'x',true,[],{}],'struct':{'a':null,'b':[1,{'c':2}]}}",
          "{'list':[1,[2,[3]]],'value':{'a':1e3}}",
          "{'time':'1970-01-01T00:00:00Z'}",
          "{'time':'0001-01-01T00:00:00Z','times':['9999-12-31T23:59:59.999999999Z']}",
          "{'time':'2024-02-29T23:59:59.5+01:30','times':['2000-01-01T00:00:00-23:59']}",
          "{'span':'1s'}",
          "{'span':'-0.5s'}",
          "{'span':'315576000000s'}",
          "{'span':'0.000000001s'}",
          "{'mask':'a,bC.dE'}",
          "{'mask':''}",
          "{'wInt64':'1','wBool':false,'wString':'','wBytes':'AA==','wUint32':0,'wNumbers':[0,'1']}",
          "{'any':{}}",
          "{'any':{'@type':'type.googleapis.com/google.protobuf.Duration','value':'1.5s'}}",
          "{'any':{'value':{'a':1},'@type':'type.googleapis.com/google.protobuf.Struct'}}",
          "{'any':{'fInt32':1,'@type':'x/holdfast.transcoding.json.Everything','fString':'s'}}",
          "{'empty':{}}",
          "{'another':'x','farAway':1}",
          "{'own_name':'x','far_away':1}");

  /** JSON | what its refusal says; ' stands for ". */
  @SuppressWarnings("UnusedVariable") // JUnit finds it by its name.
  private static final List<String> REFUSED =
      List.of(
          " | the end of the input",
          "null | '{'",
          "[] | '{'",
          "{ | a field's name",
          "{} x | the end of the input",
          "{}{} | the end of the input",
          "{'fInt32':1,} | a field's name",
          "{,} | a field's name",
          "{'fInt32' 1} | ':'",
          "{fInt32:1} | a field's name",
          "{'fInt32':1 'fInt64':1} | ',' or '}'",
          "{'fInt32':01} | int32",
          "{'fInt32':+1} | JSON value",
          "{'fInt32':1.} | JSON value",
          "{'fInt32':.5} | JSON value",
          "{'fInt32':1e} | JSON value",
          "{'fInt32':-} | JSON value",
          "{'fInt32':0x1} | ',' or '}'",
          "{'fInt32':1.5} | int32: -2147483648 to 2147483647",
          "{'fInt32':2147483648} | int32",
          "{'fInt32':-2147483649} | int32",
          "{'fInt32':' 1'} | int32",
          "{'fInt32':'1 '} | int32",
          "{'fInt32':''} | int32",
          "{'fInt32':'01'} | int32",
          "{'fInt32':true} | int32",
          "{'fInt32':1e999999999} | int32",
          "{'fInt32':1e99999999999} | int32",
          "{'fUint32':-1} | uint32: 0 to 4294967295",
          "{'fUint64':18446744073709551616} | uint64: 0 to 18446744073709551615",
          "{'fInt64':9223372036854775808} | int64",
          "{'fBool':1} | true or false",
          "{'fBool':'true'} | true or false",
          "{'fBool':tru} | a JSON value",
          "{'fBool':True} | true or false",
          "{'fDouble':1e309} | range of double",
          "{'fFloat':3.5e38} | range of float",
          "{'fDouble':NaN} | double",
          "{'fDouble':'nan'} | double",
          "{'fDouble':'1d'} | double",
          "{'fDouble':'0x1p3'} | double",
          "{'fString':1} | a string",
          "{'fString':'a | '\"'",
          "{'fString':'\\x'} | JSON has not",
          "{'fString':'\\u12g4'} | hexadecimal",
          "{'fString':'\\ud83d'} | surrogate",
          "{'fString':'\\ude00\\ud83d'} | surrogate",
          "{'fString':'\\ud83d\\u0041'} | surrogate",
          "{'fBytes':'A'} | base64",
          "{'fBytes':'AQI=='} | base64",
          "{'fBytes':'A*I='} | base64",
          "{'fBytes':'+_8='} | base64",
          "{'fBytes':12} | base64",
          "{'fColor':'PINK'} | a name or number of",
          "{'fColor':1.5} | a name or number of",
          "{'fColor':true} | a name or number of",
          "{'nested':1} | '{'",
          "{'nested':[]} | '{'",
          "{'numbers':1} | '['",
          "{'numbers':[1,]} | int32",
          "{'numbers':[1 2]} | ',' or ']'",
          "{'numbers':[null]} | int32",
          "{'texts':[null]} | a string",
          "{'many':[null]} | '{'",
          "{'byText':[]} | '{'",
          "{'byText':{'a':null}} | a string",
          "{'byText':{'a':'1','a':'2'}} | each key once",
          "{'byNumber':{'x':{}}} | int32",
          "{'byFlag':{'True':1}} | true or false",
          "{'byNumber':{1:{}}} | a key in quotes",
          "{'choiceNumber':1,'choiceText':'x'} | one of them",
          "{'fInt32':1,'fInt32':1} | each field once",
          "{'fInt32':1,'f_int32':1} | each field once",
          "{'nope':1} | a field of holdfast.transcoding.json.Everything",
          "{'time':'2024-02-30T00:00:00Z'} | 2026-01-31T23:59:59.5Z",
          "{'time':'0000-01-01T00:00:00Z'} | years",
          "{'time':'0001-01-01T00:00:00+01:00'} | years",
          "{'time':'2024-01-01T00:00:00'} | years",
          "{'time':'2024-01-01t00:00:00z'} | years",
          "{'time':'2024-01-01T24:00:00Z'} | years",
          "{'time':'2024-01-01T00:00:60Z'} | years",
          "{'time':'2024-01-01T00:00:00.1234567890Z'} | years",
          "{'time':1} | years",
          "{'span':'1'} | 1.5s",
          "{'span':'1.s'} | 1.5s",
          "{'span':'.5s'} | 1.5s",
          "{'span':'315576000001s'} | 1.5s",
          "{'span':'--1s'} | 1.5s",
          "{'mask':'a_b'} | paths",
          "{'wInt64':{}} | int64",
          "{'wNumbers':[null]} | int32",
          "{'any':{'value':1}} | @type",
          "{'any':{'@type':'x/no.Such'}} | the URL of a known type",
          "{'any':{'@type':'google.protobuf.Duration','value':'1s'}} | the URL of a known type",
          "{'any':{'@type':'x/google.protobuf.Duration','value':'1s','other':1}} | @type or value",
          "{'any':{'@type':1}} | the URL of a type",
          "{'struct':{'a':1,'a':2}} | each key once",
          "{'struct':[]} | '{'",
          "{'list':{}} | '['",
          "{'value':1e309} | range of double",
          "{'empty':{'a':1}} | a field of google.protobuf.Empty");

  @ParameterizedTest
  @FieldSource("READ")
  void isReadAsJsonFormatReadsIt(String json) throws Exception {
    String text = json.replace('\'', '"');
    Everything.Builder expected = Everything.newBuilder();
    PARSER.merge(text, expected);
    assertThat(Everything.parseFrom(proto(TYPE, text))).isEqualTo(expected.build());
  }

  @ParameterizedTest
  @FieldSource("REFUSED")
  void isRefusedAndSaysWhatWasExpected(String row) {
    int bar = row.lastIndexOf(" | ");
    String text = row.substring(0, bar).replace('\'', '"');
    String expected = row.substring(bar + 3);
    assertThatThrownBy(() -> proto(TYPE, text))
        .isInstanceOf(CodecException.class)
        .hasMessageContaining("expected")
        .hasMessageContaining(expected);
  }

  @Test
  void errorsNameTheFieldTheValueAndTheByte() {
    assertThatThrownBy(() -> proto(TYPE, "{\"many\":[{},{\"inside\":{\"fInt32\":\"x\"}}]}"))
        .hasMessage(
            "many[1].inside.f_int32: \"x\" (expected: int32: -2147483648 to 2147483647),"
                + " at byte 32");
    assertThatThrownBy(() -> proto(TYPE, "{\"byNumber\":{\"7\":{\"number\":true}}}"))
        .hasMessageStartingWith("by_number[7].number: true (expected: int32");
  }

  @Test
  void invalidUtf8IsRefusedInBothDirections() {
    for (byte[] wrong :
        List.of(
            new byte[] {(byte) 0xc0, (byte) 0x80},
            new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
            new byte[] {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
            new byte[] {(byte) 0xe2, (byte) 0x82},
            new byte[] {(byte) 0x80})) {
      String text = "{\"fString\":\"" + new String(wrong, StandardCharsets.ISO_8859_1) + "\"}";
      byte[] json = text.getBytes(StandardCharsets.ISO_8859_1);
      assertThatThrownBy(() -> TYPE.toProto(json, 0, json.length, new CodecBuffer()))
          .hasMessageContaining("UTF-8");
      byte[] proto = new byte[2 + wrong.length];
      proto[0] = 9 << 3 | 2;
      proto[1] = (byte) wrong.length;
      System.arraycopy(wrong, 0, proto, 2, wrong.length);
      assertThatThrownBy(() -> TYPE.toJson(proto, 0, proto.length, new CodecBuffer()))
          .hasMessageContaining("UTF-8");
    }
  }

  @Test
  void depthIsBoundedForKnownUnknownAndFreeValues() throws Exception {
    JsonCodec lenient = CODEC.with(JsonOptions.DEFAULT.withIgnoreUnknown(true));
    MessageType type = lenient.type(Everything.getDescriptor());
    String deep = "[".repeat(10_000) + "]".repeat(10_000);
    for (String name : List.of("value", "list", "nope")) {
      assertThatThrownBy(() -> proto(type, "{\"" + name + "\":" + deep + "}"))
          .hasMessageContaining("depth <= 100");
    }
    String open = "{\"nested\":{\"inside\":";
    String sound = open.repeat(49) + "{}" + "}}".repeat(49);
    assertThat(proto(type, sound)).isNotEmpty();
    assertThatThrownBy(() -> proto(type, open.repeat(50) + "{}" + "}}".repeat(50)))
        .hasMessageContaining("depth <= 100");
  }

  @Test
  void unknownFieldsAndNamesOfEnumsAreIgnoredIfAsked() throws Exception {
    MessageType type =
        CODEC.with(JsonOptions.DEFAULT.withIgnoreUnknown(true)).type(Everything.getDescriptor());
    String json =
        "{\"nope\":[1,{\"a\":null}],\"fColor\":\"PINK\",\"colors\":[\"PINK\",\"RED\"],"
            + "\"byLong\":{\"1\":\"PINK\",\"2\":\"BLUE\"},\"fInt32\":4}";
    assertThat(Everything.parseFrom(proto(type, json)))
        .isEqualTo(
            Everything.newBuilder()
                .setFInt32(4)
                .addColors(Everything.Color.RED)
                .putByLong(2, Everything.Color.BLUE)
                .build());
    assertThatThrownBy(() -> proto(type, "{\"nope\":[1,}")).isInstanceOf(CodecException.class);
  }

  @Test
  void olderMessagesKeepRequiredFieldsClosedEnumsAndExtensions() throws Exception {
    String json =
        "{\"must\":1,\"mood\":\"ANGRY\",\"part\":{\"text\":\"x\",\"older\":{\"must\":2}},"
            + "\"[holdfast.transcoding.json.extra_number]\":5,"
            + "\"[holdfast.transcoding.json.extra_older]\":[{\"must\":3}]}";
    byte[] proto = proto(OLDER, json);
    ExtensionRegistry extensions = ExtensionRegistry.newInstance();
    OlderOuter.registerAllExtensions(extensions);
    Older read = Older.parseFrom(proto, extensions);
    assertThat(read.getExtension(OlderOuter.extraNumber)).isEqualTo(5);
    assertThat(read.getPart().getOlder().getMust()).isEqualTo(2);
    assertThat(json(OLDER, proto)).isEqualTo(json);
    assertThatThrownBy(() -> proto(OLDER, "{}")).hasMessageContaining("required");
    assertThatThrownBy(() -> proto(OLDER, "{\"must\":1,\"mood\":9}")).hasMessageContaining("Mood");
    assertThatThrownBy(() -> json(OLDER, new byte[0])).hasMessageContaining("required");
    // 9 is no Mood: as protobuf-java has it, it is unknown and not there.
    byte[] moods = {1 << 3, 1, 3 << 3, 1, 3 << 3, 9, 4 << 3, 9, 4 << 3, 1};
    assertThat(json(OLDER, moods))
        .isEqualTo("{\"must\":1,\"mood\":\"ANGRY\",\"moods\":[\"ANGRY\"]}");
  }

  @Test
  void inputAndOutputAreBounded() {
    MessageType small =
        CODEC.with(JsonOptions.DEFAULT.withMaxInputBytes(10)).type(Everything.getDescriptor());
    assertThatThrownBy(() -> proto(small, "{         }"))
        .hasMessage("message: 11 bytes (expected: at most 10)");
    CodecBuffer narrow = new CodecBuffer(0, 16);
    byte[] json = ("{\"fString\":\"" + "x".repeat(100) + "\"}").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> TYPE.toProto(json, 0, json.length, narrow))
        .hasMessageContaining("16 bytes");
    assertThat(narrow.size()).isZero();
  }

  private static byte[] proto(MessageType type, String json) throws CodecException {
    CodecBuffer out = new CodecBuffer();
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    type.toProto(bytes, 0, bytes.length, out);
    return out.toByteArray();
  }

  private static String json(MessageType type, byte[] proto) throws CodecException {
    CodecBuffer out = new CodecBuffer();
    type.toJson(proto, 0, proto.length, out);
    return new String(out.array(), 0, out.size(), StandardCharsets.UTF_8);
  }
}
