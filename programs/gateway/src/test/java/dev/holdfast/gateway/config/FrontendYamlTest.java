package dev.holdfast.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodOptions;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.gateway.frontend.FrontendOptions;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.gateway.schema.DescriptorSetReader;
import dev.holdfast.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrontendYamlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cors: {} | cors.origins: nothing (expected: a list of origins such as https://sho",
        "cors: {origin: [a]} | cors.origin: unknown (expected: origins)",
        "cors: {origins: ['https://a.b/']} | cors.origins[0]: https://a.b/ (expected: scheme://",
        "cors: {origins: ['https://a:443']} | cors.origins[0]: https://a:443 (expected: scheme",
        "cors: {origins: ['*'], credentials: true} | cors.credentials: true beside origin * (exp",
        "cors: {origins: [], methods: [get]} | cors.methods[0]: get (expected: a method in capit",
        "cors: {origins: ['*'], expose: ['a b']} | cors.expose[0]: a b (expected: a header's name",
        "faces: {jsn: true} | faces.jsn: unknown (expected: json)",
        "faces: {json: yes} | faces.json: yes (expected: true or false",
        "json: {compatible: envoi} | json.compatible: envoi (expected: none or grpc-gateway or",
        "json: {print-default: true} | json.print-default: unknown (expected: print-defaults)",
      })
  void aMistakeIsToldWithWhatWasExpected(String text, String problem) {
    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(() -> GatewayYaml.parse("g.yaml", text, ServiceTarget::parse, Optional.empty()))
        .withMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "no.pb | descriptor-sets[0]: no.pb: not there (expected: a file of protoc",
        "text.pb | descriptor-sets[0]: text.pb: no descriptor set (expected: a file of protoc",
        "bare.pb | descriptor-sets: a.proto: imports b.proto (expected: a file of the set; protoc",
        "types.pb | descriptor-sets: no service (expected: at least one)",
      })
  void descriptorsAreReadByTheCheck(String name, String problem, @TempDir Path folder)
      throws Exception {
    FileDescriptorProto bare = FileDescriptorProto.newBuilder().setName("a.proto").build();
    write(folder, "bare.pb", bare.toBuilder().addDependency("b.proto").build());
    write(folder, "types.pb", bare);
    Files.writeString(folder.resolve("text.pb"), "syntax = \"proto3\";");
    String text = "clusters:\n  a:\n    endpoints: ['b:1']\n    descriptor-sets: [" + name + "]";

    assertThatExceptionOfType(YamlException.class)
        .isThrownBy(
            () ->
                GatewayYaml.parse(
                    "g.yaml",
                    text,
                    ServiceTarget::parse,
                    Optional.empty(),
                    TlsFileLocation.of(folder)))
        .withMessageStartingWith("g.yaml:4: clusters.a.descriptor-sets")
        .satisfies(
            e ->
                assertThat(String.valueOf(e.getMessage()).replace(folder + "/", ""))
                    .contains(problem));
  }

  private static void write(Path folder, String name, FileDescriptorProto file) throws IOException {
    FileDescriptorSet set = FileDescriptorSet.newBuilder().addFile(file).build();
    Files.write(folder.resolve(name), set.toByteArray());
  }

  @Test
  void aPresetIsTheDefaultOfTheOtherKeys() {
    assertThat(json("{}").http().plusIsSpace()).isTrue();
    assertThat(json("{}").http().lenient()).isFalse();
    assertThat(json("{}").json().snakeCaseMasks()).isFalse();
    for (String preset : List.of("grpc-gateway", "envoy", "google")) {
      JsonMapping terms = json("{compatible: " + preset + "}");
      assertThat(terms.http().lenient()).isTrue();
      assertThat(terms.json().snakeCaseMasks()).isTrue();
      assertThat(terms.http().plusIsSpace()).isEqualTo(!preset.equals("envoy"));
      assertThat(terms.json().printDefaults()).isEqualTo(preset.equals("grpc-gateway"));
    }
    JsonMapping own =
        json(
            "{compatible: grpc-gateway, print-defaults: false, plus-is-space: false,"
                + " ignore-parameters: [a]}");
    assertThat(own.json().printDefaults()).isFalse();
    assertThat(own.json().ignoreUnknown()).isTrue();
    assertThat(own.http().plusIsSpace()).isFalse();
    assertThat(own.http().ignoredParameters()).containsExactlyInAnyOrder("a", "*");
  }

  @Test
  void onlyGrpcGatewaysWordDecodesSlashesUnlessTheKeySaysSo() {
    assertThat(terms("{}").decodesSlashes()).isFalse();
    assertThat(terms("{compatible: envoy}").decodesSlashes()).isFalse();
    assertThat(terms("{compatible: google}").decodesSlashes()).isFalse();
    assertThat(terms("{compatible: grpc-gateway}").decodesSlashes()).isTrue();
    assertThat(terms("{compatible: grpc-gateway, decode-slashes: false}").decodesSlashes())
        .isFalse();
    assertThat(terms("{decode-slashes: true}").decodesSlashes()).isTrue();
  }

  private static JsonMapping json(String text) {
    return frontends(text).json();
  }

  private static FrontendOptions terms(String text) {
    return frontends(text).options();
  }

  private static FrontendConfig frontends(String text) {
    return GatewayYaml.parse(
            "g.yaml", "json: " + text, ServiceTarget::parse, Optional.empty(), TlsFileLocation.HERE)
        .frontends();
  }

  @Test
  void aBindingThatCanNotBeServedIsNoReasonToRefuseTheFile(@TempDir Path folder) throws Exception {
    write(folder, "duplicates.pb", duplicates());
    String text = "clusters: {a: {endpoints: ['b:1'], descriptor-sets: [duplicates.pb]}}";
    GatewayConfig config =
        GatewayYaml.parse(
            "g.yaml", text, ServiceTarget::parse, Optional.empty(), TlsFileLocation.of(folder));
    assertThat(
            DescriptorSetReader.rejected(
                config.frontends().descriptorSets().getOrDefault("a", List.of())))
        .containsExactly(
            "t.proto: t.S/B: GET /v1: GET /v1: asked for by t.S/A and t.S/B (expected: one"
                + " method)");
  }

  /** Two methods with one path. */
  private static FileDescriptorProto duplicates() {
    MethodOptions get =
        MethodOptions.newBuilder()
            .setExtension(AnnotationsProto.http, HttpRule.newBuilder().setGet("/v1").build())
            .build();
    MethodDescriptorProto method =
        MethodDescriptorProto.newBuilder()
            .setInputType(".t.M")
            .setOutputType(".t.M")
            .setOptions(get)
            .build();
    return FileDescriptorProto.newBuilder()
        .setName("t.proto")
        .setPackage("t")
        .addDependency("google/api/annotations.proto")
        .addMessageType(DescriptorProto.newBuilder().setName("M"))
        .addService(
            ServiceDescriptorProto.newBuilder()
                .setName("S")
                .addMethod(method.toBuilder().setName("A"))
                .addMethod(method.toBuilder().setName("B")))
        .build();
  }
}
