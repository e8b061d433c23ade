package dev.holdfast.transcoding.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.openapi.OpenApiDocument;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever the codec prints is what the schemas of OpenAPI documents say it is. */
class JsonSchemaOracleTest {
  private static final String TYPE = "holdfast.transcoding.json.Everything";

  @Test
  void whatIsPrintedIsAsTheDocumentSays() throws Exception {
    requirePrintedAsDescribed(JsonOptions.DEFAULT);
    requirePrintedAsDescribed(
        JsonOptions.DEFAULT.withEnumsAsNumbers(true).withPrintDefaults(true).withProtoNames(true));
  }

  private static void requirePrintedAsDescribed(JsonOptions options) throws Exception {
    ServiceCatalog catalog =
        ServiceCatalog.of(List.of(Everything.getDescriptor().getFile().toProto(), service()));
    JsonCodec codec = JsonCodec.of(SchemaTypes.of(catalog.typeFiles())).with(options);
    HttpTranscoder transcoder =
        HttpTranscoder.of(catalog, dev.holdfast.transcoding.http.TranscodingOptions.DEFAULT, codec);
    JsonSchema schema = schema(transcoder);
    MessageType type = codec.type(catalog.message(TYPE).orElseThrow());
    for (int seed = 0; seed < 300; seed++) {
      byte[] proto = new RandomMessages(seed).everything().toByteArray();
      CodecBuffer json = new CodecBuffer();
      type.toJson(proto, 0, proto.length, json);
      String text = new String(json.array(), 0, json.size(), StandardCharsets.UTF_8);
      assertThat(schema.validate(text, InputFormat.JSON)).as(seed + ": " + text).isEmpty();
    }
    String one = options.protoNames() ? "\"f_int64\"" : "\"fInt64\"";
    assertThat(schema.validate("{" + one + ": 7}", InputFormat.JSON)).isNotEmpty();
  }

  /** Of the message, with the document's components beside it. */
  private static JsonSchema schema(HttpTranscoder transcoder) throws IOException {
    byte[] document = OpenApiDocument.of(transcoder, OpenApiInfo.of("t", "1")).json();
    ObjectNode root = (ObjectNode) new ObjectMapper().readTree(document);
    root.retain("components");
    root.put("$ref", "#/components/schemas/" + TYPE);
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(root);
  }

  private static FileDescriptorProto service() {
    FileDescriptorProto.Builder file =
        FileDescriptorProto.newBuilder()
            .setName("oracle.proto")
            .setPackage("oracle.v1")
            .setSyntax("proto3")
            .addDependency(Everything.getDescriptor().getFile().getName());
    file.addServiceBuilder()
        .setName("Oracle")
        .addMethodBuilder()
        .setName("Ask")
        .setInputType("." + TYPE)
        .setOutputType("." + TYPE);
    return file.build();
  }
}
