package dev.holdfast.control;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.annotation.Limit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.zip.CRC32;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that holds the names of all services and their numbers of endpoints. Core keeps the
 * endpoints themselves beside it. The file lets a control plane that starts during a registry
 * outage know the complete set of services.
 *
 * <p>A write replaces the file atomically, with a checksum. Disk failures do not change what is
 * served; a failure is logged once until it is over. Confined to one thread at a time.
 */
final class ServicesFile {
  private static final Logger log = LoggerFactory.getLogger(ServicesFile.class);

  private static final String HEAD = "holdfast-services 1";
  private static final String LAST = "crc32 ";

  @Limit(
      of = "the list of services on disk",
      then = "a larger one is not read, and the registry is awaited")
  private static final int MAX_BYTES = 8 << 20;

  private final Path file;
  private boolean failing;

  ServicesFile(Path file) {
    this.file = file;
  }

  /** The file of a namespace of a registry in a directory. */
  static ServicesFile of(Path directory, String registry, String namespace) {
    CRC32 crc = new CRC32();
    crc.update((registry + "\n" + namespace).getBytes(StandardCharsets.UTF_8));
    String readable = namespace.isEmpty() ? "all" : namespace.replace('/', '~');
    return new ServicesFile(
        directory.resolve(readable + "-" + Long.toHexString(crc.getValue()) + ".services"));
  }

  /** The services and their numbers of endpoints; empty when there is no file that can be used. */
  Optional<Map<String, Integer>> read() {
    try {
      if (Files.size(file) > MAX_BYTES) {
        failed("read", "larger than " + MAX_BYTES + " bytes");
        return Optional.empty();
      }
      return Optional.of(parse(Files.readString(file)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      failed("read", IoErrorText.of(e));
      return Optional.empty();
    }
  }

  /** Replaces the file atomically; a failure is logged and not thrown. */
  void write(Map<String, Integer> endpoints) {
    Path aside = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".new");
    try {
      Path directory = file.toAbsolutePath().getParent();
      Files.createDirectories(directory);
      try (FileChannel channel =
          FileChannel.open(aside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(format(endpoints));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
        Files.move(
            aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(aside);
      }
      if (failing) {
        failing = false;
        log.info("event=services_file_restored file={}", file);
      }
    } catch (IOException e) {
      failed("write", IoErrorText.of(e));
    }
  }

  static String format(Map<String, Integer> endpoints) {
    StringBuilder text = new StringBuilder(HEAD).append('\n');
    new TreeMap<>(endpoints)
        .forEach((name, count) -> text.append(name).append('\t').append(count).append('\n'));
    return text + LAST + checksum(text.toString()) + "\n";
  }

  /**
   * Reads what {@link #format} wrote.
   *
   * @throws IllegalArgumentException when it is anything else, or half of it
   */
  static Map<String, Integer> parse(String text) {
    int last = text.lastIndexOf(LAST);
    if (!text.startsWith(HEAD + "\n")
        || last < 0
        || !text.substring(last).equals(LAST + checksum(text.substring(0, last)) + "\n")) {
      throw new IllegalArgumentException("not a list of services, or half of one");
    }
    List<String> lines = text.substring(0, last).lines().skip(1).toList();
    Map<String, Integer> endpoints = new TreeMap<>();
    for (String line : lines) {
      String[] fields = line.split("\t", -1);
      if (fields.length != 2) {
        throw new IllegalArgumentException("fields: " + fields.length + " (expected: 2)");
      }
      endpoints.put(ServiceName.parse(fields[0]).toString(), Integer.parseInt(fields[1]));
    }
    return endpoints;
  }

  private static String checksum(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }

  private void failed(String operation, String why) {
    if (!failing) {
      failing = true;
      log.warn(
          "event=services_file_failed operation={} file={} cause=\"{}\"", operation, file, why);
    }
  }
}
