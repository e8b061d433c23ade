package dev.holdfast.gateway.schema;

import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import dev.holdfast.gateway.schema.proto.ReflectedFiles;
import dev.holdfast.gateway.schema.proto.ReflectedService;
import dev.holdfast.gateway.schema.proto.ReflectionError;
import dev.holdfast.gateway.schema.proto.ReflectionRequest;
import dev.holdfast.gateway.schema.proto.ReflectionResponse;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The state machine of a reflection exchange that fetches a server's whole schema. It asks for the
 * list of services, then for the file of each service not described yet, then for missing imports.
 * One request is open at a time. Servers that send imports along (grpc-java, grpc-go, C++) and
 * servers that send one file per response (older grpcio) are asked only for what is missing.
 *
 * <p>Each request may use a stream of its own. An import that the server does not know is left out,
 * because the well-known files are available here. Not thread-safe.
 */
@PureCore
public final class ReflectionExchange {
  @Limit(of = "services of one server that reflection may name", then = "its schema is refused")
  static final int MAX_SERVICES = 2_000;

  @Limit(of = "files of one server's schema", then = "its schema is refused")
  static final int MAX_FILES = 5_000;

  @Limit(of = "bytes of the files of one server's schema", then = "its schema is refused")
  static final long MAX_SCHEMA_BYTES = 32L << 20;

  @Limit(
      of = "imports of imports that a server is asked for one after the other",
      then = "its schema is refused")
  static final int MAX_IMPORT_DEPTH = 100;

  private static final int NOT_FOUND = 5;
  private static final int LONGEST_ERROR = 500;

  private final Set<String> services = new TreeSet<>();
  private final Set<String> undescribed = new TreeSet<>();
  private final Map<String, ByteString> files = new LinkedHashMap<>();
  private final Set<String> described = new HashSet<>();
  private final Set<String> asked = new HashSet<>();
  private final Deque<Question> open = new ArrayDeque<>();
  private long schemaBytes;

  private enum Subject {
    /** The list of the server's services. */
    SERVICES,
    /** The file that defines a service. */
    SERVICE,
    /** A file by its name, such as an import. */
    FILE
  }

  private record Question(Subject subject, String name, int depth) {
    byte[] message() {
      ReflectionRequest.Builder request = ReflectionRequest.newBuilder();
      switch (subject) {
        // grpc-go and grpcio look at which field is set, not at its content.
        case SERVICES -> request.setListServices("*");
        case SERVICE -> request.setFileContainingSymbol(name);
        case FILE -> request.setFileByFilename(name);
      }
      return request.build().toByteArray();
    }

    @Override
    public String toString() {
      return subject == Subject.SERVICES ? "list of services" : name;
    }
  }

  /** An exchange whose first request asks for the services. */
  public ReflectionExchange() {
    open.add(new Question(Subject.SERVICES, "", 0));
  }

  /**
   * The next request as a serialized message, the same until {@link #onAnswer}. Empty when the
   * schema is complete.
   */
  public Optional<byte[]> nextRequest() {
    return Optional.ofNullable(open.peek()).map(Question::message);
  }

  /**
   * Handles the response to the current request.
   *
   * @throws ReflectionException when the schema can't be had; the exchange is unusable then
   */
  public void onAnswer(byte[] message) throws ReflectionException {
    Question question = open.remove();
    ReflectionResponse response = parsed(question, message);
    switch (response.getMessageResponseCase()) {
      case LIST_SERVICES_RESPONSE -> {
        require(question, question.subject() == Subject.SERVICES, "a list of services");
        onServices(response.getListServicesResponse().getServiceList());
      }
      case FILE_DESCRIPTOR_RESPONSE -> {
        require(question, question.subject() != Subject.SERVICES, "files");
        onFiles(question, response.getFileDescriptorResponse());
      }
      case ERROR_RESPONSE -> onError(question, response.getErrorResponse());
      case MESSAGERESPONSE_NOT_SET -> require(question, false, "nothing that is known");
    }
    skipDescribed();
  }

  /**
   * The complete schema of the server.
   *
   * @throws IllegalStateException while a request is left
   */
  public ReflectedSchema schema() {
    if (!open.isEmpty()) {
      throw new IllegalStateException("schema: asking for " + open.peek() + " (expected: the end)");
    }
    return new ReflectedSchema(
        List.copyOf(services), List.copyOf(files.values()), List.copyOf(undescribed));
  }

  private void onServices(List<ReflectedService> found) throws ReflectionException {
    if (found.size() > MAX_SERVICES) {
      throw tooLarge("services", found.size(), MAX_SERVICES);
    }
    found.forEach(service -> services.add(service.getName()));
    services.forEach(name -> open.add(new Question(Subject.SERVICE, name, 0)));
  }

