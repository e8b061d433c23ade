package dev.holdfast.streams.grpc;

import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The rewriting of a service so that its streams receive bytes, and each is bidirectional. An
 * interceptor would be too late, because grpc-java parses a request before it.
 */
final class ResumableService {
  private ResumableService() {}

  static ServerServiceDefinition of(ServerServiceDefinition service, ServerStreams streams) {
    return of(service, method -> StreamMethods.isStream(method) ? streams : null);
  }

  /**
   * @param streams whose sessions a method has; null for none
   */
  static ServerServiceDefinition of(
      ServerServiceDefinition service,
      Function<MethodDescriptor<?, ?>, @Nullable ServerStreams> streams) {
    ServiceDescriptor before = service.getServiceDescriptor();
    ServiceDescriptor.Builder after =
        ServiceDescriptor.newBuilder(before.getName())
            .setSchemaDescriptor(before.getSchemaDescriptor());
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerStreams sessions = streams.apply(method.getMethodDescriptor());
      ServerMethodDefinition<?, ?> rewritten = sessions == null ? method : framed(method, sessions);
      methods.add(rewritten);
      after.addMethod(rewritten.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(after.build());
    methods.forEach(definition::addMethod);
    return definition.build();
  }

  private static <ReqT, RespT> ServerMethodDefinition<SessionFrame, SessionFrame> framed(
      ServerMethodDefinition<ReqT, RespT> definition, ServerStreams streams) {
    MethodDescriptor<ReqT, RespT> method = definition.getMethodDescriptor();
    StreamMethods.require(method);
    ServerCallHandler<ReqT, RespT> handler = definition.getServerCallHandler();
    return ServerMethodDefinition.create(
        StreamMethods.framed(method).toBuilder()
            .setRequestMarshaller(new ServingMarshaller(streams))
            .build(),
        (call, headers) -> streams.startCall(call, headers, method, handler));
  }
}
