package dev.holdfast.transcoding.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The fields that {@link ProtoFieldScanner} finds within messages and within proto2 groups. */
class ProtoFieldScannerTest {
  /** A field number whose tag takes two bytes. */
  private static final int GROUP_NUMBER = 100;

  private Descriptor outer;
  private Descriptor inner;

  @BeforeEach
  void describe() throws Exception {
    DescriptorProto.Builder group =
        DescriptorProto.newBuilder().setName("Inner").addField(field("id", 1, "TYPE_STRING"));
    FieldDescriptorProto.Builder message =
        field("message", 2, "TYPE_MESSAGE").setTypeName(".Outer.Inner");
    FieldDescriptorProto.Builder grouped =
        field("inner", GROUP_NUMBER, "TYPE_GROUP").setTypeName(".Outer.Inner");
    FileDescriptorProto file =
        FileDescriptorProto.newBuilder()
            .setName("groups.proto")
            .setSyntax("proto2")
            .addMessageType(
                DescriptorProto.newBuilder()
                    .setName("Outer")
                    .addNestedType(group)
                    .addField(message)
                    .addField(grouped)
                    .addField(field("after", 3, "TYPE_STRING")))
            .build();
    outer = FileDescriptor.buildFrom(file, new FileDescriptor[0]).findMessageTypeByName("Outer");
    inner = outer.findNestedTypeByName("Inner");
  }

  private static FieldDescriptorProto.Builder field(String name, int number, String type) {
    return FieldDescriptorProto.newBuilder()
        .setName(name)
        .setNumber(number)
        .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL)
        .setType(FieldDescriptorProto.Type.valueOf(type));
  }

  private byte[] messageWith(String field) {
    return DynamicMessage.newBuilder(outer)
        .setField(
            outer.findFieldByName(field),
            DynamicMessage.newBuilder(inner).setField(inner.findFieldByName("id"), "7").build())
        .setField(outer.findFieldByName("after"), "x")
        .build()
        .toByteArray();
  }

  private byte @Nullable [] lastId(String field) throws IOException {
    byte[] message = messageWith(field);
    List<FieldDescriptor> path = List.of(outer.findFieldByName(field), inner.findFieldByName("id"));
    return ProtoFieldScanner.last(message, 0, message.length, path);
  }

  @Test
  void fieldOfAMessageIsFound() throws IOException {
    assertThat(lastId("message")).containsExactly(1 << 3 | 2, 1, '7');
  }

  @Test
  void fieldOfAGroupIsFound() throws IOException {
    assertThat(lastId("inner")).containsExactly(1 << 3 | 2, 1, '7');
  }
}
