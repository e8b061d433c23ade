package dev.holdfast.transcoding.schema;

import com.google.api.AnnotationsProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.ExtensionRegistry;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.core.annotation.Limit;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A catalog of all services and types in a set of descriptors. Immutable and thread-safe.
 *
 * <p>Files may be in any order and repeated. Missing imports of google.protobuf, google.api and
 * google.rpc are taken from this program.
 */
public final class ServiceCatalog {
  /** The maximum number of files in a schema. */
  @Limit(of = "files of one schema", then = "it is refused")
  static final int MAX_FILES = 20_000;

  private static final ExtensionRegistry ANNOTATIONS = annotations();

  private final String hash;
  private final List<FileDescriptor> files;
  private final List<String> unlinked;
  private final Map<String, ServiceDescriptor> services;
  private final Map<String, RpcMethod> methods;
  private final Map<String, Descriptor> messages;
  private final Map<String, String> comments;

  private ServiceCatalog(
      String hash,
      Map<String, FileDescriptor> linked,
      Collection<String> unlinked,
      Map<String, String> comments) {
    this.hash = hash;
    this.unlinked = List.copyOf(unlinked);
    this.comments = Map.copyOf(comments);
    this.files = List.copyOf(linked.values());
    this.services = new TreeMap<>();
    this.methods = new TreeMap<>();
    this.messages = new HashMap<>();
    for (FileDescriptor file : WellKnownFiles.BY_NAME.values()) {
      if (!linked.containsKey(file.getName())) {
        addMessages(file);
      }
    }
    files.forEach(this::addMessages);
    files.forEach(this::addServices);
  }

  /** A catalog without any services. */
  public static ServiceCatalog empty() {
    return of(List.of());
  }

  /**
   * A catalog from a serialized google.protobuf.FileDescriptorSet, as {@code protoc
   * --include_imports -o} writes it.
   *
   * @throws InvalidSchemaException when the bytes are malformed, an import is missing, or files
   *     contradict each other
   */
  public static ServiceCatalog ofDescriptorSet(byte[] descriptorSet) {
    try {
      return of(FileDescriptorSet.parseFrom(descriptorSet).getFileList());
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidSchemaException(
          "descriptor set: " + e.getMessage() + " (expected: a FileDescriptorSet)", e);
    }
  }

  /**
   * A catalog from serialized google.protobuf.FileDescriptorProtos, as reflection sends them.
   *
   * @throws InvalidSchemaException as {@link #ofDescriptorSet}
   */
  public static ServiceCatalog ofSerializedFiles(Collection<ByteString> files) {
    List<FileDescriptorProto> parsed = new ArrayList<>();
    files.forEach(file -> parsed.add(parse(file)));
    return ofParsed(parsed, new TreeMap<>());
  }

  /**
   * As {@link #ofSerializedFiles}, but files that lack an import are left out with their services;
   * see {@link #unlinked}.
   *
   * @throws InvalidSchemaException when files contradict each other
   */
  public static ServiceCatalog ofLinkableFiles(Collection<ByteString> files) {
    requireCount(files.size());
    Map<String, String> comments = new TreeMap<>();
    FileLinker linker = new FileLinker(comments);
    files.forEach(file -> linker.add(parse(file)));
    String hash = hash(linker.files(), comments);
    Map<String, String> unlinked = new TreeMap<>();
    Map<String, FileDescriptor> linked = linker.linkAll(unlinked);
    return new ServiceCatalog(hash, linked, unlinked.values(), comments);
  }

  /**
   * A catalog from file descriptors.
   *
   * @throws InvalidSchemaException as {@link #ofDescriptorSet}
   */
  public static ServiceCatalog of(Collection<FileDescriptorProto> files) {
    // Read again: who parsed them may not have known the annotations.
    return ofSerializedFiles(files.stream().map(FileDescriptorProto::toByteString).toList());
  }

  private static ServiceCatalog ofParsed(
      List<FileDescriptorProto> files, Map<String, String> comments) {
    requireCount(files.size());
    FileLinker linker = new FileLinker(comments);
    files.forEach(linker::add);
    String hash = hash(linker.files(), comments);
    return new ServiceCatalog(hash, linker.link(), List.of(), comments);
  }

  private static void requireCount(int files) {
    if (files > MAX_FILES) {
      throw new InvalidSchemaException("files: %d (expected: <= %d)".formatted(files, MAX_FILES));
    }
  }

  /** A hash of 64 hexadecimal digits; equal for the same files and comments, in any order. */
  public String hash() {
    return hash;
  }

