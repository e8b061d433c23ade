package dev.holdfast.gateway.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.EmptyProto;
import com.google.protobuf.TimestampProto;
import com.google.rpc.StatusProto;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import dev.holdfast.gateway.schema.proto.ReflectedFiles;
import dev.holdfast.gateway.schema.proto.ReflectedService;
import dev.holdfast.gateway.schema.proto.ReflectedServices;
import dev.holdfast.gateway.schema.proto.ReflectionResponse;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Asking a server for its schema, against reflections of each manner. */
class ReflectionExchangeTest {
  private static final FileDescriptor COMMON =
      file("common.proto", "", TimestampProto.getDescriptor());
  private static final FileDescriptor ORDERS =
      file("orders.proto", "Orders", COMMON, EmptyProto.getDescriptor());
  private static final FileDescriptor STOCK =
      file("stock.proto", "Stock", COMMON, EmptyProto.getDescriptor(), StatusProto.getDescriptor());

  @ParameterizedTest
  @EnumSource
  void completeFilesComeFromEachManner(
      FakeReflectionServer.ReflectionImplementation reflectionImplementation) throws Exception {
    FakeReflectionServer server = new FakeReflectionServer(reflectionImplementation, ORDERS, STOCK);

    ReflectedSchema schema = ask(server);

    assertThat(schema.services()).containsExactly("shop.Orders", "shop.Stock");
    assertThat(schema.undescribed()).isEmpty();
    assertThat(schema.catalog().method("shop.Stock/Get")).isPresent();
    assertThat(schema.catalog().files())
        .extracting(FileDescriptor::getName)
        .contains("common.proto", "google/protobuf/any.proto", "google/protobuf/timestamp.proto");
    assertThat(server.questions).doesNotHaveDuplicates();
  }

  @Test
  void importsThatCameAlongAreNotAskedFor() throws Exception {
    FakeReflectionServer server =
        new FakeReflectionServer(
            FakeReflectionServer.ReflectionImplementation.EACH_ONCE, ORDERS, STOCK);

    ask(server);

    assertThat(server.questions).containsExactly("*", "shop.Orders", "shop.Stock");
  }

  @Test
  void servicesOfOneFileAreAskedForOnce() throws Exception {
    FileDescriptor two = file("two.proto", "A,B", EmptyProto.getDescriptor());
    FakeReflectionServer server =
        new FakeReflectionServer(FakeReflectionServer.ReflectionImplementation.ALWAYS_ALL, two);

    assertThat(ask(server).services()).containsExactly("shop.A", "shop.B");
    assertThat(server.questions).containsExactly("*", "shop.A");
  }

  @Test
  void serviceWithoutDescriptorHidesNoOther() throws Exception {
    FakeReflectionServer server =
        new FakeReflectionServer(FakeReflectionServer.ReflectionImplementation.ALWAYS_ALL, ORDERS)
            .listing("raw.Bytes");

    ReflectedSchema schema = ask(server);

    assertThat(schema.services()).containsExactly("raw.Bytes", "shop.Orders");
    assertThat(schema.undescribed()).containsExactly("raw.Bytes");
    assertThat(schema.catalog().services()).containsExactly("shop.Orders");
  }

  @Test
  void importThatEverybodyHasMayBeMissing() throws Exception {
    FakeReflectionServer server =
        new FakeReflectionServer(FakeReflectionServer.ReflectionImplementation.ONE_FILE, ORDERS)
            .without("google/protobuf/empty.proto");

    assertThat(ask(server).catalog().services()).containsExactly("shop.Orders");
  }

