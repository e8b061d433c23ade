package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.TextFormat;
import dev.holdfast.core.testkit.LogLines;
import dev.holdfast.gateway.admin.AdminServer;
import dev.holdfast.gateway.admin.ConfigStatus;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.schema.ReflectedSchema;
import dev.holdfast.gateway.schema.SchemaSource;
import dev.holdfast.gateway.schema.ServiceSchema;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A binding that does not fit its method costs itself, not the JSON and Connect of its cluster. */
class RejectedBindingsTest {
  private static final String LOGGER = "dev.holdfast.gateway.schema.SchemaRejectionLog";

  /** What stands at Collect, and what is said of it. */
  private static final Map<String, String> RULES =
      Map.of(
          "post: '/v1/a' body: 'payload.input_value'", "body: payload.input_value (expected:",
          "get: '/v1/{name}/{name}'", "variable name again (expected: each variable once)",
          "get: '/v1/{name}:custom:custom'", "':' (expected: a literal",
          "get: '/v1/{missing}'", "variable missing: missing (expected: a field of",
          "get: '/v1/hello/{name}'", "asked for by test.greet.Greeter/Collect and test.greet");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void theOthersAreServedAndEachIsWarnedOf(boolean reflected) throws Exception {
    for (Map.Entry<String, String> rule : RULES.entrySet()) {
      try (LogLines lines = new LogLines(Class.forName(LOGGER));
          FileRig file = rig(greet(rule.getKey()), reflected)) {
        assertServed(file, !rule.getKey().contains("/v1/hello"));
        assertThat(lines.all())
            .singleElement()
            .asString()
            .startsWith("WARN event=binding_rejected cluster=greet others=served file=\"")
            .contains("method=\"test.greet.Greeter/")
            .contains(rule.getValue());
      }
    }
  }

  @Test
  void theRootIsServed() throws Exception {
    try (FileRig file = rig(greet("get: '/'"), false)) {
      assertServed(file, true);
      assertThat(file.get("/?name=a&count=1").body()).contains("hello a");
    }
  }

  @Test
  void aBindingOfOptionsIsReached() throws Exception {
    String rule = "custom { kind: 'OPTIONS' path: '/v1/options/{name}' }";
    try (FileRig file = rig(greet(rule, "SayMany"), false)) {
      assertThat(file.send("OPTIONS", "/v1/options/a?count=1", "").body()).contains("hello a");
      assertThat(file.send("GET", "/v1/options/a", "").statusCode()).isEqualTo(405);
      assertThat(file.send("OPTIONS", "/v1/hello", "").statusCode()).isEqualTo(204);
      assertThat(file.send("OPTIONS", "/v1/nothing", "").statusCode()).isEqualTo(404);
    }
  }

  /** A server that lacks a file which another one of its files imports. */
  @Test
  void aFileThatCanNotBeLinkedCostsItsServicesOnly() throws Exception {
    FileDescriptorProto lacking =
        FileDescriptorProto.newBuilder()
            .setName("lacking.proto")
            .setPackage("test.lacking")
            .addDependency("nowhere.proto")
            .addMessageType(
                DescriptorProto.newBuilder()
                    .setName("M")
                    .addField(
                        FieldDescriptorProto.newBuilder()
                            .setName("x")
                            .setNumber(1)
                            .setType(FieldDescriptorProto.Type.TYPE_MESSAGE)
                            .setTypeName(".nowhere.X")))
            .build();
    try (LogLines lines = new LogLines(Class.forName(LOGGER));
        FileRig file = rig(List.of(greet("get: '/v1/x'"), lacking), true)) {
      assertServed(file, true);
      assertThat(lines.all())
          .singleElement()
          .asString()
          .startsWith("WARN event=schema_file_rejected cluster=greet others=served")
          .contains("lacking.proto: imports nowhere.proto, which can't be had");
    }
  }

  @Test
  void theAdminPageListsWhatIsNotServed() throws Exception {
    try (GatewayRig rig = new GatewayRig()) {
      Gateway gateway = rig.gateway(rig.serve(new Greetings()));
      AdminServer admin =
          rig.closing(
              AdminServer.open(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  Optional.empty(),
                  new AdminServer.AdminTarget(
                      gateway,
                      new ConfigStatus("", "", GatewayConfig.EMPTY),
                      rig.meters,
                      () -> {},
                      cluster -> List.of("a.proto: a.A/B: GET /x: \"why\""))));
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + admin.address().getPort() + "/api/state"))
              .build();
      assertThat(HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body())
          .contains("\"rejected\":[{\"what\":\"a.proto: a.A/B: GET /x: \\\"why\\\"\"}]")
          .contains("\"moreRejected\":0");
    }
  }

  private static void assertServed(FileRig file, boolean annotated) throws Exception {
    String[] json = {"content-type", "application/json"};
    String[] connect = {"content-type", "application/json", "connect-protocol-version", "1"};
    await()
        .atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS))
        .until(() -> file.post("/v1/hello", "{\"name\":\"a\"}", json).statusCode() != 503);
    assertThat(file.post("/v1/hello", "{\"name\":\"a\"}", json).body()).contains("hello a");
    if (annotated) {
      assertThat(file.get("/v1/hello/b").body()).contains("hello b");
    }
    for (String[] headers : List.of(json, connect)) {
      assertThat(file.post("/test.greet.Greeter/SayHello", "{\"name\":\"c\"}", headers).body())
          .contains("hello c");
    }
  }

  private static FileDescriptorProto greet(String rule) throws TextFormat.ParseException {
    return greet(rule, rule.equals("get: '/'") ? "SayMany" : "Collect");
  }

  private static FileDescriptorProto greet(String rule, String method)
      throws TextFormat.ParseException {
    FileDescriptorProto.Builder file = GreetProto.getDescriptor().toProto().toBuilder();
    file.getServiceBuilder(0).getMethodBuilderList().stream()
        .filter(each -> each.getName().equals(method))
        .findFirst()
        .orElseThrow()
        .getOptionsBuilder()
        .setExtension(AnnotationsProto.http, TextFormat.parse(rule, HttpRule.class));
    return file.build();
  }

  private FileRig rig(FileDescriptorProto greet, boolean reflected) throws IOException {
    return rig(List.of(greet), reflected);
  }

  private FileRig rig(List<FileDescriptorProto> files, boolean reflected) throws IOException {
    SchemaSource asker =
        (cluster, endpoint) ->
            CompletableFuture.completedFuture(
                ServiceSchema.of(
                    new ReflectedSchema(
                        List.of("test.greet.Greeter"),
                        files.stream().map(FileDescriptorProto::toByteString).toList(),
                        List.of())));
    String sets = "";
    if (!reflected) {
      byte[] set = FileDescriptorSet.newBuilder().addAllFile(files).build().toByteArray();
      Files.write(folder.resolve("greet.pb"), set);
      sets = ", descriptor-sets: [greet.pb]";
    }
    return new FileRig(folder, asker, "clusters: {greet: {endpoints: [ENDPOINT]" + sets + "}}\n");
  }
}
