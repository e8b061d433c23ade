package dev.holdfast.inprocess;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.RejectedBinding;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoFileDescriptorSupplier;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The methods of some services with their message descriptors. Immutable. */
final class ServedMethods {
  private static final Logger log = LoggerFactory.getLogger(ServedMethods.class);

  private final Map<String, ServerMethodDefinition<?, ?>> byPath = new HashMap<>();
  private final HttpTranscoder transcoder;

  /**
   * Collects the methods, with the descriptors of protobuf's generated code. A service without a
   * descriptor has no HTTP/JSON mapping.
   */
  ServedMethods(List<ServerServiceDefinition> services) {
    Map<String, FileDescriptorProto> files = new LinkedHashMap<>();
    for (ServerServiceDefinition service : services) {
      for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
        byPath.put("/" + method.getMethodDescriptor().getFullMethodName(), method);
      }
      if (service.getServiceDescriptor().getSchemaDescriptor()
          instanceof ProtoFileDescriptorSupplier supplier) {
        addWithImports(supplier.getFileDescriptor(), files);
      }
    }
    transcoder = HttpTranscoder.of(ServiceCatalog.of(files.values()));
    for (RejectedBinding each : transcoder.rejected()) {
      log.warn(
          "event=binding_rejected others=served file=\"{}\" method=\"{}\" binding=\"{}\""
              + " cause=\"{}\"",
          each.file(),
          each.method(),
          each.binding(),
          each.reason());
    }
  }

  private static void addWithImports(FileDescriptor file, Map<String, FileDescriptorProto> files) {
    Deque<FileDescriptor> open = new ArrayDeque<>(List.of(file));
    while (!open.isEmpty()) {
      FileDescriptor next = open.removeFirst();
      if (files.putIfAbsent(next.getName(), next.toProto()) == null) {
        open.addAll(next.getDependencies());
      }
    }
  }

  /** The HTTP/JSON transcoder of the methods. */
  HttpTranscoder transcoder() {
    return transcoder;
  }

  /** The method with a {@code :path}; null for none. */
  @Nullable ServerMethodDefinition<?, ?> find(String path) {
    return byPath.get(path);
  }
}