  private void onFiles(Question question, ReflectedFiles answer) throws ReflectionException {
    List<FileDescriptorProto> fresh = new ArrayList<>();
    for (ByteString bytes : answer.getFileDescriptorProtoList()) {
      FileDescriptorProto file = parsed(question, bytes);
      if (isFresh(file.getName(), bytes)) {
        fresh.add(file);
      }
    }
    for (FileDescriptorProto file : fresh) {
      String prefix = file.getPackage().isEmpty() ? "" : file.getPackage() + ".";
      file.getServiceList().forEach(service -> described.add(prefix + service.getName()));
      for (String imported : file.getDependencyList()) {
        askFor(imported, question.depth() + 1);
      }
    }
    boolean answered =
        question.subject() == Subject.SERVICE
            ? described.contains(question.name())
            : files.containsKey(question.name());
    require(question, answered, "files without it");
  }

  private boolean isFresh(String name, ByteString bytes) throws ReflectionException {
    ByteString known = files.putIfAbsent(name, bytes);
    if (known != null) {
      if (!known.equals(bytes)) {
        throw new ReflectionException(
            ReflectionFailure.MALFORMED,
            "reflection: " + name + ": sent twice with different content (expected: one file)");
      }
      return false;
    }
    if (files.size() > MAX_FILES) {
      throw tooLarge("files", files.size(), MAX_FILES);
    }
    schemaBytes += bytes.size();
    if (schemaBytes > MAX_SCHEMA_BYTES) {
      throw tooLarge("bytes of files", schemaBytes, MAX_SCHEMA_BYTES);
    }
    return true;
  }

  /** Queues a request for an import, once per name, unless the file is known. */
  private void askFor(String imported, int depth) throws ReflectionException {
    if (files.containsKey(imported) || !asked.add(imported)) {
      return;
    }
    if (depth > MAX_IMPORT_DEPTH) {
      throw tooLarge("imports of imports", depth, MAX_IMPORT_DEPTH);
    }
    if (files.size() + open.size() > MAX_FILES + MAX_SERVICES) {
      throw tooLarge("files", (long) files.size() + open.size(), MAX_FILES + MAX_SERVICES);
    }
    open.add(new Question(Subject.FILE, imported, depth));
  }

  private void onError(Question question, ReflectionError error) throws ReflectionException {
    boolean unknown = error.getErrorCode() == NOT_FOUND;
    if (unknown && question.subject() == Subject.SERVICE) {
      undescribed.add(question.name());
    } else if (!unknown || question.subject() == Subject.SERVICES) {
      String text = error.getErrorMessage();
      throw new ReflectionException(
          ReflectionFailure.REFUSED,
          "reflection: asked for the "
              + question
              + ", the server answered with error "
              + error.getErrorCode()
              + ": "
              + text.substring(0, Math.min(LONGEST_ERROR, text.length())));
    }
  }

  private void skipDescribed() {
    for (Question next = open.peek(); next != null; next = open.peek()) {
      boolean known =
          next.subject() == Subject.SERVICE
              ? described.contains(next.name())
              : files.containsKey(next.name());
      if (!known) {
        return;
      }
      open.remove();
    }
  }

  private static void require(Question question, boolean expected, String found)
      throws ReflectionException {
    if (!expected) {
      throw new ReflectionException(
          ReflectionFailure.MALFORMED,
          "reflection: asked for the " + question + ", the server answered with " + found);
    }
  }

  private static ReflectionResponse parsed(Question question, byte[] message)
      throws ReflectionException {
    try {
      return ReflectionResponse.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      throw malformed(question, "a ServerReflectionResponse", e);
    }
  }

  private static FileDescriptorProto parsed(Question question, ByteString file)
      throws ReflectionException {
    try {
      return FileDescriptorProto.parseFrom(file);
    } catch (InvalidProtocolBufferException e) {
      throw malformed(question, "a FileDescriptorProto", e);
    }
  }

  private static ReflectionException malformed(
      Question question, String expected, InvalidProtocolBufferException cause) {
    return new ReflectionException(
        ReflectionFailure.MALFORMED,
        "reflection: asked for the "
            + question
            + ": "
            + cause.getMessage()
            + " (expected: "
            + expected
            + ")",
        cause);
  }

  private static ReflectionException tooLarge(String what, long found, long most) {
    return new ReflectionException(
        ReflectionFailure.TOO_LARGE,
        "reflection: %d %s (expected: <= %d)".formatted(found, what, most));
  }
}
