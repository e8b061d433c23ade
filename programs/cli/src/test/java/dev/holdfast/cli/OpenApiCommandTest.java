package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.examples.v1.OrdersOuterClass;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenApiCommandTest {
  private static final String GET = "\"/holdfast.examples.v1.Orders/Get\":{\"post\":";

  @TempDir Path folder;

  @Test
  void aServerIsDescribedByItsReflection() throws Exception {
    Server server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new OrdersGrpc.OrdersImplBase() {})
            .addService(ProtoReflectionServiceV1.newInstance())
            .build()
            .start();
    try {
      CommandRun run = CommandRun.of("openapi", "127.0.0.1:" + server.getPort(), "--title", "us");
      assertThat(run.code()).as(run.err()).isZero();
      assertThat(run.out())
          .startsWith("{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"us\",\"version\":\"")
          .contains(GET);
    } finally {
      server.shutdownNow().awaitTermination();
    }
  }

  @Test
  void filesAreDescribedWithTheirCommentsAndNobodyIsAsked() throws Exception {
    FileDescriptorProto.Builder file = annotated("/v1/orders/{id}");
    file.getSourceCodeInfoBuilder()
        .addLocationBuilder()
        .setLeadingComments(" Finds an order.\n")
        .addPath(6)
        .addPath(0)
        .addPath(2)
        .addPath(0);
    Path out = folder.resolve("openapi.json");

    CommandRun run =
        CommandRun.of(
            "openapi", "--descriptor-set", write(file), "-o", out.toString(), "--annotated-only");

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEmpty();
    assertThat(Files.readString(out))
        .contains("\"title\":\"holdfast.examples.v1.Orders\"", "\"/v1/orders/{id}\":{\"get\":")
        .contains("\"description\":\"Finds an order.\"")
        .doesNotContain(GET);
  }

  @Test
  void whatCantBeDoneIsSaidWithWhatWasExpected() throws Exception {
    CommandRun none = CommandRun.of("openapi", "--descriptor-set", write(annotated("/v1/{no}")));
    assertThat(none.code()).isEqualTo(ExitCode.OK);
    assertThat(none.err())
        .contains("left out: ", "holdfast.examples.v1.Orders/Get", "(expected: a field of ");

    CommandRun url =
        CommandRun.of("openapi", "--descriptor-set", write(annotated("/v1")), "--server", "x y");
    assertThat(url.code()).isEqualTo(ExitCode.USAGE);
    assertThat(url.err()).startsWith("holdfast: server: \"x y\" (expected: a URL ");

    CommandRun unwritten =
        CommandRun.of(
            "openapi", "--descriptor-set", write(annotated("/v1")), "-o", folder.toString());
    assertThat(unwritten.code()).isEqualTo(ExitCode.FAILED);
    assertThat(unwritten.err()).startsWith("holdfast: output: ");
  }

  private static FileDescriptorProto.Builder annotated(String path) {
    FileDescriptorProto.Builder file =
        OrdersOuterClass.getDescriptor().toProto().toBuilder()
            .addDependency("google/api/annotations.proto");
    file.getServiceBuilder(0)
        .getMethodBuilder(0)
        .getOptionsBuilder()
        .setExtension(AnnotationsProto.http, HttpRule.newBuilder().setGet(path).build());
    return file;
  }

  private String write(FileDescriptorProto.Builder file) throws Exception {
    Path set = folder.resolve("orders.pb");
    Files.write(set, FileDescriptorSet.newBuilder().addFile(file).build().toByteArray());
    return set.toString();
  }
}