  /** The linked files of the catalog, sorted by name. */
  public List<FileDescriptor> files() {
    return files;
  }

  /** The reasons why files were left out, sorted by the file name at their start. */
  public List<String> unlinked() {
    return unlinked;
  }

  /** The files, and this program's own well-known files that are not among them. */
  public List<FileDescriptor> typeFiles() {
    Set<String> own = new HashSet<>();
    files.forEach(file -> own.add(file.getName()));
    List<FileDescriptor> all = new ArrayList<>(files);
    for (FileDescriptor file : WellKnownFiles.BY_NAME.values()) {
      if (!own.contains(file.getName())) {
        all.add(file);
      }
    }
    return all;
  }

  /** The full names of the services, sorted. */
  public List<String> services() {
    return List.copyOf(services.keySet());
  }

  /** The service with a full name; empty for none. */
  public Optional<ServiceDescriptor> service(String fullName) {
    return Optional.ofNullable(services.get(fullName));
  }

  /** All methods, sorted by their full names. */
  public Collection<RpcMethod> methods() {
    return List.copyOf(methods.values());
  }

  /** The method {@code package.Service/Method}; empty for none. */
  public Optional<RpcMethod> method(String fullName) {
    return Optional.ofNullable(methods.get(fullName));
  }

  /**
   * The message type with a full name: of the files, google.rpc or google.protobuf. Used for the
   * content of an Any.
   */
  public Optional<Descriptor> message(String fullName) {
    return Optional.ofNullable(messages.get(fullName));
  }

  /**
   * The comment of a service, method, message, field, enum or value by its full name; "" for none.
   * Only files of {@code protoc --include_source_info} have comments.
   */
  public String comment(String fullName) {
    return comments.getOrDefault(fullName, "");
  }

  /**
   * A catalog of this and another one's services.
   *
   * @throws InvalidSchemaException as {@link #ofDescriptorSet}
   */
  public ServiceCatalog with(ServiceCatalog other) {
    List<FileDescriptorProto> all = new ArrayList<>();
    files.forEach(file -> all.add(parse(file.toProto().toByteString())));
    other.files.forEach(file -> all.add(parse(file.toProto().toByteString())));
    Map<String, String> both = new TreeMap<>(other.comments);
    both.putAll(comments);
    return ofParsed(all, both);
  }

  private void addServices(FileDescriptor file) {
    for (ServiceDescriptor service : file.getServices()) {
      ServiceDescriptor other = services.putIfAbsent(service.getFullName(), service);
      if (other != null) {
        throw definedTwice(service.getFullName(), other.getFile(), file);
      }
      for (MethodDescriptor method : service.getMethods()) {
        RpcMethod rpc = RpcMethod.of(method);
        methods.put(rpc.fullName(), rpc);
      }
    }
  }

  private void addMessages(FileDescriptor file) {
    Deque<Descriptor> open = new ArrayDeque<>(file.getMessageTypes());
    while (!open.isEmpty()) {
      Descriptor message = open.removeFirst();
      Descriptor other = messages.putIfAbsent(message.getFullName(), message);
      if (other != null) {
        if (WellKnownFiles.BY_NAME.containsValue(other.getFile())) {
          messages.put(message.getFullName(), message);
        } else {
          throw definedTwice(message.getFullName(), other.getFile(), file);
        }
      }
      open.addAll(message.getNestedTypes());
    }
  }

  private static InvalidSchemaException definedTwice(
      String type, FileDescriptor one, FileDescriptor other) {
    return new InvalidSchemaException(
        "%s: defined by %s and %s (expected: by one file)"
            .formatted(type, one.getName(), other.getName()));
  }

  private static FileDescriptorProto parse(ByteString file) {
    try {
      return FileDescriptorProto.parseFrom(file, ANNOTATIONS);
    } catch (InvalidProtocolBufferException e) {
      throw new InvalidSchemaException(
          "file: " + e.getMessage() + " (expected: a FileDescriptorProto)", e);
    }
  }

  private static String hash(Collection<FileDescriptorProto> files, Map<String, String> comments) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      files.forEach(file -> digest.update(file.toByteArray()));
      comments.forEach(
          (name, text) -> digest.update((name + '\n' + text).getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 (expected: in every JDK)", e);
    }
  }

  private static ExtensionRegistry annotations() {
    ExtensionRegistry registry = ExtensionRegistry.newInstance();
    AnnotationsProto.registerAllExtensions(registry);
    return registry.getUnmodifiable();
  }
}
