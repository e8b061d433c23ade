package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import dev.holdfast.gateway.greet.GreetProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Services without reflection are served as JSON by a file of their descriptors. */
class DescriptorSetsTest {
  private static final String CLUSTER =
      "clusters: {greet: {endpoints: [ENDPOINT], descriptor-sets: [greet.pb]}}\n";
  private static final ConditionFactory SOON =
      await().atMost(Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS));

  @TempDir private Path folder;
  private final AtomicInteger asked = new AtomicInteger();

  @Test
  void theFileCountsInsteadOfReflectionAndTheLastGoodOneWhenItBreaks() throws Exception {
    FileDescriptorProto greet = GreetProto.getDescriptor().toProto();
    put(set(greet));
    try (FileRig file = rig(CLUSTER)) {
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(200);
      assertThat(asked).hasValue(0);

      put("no descriptors".getBytes(StandardCharsets.UTF_8));
      SOON.until(() -> changes(file, "refused") == 1);
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(200);
      Files.delete(folder.resolve("greet.pb"));
      SOON.until(() -> changes(file, "refused") == 2);
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(200);

      FileDescriptorProto.Builder fewer = greet.toBuilder();
      fewer.getServiceBuilder(0).getMethodBuilder(0).clearOptions();
      put(set(fewer.build()));
      SOON.until(() -> changes(file, "used") == 1);
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(404);
      assertThat(
              file.post("/test.greet.Greeter/SayHello", "{}", "content-type", "application/json")
                  .statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void whatJsonLooksLikeCountsForFilesTooAndWithoutThemServersAreAsked() throws Exception {
    put(set(GreetProto.getDescriptor().toProto()));
    try (FileRig file = rig(CLUSTER)) {
      assertThat(file.get("/v1/hello/x?utm=1").statusCode()).isEqualTo(400);
      // A client without permission does not learn what only the file knows.
      String[] json = {"content-type", "application/json"};
      assertThat(file.post("/test.greet.Greeter/SayHello", "{\"nam\":1}", json).body())
          .contains("(expected: a field of test.greet.HelloRequest)");
      assertThat(file.get("/v1/hello/x:many?coun=1").body())
          .contains("(expected: one of its fields)");
      assertThat(file.post("/test.greet.Greeter/SayHell", "{}", json).body())
          .doesNotContain("did you mean");
      file.use(CLUSTER + "json: {ignore-parameters: [utm]}\n");
      assertThat(file.get("/v1/hello/x?utm=1").statusCode()).isEqualTo(200);

      file.use("clusters: {greet: {endpoints: [ENDPOINT]}}\n");
      SOON.until(() -> asked.get() > 0);
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(404);
      file.use(CLUSTER);
      assertThat(file.get("/v1/hello/x").statusCode()).isEqualTo(200);
    }
  }

  private FileRig rig(String text) throws IOException {
    return new FileRig(
        folder,
        (cluster, endpoint) -> {
          asked.incrementAndGet();
          return CompletableFuture.failedFuture(new IOException("no reflection"));
        },
        text);
  }

  private static double changes(FileRig file, String result) {
    var counter =
        file.rig.meters.find("holdfast.gateway.schema.files").tag("result", result).counter();
    return counter == null ? 0 : counter.count();
  }

  private static byte[] set(FileDescriptorProto file) {
    return FileDescriptorSet.newBuilder().addFile(file).build().toByteArray();
  }

  private void put(byte[] bytes) throws IOException {
    Path aside = Files.write(folder.resolve("aside"), bytes);
    Files.move(
        aside,
        folder.resolve("greet.pb"),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }
}