  @Test
  void importThatNobodyHasCostsOnlyThoseWhoNeedItsTypes() throws Exception {
    ReflectedSchema schema =
        ask(
            new FakeReflectionServer(
                    FakeReflectionServer.ReflectionImplementation.ALWAYS_ALL, ORDERS)
                .without("common.proto"));
    assertThat(schema.catalog().services()).containsExactly("shop.Orders");
    assertThat(schema.catalog().unlinked()).isEmpty();

    FileDescriptorProto needs = importing("needs.proto", "Needs", "common.proto");
    FileDescriptorProto.Builder typed = needs.toBuilder();
    typed
        .addMessageTypeBuilder()
        .setName("Of")
        .addFieldBuilder()
        .setName("x")
        .setNumber(1)
        .setTypeName(".common.X");
    ReflectedSchema lacking =
        new ReflectedSchema(List.of("Needs"), List.of(typed.build().toByteString()), List.of());
    assertThatThrownBy(lacking::catalog)
        .isInstanceOf(ReflectionException.class)
        .hasMessageContaining("needs.proto: imports common.proto, which can't be had");
  }

  @Test
  void sameSchemaHasSameHashInEachManner() throws Exception {
    String hash =
        ask(new FakeReflectionServer(
                FakeReflectionServer.ReflectionImplementation.ALWAYS_ALL, ORDERS, STOCK))
            .catalog()
            .hash();

    assertThat(
            ask(new FakeReflectionServer(
                    FakeReflectionServer.ReflectionImplementation.ONE_FILE, STOCK, ORDERS))
                .catalog()
                .hash())
        .isEqualTo(hash);
  }

  @Test
  void errorsAreToldWithTheirQuestion() throws Exception {
    ReflectionExchange exchange = new ReflectionExchange();
    exchange.onAnswer(services("shop.Orders"));

    assertThatThrownBy(
            () -> exchange.onAnswer(FakeReflectionServer.error(7, "not you").toByteArray()))
        .hasMessage(
            "reflection: asked for the shop.Orders, the server answered with error 7: not you")
        .extracting("kind")
        .isEqualTo(ReflectionFailure.REFUSED);
  }

  @Test
  void garbageAndOtherAnswersAreRefused() throws Exception {
    assertRefused(new ReflectionExchange(), new byte[] {1, 2, 3}, ReflectionFailure.MALFORMED);
    assertRefused(new ReflectionExchange(), new byte[0], ReflectionFailure.MALFORMED);
    assertRefused(new ReflectionExchange(), files(ORDERS), ReflectionFailure.MALFORMED);
    ReflectionExchange waiting = new ReflectionExchange();
    waiting.onAnswer(services("shop.Orders"));
    assertRefused(waiting, files(STOCK), ReflectionFailure.MALFORMED);
    ReflectionExchange again = new ReflectionExchange();
    again.onAnswer(services("shop.Orders"));
    assertRefused(again, services("shop.Orders"), ReflectionFailure.MALFORMED);
  }

  @Test
  void oneNameWithTwoContentsIsRefused() throws Exception {
    ReflectionExchange exchange = new ReflectionExchange();
    exchange.onAnswer(services("shop.A", "shop.Orders"));
    exchange.onAnswer(files(file("x.proto", "A")));

    assertRefused(exchange, files(ORDERS, file("x.proto", "B")), ReflectionFailure.MALFORMED);
  }

  @Test
  void chainOfImportsWithoutEndIsCut() throws Exception {
    ReflectionExchange exchange = new ReflectionExchange();
    exchange.onAnswer(services("shop.A"));
    exchange.onAnswer(files(importing("a0.proto", "A", "a1.proto")));
    for (int i = 1; i < ReflectionExchange.MAX_IMPORT_DEPTH; i++) {
      exchange.onAnswer(files(importing("a" + i + ".proto", "", "a" + (i + 1) + ".proto")));
    }
    int last = ReflectionExchange.MAX_IMPORT_DEPTH;

    assertRefused(
        exchange,
        files(importing("a" + last + ".proto", "", "a" + (last + 1) + ".proto")),
        ReflectionFailure.TOO_LARGE);
  }

