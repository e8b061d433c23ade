package dev.holdfast.grpc;

import dev.holdfast.hooks.HeaderedMarshaller;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The services of one server, and which of their methods are resumable streams. */
final class ServedServices {
  private final List<String> names = new ArrayList<>();
  private final Set<String> streams = new HashSet<>();
  private final List<HeaderedMarshaller> marshallers = new ArrayList<>();
  private int headerBytes;
  private int metadataBytes;
  private final Supplier<Map<String, String>> environment;

  /**
   * @param environment names the methods that are resumable streams
   */
  ServedServices(Supplier<Map<String, String>> environment) {
    this.environment = environment;
  }

  /** The service as it is to be served: with what the environment makes resumable of it. */
  ServerServiceDefinition add(ServerServiceDefinition said) {
    ServerServiceDefinition service =
        StreamsSetting.streams(environment.get())
            .map(streams -> streams.resumable(said))
            .orElse(said);
    names.add(service.getServiceDescriptor().getName());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      if (method.getMethodDescriptor().getRequestMarshaller()
          instanceof HeaderedMarshaller headered) {
        streams.add(method.getMethodDescriptor().getFullMethodName());
        marshallers.add(headered);
        headerBytes = Math.max(headerBytes, headered.headerBytes());
        metadataBytes = Math.max(metadataBytes, headered.metadataBytes());
      }
    }
    return service;
  }

  /** In the order of their addition. */
  List<String> names() {
    return names;
  }

  /** The full names of the methods that are resumable streams. */
  Set<String> streams() {
    return Set.copyOf(streams);
  }

  /** The marshallers of those methods. */
  List<HeaderedMarshaller> marshallers() {
    return List.copyOf(marshallers);
  }

  /** A limit of messages with room for what resumable streams have before the application's. */
  int withHeader(int bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (long) bytes + headerBytes);
  }

  /** A limit of metadata with room for the handshake of resumable streams. */
  int withHandshake(int bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (long) bytes + metadataBytes);
  }
}
