package dev.holdfast.transcoding.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.holdfast.transcoding.shop.ShopProto;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceCatalogTest {
  private static final FileDescriptorProto SHOP = ShopProto.getDescriptor().toProto();

  @Test
  void readsServicesMethodsAndRules() {
    ServiceCatalog catalog = ServiceCatalog.of(List.of(SHOP));
    assertThat(catalog.services()).containsExactly("shop.v1.Shop");
    RpcMethod get = catalog.method("shop.v1.Shop/GetBook").orElseThrow();
    assertThat(get.path()).isEqualTo("/shop.v1.Shop/GetBook");
    assertThat(get.service()).isEqualTo("shop.v1.Shop");
    assertThat(get.http().orElseThrow().getGet()).isEqualTo("/v1/{name=shelves/*/books/*}");
    assertThat(get.hasNoSideEffects()).isTrue();
    assertThat(catalog.method("shop.v1.Shop/UpdateBook").orElseThrow().idempotency())
        .isEqualTo(IdempotencyLevel.IDEMPOTENT);
    assertThat(catalog.method("shop.v1.Shop/Echo").orElseThrow().http()).isEmpty();
    assertThat(catalog.method("shop.v1.Shop/None")).isEmpty();
    assertThat(catalog.message("shop.v1.Book")).isPresent();
    assertThat(catalog.message("google.rpc.ErrorInfo")).isPresent();
  }

  @Test
  void knowsTheShapeOfEachMethod() {
    ServiceCatalog catalog = ServiceCatalog.of(List.of(SHOP));
    Map<String, StreamingType> shapes = new LinkedHashMap<>();
    catalog
        .methods()
        .forEach(method -> shapes.put(method.descriptor().getName(), method.streamingType()));
    assertThat(shapes)
        .containsEntry("GetBook", StreamingType.UNARY)
        .containsEntry("WatchBooks", StreamingType.SERVER_STREAM)
        .containsEntry("ImportBooks", StreamingType.CLIENT_STREAM)
        .containsEntry("Chat", StreamingType.BIDI);
  }

  @Test
  void takesFilesInAnyOrderAndMoreThanOnceAndHashesTheirContent() {
    List<FileDescriptorProto> files = new ArrayList<>(withImports());
    String hash = ServiceCatalog.of(files).hash();
    Collections.reverse(files);
    files.addAll(withImports());
    files.add(SHOP.toBuilder().setSourceCodeInfo(SourceCodeInfo.getDefaultInstance()).build());
    ServiceCatalog catalog =
        ServiceCatalog.ofDescriptorSet(
            FileDescriptorSet.newBuilder().addAllFile(files).build().toByteArray());
    assertThat(catalog.hash()).isEqualTo(hash).hasSize(64);
    assertThat(catalog.services()).containsExactly("shop.v1.Shop");
    assertThat(catalog.method("shop.v1.Shop/GetBook").orElseThrow().http()).isPresent();

    FileDescriptorProto changed = SHOP.toBuilder().removeService(0).build();
    assertThat(ServiceCatalog.of(List.of(changed)).hash()).isNotEqualTo(hash);
  }

  @Test
  void namesWhoImportsWhatIsMissing() {
    FileDescriptorProto file = file("a.proto").addDependency("b/c.proto").build();
    assertThatThrownBy(() -> ServiceCatalog.of(List.of(file)))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessageStartingWith("a.proto: imports b/c.proto (expected: a file of the set");
  }

  @Test
  void namesCirclesAndFilesThatContradictThemselves() {
    List<FileDescriptorProto> circle =
        List.of(
            file("a.proto").addDependency("b.proto").build(),
            file("b.proto").addDependency("a.proto").build());
    assertThatThrownBy(() -> ServiceCatalog.of(circle))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessage("a.proto: imports itself through [a.proto, b.proto] (expected: no circle)");
    assertThatThrownBy(
            () ->
                ServiceCatalog.of(
                    List.of(file("a.proto").build(), file("a.proto").setPackage("q").build())))
        .hasMessageStartingWith("a.proto: there twice with different content");
  }

  @Test
  void refusesImportsThatAreNestedTooDeep() {
    List<FileDescriptorProto> chain = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      chain.add(file("f" + i).addDependency("f" + (i + 1)).build());
    }
    chain.add(file("f5000").build());
    assertThatThrownBy(() -> ServiceCatalog.of(chain)).hasMessageContaining("(expected: <= 200)");
  }

  @Test
  void namesBothFilesOfATypeThatIsDefinedTwice() {
    DescriptorProto type = DescriptorProto.newBuilder().setName("T").build();
    List<FileDescriptorProto> files =
        List.of(
            file("a.proto").setPackage("p").addMessageType(type).build(),
            file("b.proto").setPackage("p").addMessageType(type).build());
    assertThatThrownBy(() -> ServiceCatalog.of(files))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessage("p.T: defined by a.proto and b.proto (expected: by one file)");
  }

  @Test
  void namesTheFileOfAnUnknownType() {
    FileDescriptorProto file =
        file("a.proto")
            .addMessageType(
                DescriptorProto.newBuilder()
                    .setName("M")
                    .addField(
                        FieldDescriptorProto.newBuilder()
                            .setName("f")
                            .setNumber(1)
                            .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
                            .setTypeName("q.Unknown")))
            .build();
    assertThatThrownBy(() -> ServiceCatalog.of(List.of(file)))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessageStartingWith("a.proto: ")
        .hasMessageContaining("q.Unknown");
  }

  @Test
  void refusesGarbage() {
    byte[] html = "<html>not found</html>".getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> ServiceCatalog.ofDescriptorSet(html))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessageStartingWith("descriptor set: ");
    assertThatThrownBy(() -> ServiceCatalog.ofSerializedFiles(List.of(ByteString.copyFrom(html))))
        .isInstanceOf(InvalidSchemaException.class)
        .hasMessageStartingWith("file: ");
  }

  @Test
  void ownCopiesOfWellKnownFilesReplaceOurs() {
    List<FileDescriptorProto> files = new ArrayList<>(withImports());
    files.removeIf(file -> file.getName().equals("google/api/annotations.proto"));
    ServiceCatalog catalog = ServiceCatalog.of(files);
    assertThat(catalog.method("shop.v1.Shop/GetBook").orElseThrow().http()).isPresent();
  }

  @Test
  void catalogsMayBePutTogether() {
    ServiceCatalog other =
        ServiceCatalog.of(
            List.of(
                file("o.proto")
                    .addMessageType(DescriptorProto.newBuilder().setName("Other"))
                    .build()));
    ServiceCatalog both = ServiceCatalog.of(List.of(SHOP)).with(other).with(other);
    assertThat(both.message("Other")).isPresent();
    assertThat(both.services()).hasSize(1);
    assertThat(ServiceCatalog.empty().services()).isEmpty();
  }

  private static FileDescriptorProto.Builder file(String name) {
    return FileDescriptorProto.newBuilder().setName(name).setSyntax("proto3");
  }

  private static List<FileDescriptorProto> withImports() {
    Map<String, FileDescriptorProto> files = new LinkedHashMap<>();
    collect(ShopProto.getDescriptor(), files);
    return List.copyOf(files.values());
  }

  private static void collect(FileDescriptor file, Map<String, FileDescriptorProto> files) {
    files.put(file.getName(), file.toProto());
    file.getDependencies().forEach(imported -> collect(imported, files));
  }
}