  @Test
  void tooManyServicesFilesAndBytesAreRefused() throws Exception {
    ReflectedServices.Builder services = ReflectedServices.newBuilder();
    for (int i = 0; i <= ReflectionExchange.MAX_SERVICES; i++) {
      services.addService(ReflectedService.newBuilder().setName("s" + i));
    }
    ReflectionResponse many =
        ReflectionResponse.newBuilder().setListServicesResponse(services).build();
    assertRefused(new ReflectionExchange(), many.toByteArray(), ReflectionFailure.TOO_LARGE);

    FileDescriptorProto[] files = new FileDescriptorProto[ReflectionExchange.MAX_FILES + 1];
    for (int i = 0; i < files.length; i++) {
      files[i] = importing("f" + i + ".proto", "");
    }
    ReflectionExchange ofFiles = new ReflectionExchange();
    ofFiles.onAnswer(services("shop.A"));
    assertRefused(ofFiles, files(files), ReflectionFailure.TOO_LARGE);

    ReflectionExchange ofBytes = new ReflectionExchange();
    ofBytes.onAnswer(services("shop.A"));
    FileDescriptorProto huge =
        FileDescriptorProto.newBuilder()
            .setName("huge.proto")
            .setPackageBytes(
                ByteString.copyFrom(new byte[(int) ReflectionExchange.MAX_SCHEMA_BYTES]))
            .build();
    assertRefused(ofBytes, files(huge), ReflectionFailure.TOO_LARGE);
  }

  private static ReflectedSchema ask(FakeReflectionServer server) throws ReflectionException {
    ReflectionExchange exchange = new ReflectionExchange();
    while (exchange.nextRequest().isPresent()) {
      exchange.onAnswer(server.answer(exchange.nextRequest().get()));
    }
    return exchange.schema();
  }

  private static void assertRefused(
      ReflectionExchange exchange, byte[] answer, ReflectionFailure reflectionFailure) {
    assertThatThrownBy(() -> exchange.onAnswer(answer))
        .isInstanceOf(ReflectionException.class)
        .extracting("kind")
        .isEqualTo(reflectionFailure);
  }

  private static byte[] services(String... names) {
    ReflectedServices.Builder services = ReflectedServices.newBuilder();
    for (String name : names) {
      services.addService(ReflectedService.newBuilder().setName(name));
    }
    return ReflectionResponse.newBuilder().setListServicesResponse(services).build().toByteArray();
  }

  private static byte[] files(FileDescriptor... files) {
    FileDescriptorProto[] protos = new FileDescriptorProto[files.length];
    for (int i = 0; i < files.length; i++) {
      protos[i] = files[i].toProto();
    }
    return files(protos);
  }

  private static byte[] files(FileDescriptorProto... files) {
    ReflectedFiles.Builder answer = ReflectedFiles.newBuilder();
    for (FileDescriptorProto file : files) {
      answer.addFileDescriptorProto(file.toByteString());
    }
    return ReflectionResponse.newBuilder().setFileDescriptorResponse(answer).build().toByteArray();
  }

  private static FileDescriptorProto importing(String name, String services, String... imports) {
    FileDescriptorProto.Builder file =
        FileDescriptorProto.newBuilder().setName(name).setPackage("shop").setSyntax("proto3");
    for (String imported : imports) {
      file.addDependency(imported);
    }
    for (String service : services.isEmpty() ? new String[0] : services.split(",")) {
      file.addService(ServiceDescriptorProto.newBuilder().setName(service));
    }
    return file.build();
  }

  private static FileDescriptor file(String name, String services, FileDescriptor... imports) {
    String[] names = new String[imports.length];
    boolean empty = false;
    for (int i = 0; i < imports.length; i++) {
      names[i] = imports[i].getName();
      empty |= imports[i] == EmptyProto.getDescriptor();
    }
    FileDescriptorProto.Builder file = importing(name, services, names).toBuilder();
    if (empty) {
      file.getServiceBuilderList()
          .forEach(
              service ->
                  service.addMethod(
                      MethodDescriptorProto.newBuilder()
                          .setName("Get")
                          .setInputType(".google.protobuf.Empty")
                          .setOutputType(".google.protobuf.Empty")));
    }
    try {
      return FileDescriptor.buildFrom(file.build(), imports);
    } catch (DescriptorValidationException e) {
      throw new IllegalStateException(e);
    }
  }
}
