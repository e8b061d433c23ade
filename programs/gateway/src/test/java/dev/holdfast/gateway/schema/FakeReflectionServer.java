package dev.holdfast.gateway.schema;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.gateway.schema.proto.ReflectedFiles;
import dev.holdfast.gateway.schema.proto.ReflectedService;
import dev.holdfast.gateway.schema.proto.ReflectedServices;
import dev.holdfast.gateway.schema.proto.ReflectionError;
import dev.holdfast.gateway.schema.proto.ReflectionRequest;
import dev.holdfast.gateway.schema.proto.ReflectionResponse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A server's reflection without a server, in the manner of one implementation. */
final class FakeReflectionServer {
  /** What comes with a file that is asked for. */
  enum ReflectionImplementation {
    /** All that it imports, each time: grpc-java, newer grpcio. */
    ALWAYS_ALL,
    /** Imports that this stream has not had: grpc-go, C++. */
    EACH_ONCE,
    /** Nothing: older grpcio. */
    ONE_FILE
  }

  private final ReflectionImplementation reflectionImplementation;
  private final Map<String, FileDescriptor> files = new TreeMap<>();
  private final Map<String, FileDescriptor> services = new TreeMap<>();
  private final Set<String> listed = new LinkedHashSet<>();
  private final Set<String> sent = new HashSet<>();
  final List<String> questions = new ArrayList<>();

  FakeReflectionServer(
      ReflectionImplementation reflectionImplementation, FileDescriptor... offered) {
    this.reflectionImplementation = reflectionImplementation;
    for (FileDescriptor file : offered) {
      add(file);
      for (ServiceDescriptor service : file.getServices()) {
        services.put(service.getFullName(), file);
        listed.add(service.getFullName());
      }
    }
  }

  /** A service that is offered without its descriptor. */
  FakeReflectionServer listing(String service) {
    listed.add(service);
    return this;
  }

  /** A file that is not had, though others import it. */
  FakeReflectionServer without(String file) {
    files.remove(file);
    return this;
  }

  private void add(FileDescriptor file) {
    if (files.put(file.getName(), file) == null) {
      file.getDependencies().forEach(this::add);
    }
  }

  /** The answer to a message. */
  byte[] answer(byte[] message) {
    try {
      return answer(ReflectionRequest.parseFrom(message)).toByteArray();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private ReflectionResponse answer(ReflectionRequest request) {
    return switch (request.getMessageRequestCase()) {
      case LIST_SERVICES -> {
        questions.add("*");
        ReflectedServices.Builder all = ReflectedServices.newBuilder();
        listed.forEach(name -> all.addService(ReflectedService.newBuilder().setName(name)));
        yield ReflectionResponse.newBuilder().setListServicesResponse(all).build();
      }
      case FILE_CONTAINING_SYMBOL ->
          file(
              request.getFileContainingSymbol(),
              Optional.ofNullable(services.get(request.getFileContainingSymbol())));
      case FILE_BY_FILENAME ->
          file(
              request.getFileByFilename(),
              Optional.ofNullable(files.get(request.getFileByFilename())));
      case MESSAGEREQUEST_NOT_SET -> error(3, "nothing asked");
    };
  }

  private ReflectionResponse file(String asked, Optional<FileDescriptor> file) {
    questions.add(asked);
    if (file.isEmpty()) {
      return error(5, asked + " not found");
    }
    Set<FileDescriptor> with = new LinkedHashSet<>();
    collect(file.get(), with);
    ReflectedFiles.Builder answer = ReflectedFiles.newBuilder();
    for (FileDescriptor each : with) {
      boolean first = sent.add(each.getName());
      if (each == file.get()
          || reflectionImplementation == ReflectionImplementation.ALWAYS_ALL
          || first) {
        answer.addFileDescriptorProto(bytes(each));
      }
    }
    return ReflectionResponse.newBuilder().setFileDescriptorResponse(answer).build();
  }

  private void collect(FileDescriptor file, Set<FileDescriptor> into) {
    if (files.containsKey(file.getName())
        && into.add(file)
        && reflectionImplementation != ReflectionImplementation.ONE_FILE) {
      file.getDependencies().forEach(imported -> collect(imported, into));
    }
  }

  static ByteString bytes(FileDescriptor file) {
    return file.toProto().toByteString();
  }

  static ReflectionResponse error(int code, String message) {
    return ReflectionResponse.newBuilder()
        .setErrorResponse(ReflectionError.newBuilder().setErrorCode(code).setErrorMessage(message))
        .build();
  }
}
