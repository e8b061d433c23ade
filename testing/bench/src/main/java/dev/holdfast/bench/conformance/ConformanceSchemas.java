package dev.holdfast.bench.conformance;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.ExtensionRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The messages of protobuf's conformance tests, as protoc described them at build time. */
final class ConformanceSchemas {
  private static final String RESOURCE = "/conformance.binpb";

  private final Map<String, Descriptor> messages = new HashMap<>();
  private final List<FileDescriptor> files = new ArrayList<>();
  private final ExtensionRegistry extensions = ExtensionRegistry.newInstance();

  ConformanceSchemas() throws IOException {
    FileDescriptorSet set;
    try (InputStream resource = ConformanceSchemas.class.getResourceAsStream(RESOURCE)) {
      if (resource == null) {
        throw new IOException(RESOURCE + " is missing (expected: made by the build)");
      }
      set = FileDescriptorSet.parseFrom(resource);
    }
    Map<String, FileDescriptor> byName = new HashMap<>();
    for (FileDescriptorProto file : set.getFileList()) {
      FileDescriptor[] imports =
          file.getDependencyList().stream().map(byName::get).toArray(FileDescriptor[]::new);
      try {
        FileDescriptor built = FileDescriptor.buildFrom(file, imports);
        byName.put(file.getName(), built);
        files.add(built);
        built.getExtensions().forEach(this::add);
        built.getMessageTypes().forEach(this::add);
      } catch (DescriptorValidationException e) {
        throw new IOException(file.getName(), e);
      }
    }
  }

  private void add(Descriptor type) {
    messages.put(type.getFullName(), type);
    type.getExtensions().forEach(this::add);
    type.getNestedTypes().forEach(this::add);
  }

  private void add(FieldDescriptor extension) {
    if (extension.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
      extensions.add(extension, DynamicMessage.getDefaultInstance(extension.getMessageType()));
    } else {
      extensions.add(extension);
    }
  }

  List<FileDescriptor> files() {
    return files;
  }

  ExtensionRegistry extensions() {
    return extensions;
  }

  Optional<Descriptor> message(String fullName) {
    return Optional.ofNullable(messages.get(fullName));
  }
}
