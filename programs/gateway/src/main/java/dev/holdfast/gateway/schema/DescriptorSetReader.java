package dev.holdfast.gateway.schema;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.frontend.json.JsonMapping;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reader of descriptor sets, as {@code protoc --include_imports -o} writes them. */
public final class DescriptorSetReader {
  @Limit(of = "a file of descriptors", then = "a larger one is refused")
  static final int MAX_BYTES = 64 << 20;

  /** The maximum number of files of one cluster. */
  @Limit(of = "files of descriptors of one cluster", then = "the configuration is refused")
  public static final int MAX_FILES = 64;

  private DescriptorSetReader() {}

  /**
   * The file descriptors of one descriptor set.
   *
   * @throws IllegalArgumentException that names the file, when it can't be read or is no descriptor
   *     set
   */
  public static List<FileDescriptorProto> read(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IllegalArgumentException(
            file + ": too large (expected: <= " + MAX_BYTES + " bytes)");
      }
      List<FileDescriptorProto> files = FileDescriptorSet.parseFrom(bytes).getFileList();
      if (files.isEmpty() || files.stream().anyMatch(each -> each.getName().isEmpty())) {
        throw noSet(file, null);
      }
      return files;
    } catch (InvalidProtocolBufferException e) {
      throw noSet(file, e);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          file + ": not there (expected: a file of protoc --descriptor_set_out)", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": can't be read: " + IoErrorText.of(e), e);
    }
  }

  /**
   * The schema of file descriptors.
   *
   * @throws IllegalArgumentException when an import is missing, files contradict each other, or
   *     there is no service
   */
  public static ServiceSchema schema(List<FileDescriptorProto> files, JsonMapping terms) {
    ServiceCatalog catalog = ServiceCatalog.of(files);
    if (catalog.services().isEmpty()) {
      throw new IllegalArgumentException("no service (expected: at least one)");
    }
    return new ServiceSchema(
        Set.copyOf(catalog.services()), Optional.of(terms.transcoder(catalog)), catalog.hash(), "");
  }

  /**
   * The parts of descriptor sets that are not served, each with the reason.
   *
   * @throws IllegalArgumentException as {@link #schema} and {@link #read}
   */
  public static List<String> rejected(List<Path> files) {
    return schema(files, JsonMapping.DEFAULT).rejected();
  }

  static ServiceSchema schema(Iterable<Path> files, JsonMapping terms) {
    List<FileDescriptorProto> all = new ArrayList<>();
    for (Path file : files) {
      all.addAll(read(file));
    }
    return schema(all, terms);
  }

  private static IllegalArgumentException noSet(Path file, @Nullable Throwable cause) {
    return new IllegalArgumentException(
        file
            + ": no descriptor set (expected: a file of protoc --include_imports"
            + " --descriptor_set_out)",
        cause);
  }
}
