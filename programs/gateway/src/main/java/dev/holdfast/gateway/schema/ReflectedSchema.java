package dev.holdfast.gateway.schema;

import com.google.protobuf.ByteString;
import dev.holdfast.transcoding.schema.InvalidSchemaException;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.util.List;

/**
 * The response of a server to reflection. Immutable.
 *
 * @param services full names of the offered gRPC services, sorted; includes reflection itself
 * @param files serialized google.protobuf.FileDescriptorProtos
 * @param undescribed offered services without known descriptors, sorted
 */
public record ReflectedSchema(
    List<String> services, List<ByteString> files, List<String> undescribed) {
  public ReflectedSchema {
    services = List.copyOf(services);
    files = List.copyOf(files);
    undescribed = List.copyOf(undescribed);
  }

  /**
   * Links the files. Files that can't be linked are left out as long as the others have a service.
   *
   * @throws ReflectionException of kind MALFORMED when they make no schema
   */
  public ServiceCatalog catalog() throws ReflectionException {
    try {
      ServiceCatalog catalog = ServiceCatalog.ofLinkableFiles(files);
      if (catalog.services().isEmpty() && !catalog.unlinked().isEmpty()) {
        throw new ReflectionException(
            ReflectionException.ReflectionFailure.MALFORMED,
            "reflection: " + catalog.unlinked().get(0));
      }
      return catalog;
    } catch (InvalidSchemaException e) {
      throw new ReflectionException(
          ReflectionException.ReflectionFailure.MALFORMED, "reflection: " + e.getMessage(), e);
    }
  }
}
