package dev.holdfast.cli.demo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What the handlers of one server process did: a line for each reading that one was given. It is
 * with the kernel before the handler goes on, so it survives SIGKILL. Thread-safe.
 */
final class EffectLog implements AutoCloseable {
  static final String SUFFIX = ".effects";

  private final FileChannel file;

  EffectLog(Path path) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** A handler acts on a reading. */
  synchronized void append(String device, long number) {
    ByteBuffer line =
        ByteBuffer.wrap((device + " " + number + "\n").getBytes(StandardCharsets.US_ASCII));
    try {
      while (line.hasRemaining()) {
        file.write(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("effects", e);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /**
   * What all server processes did for one device.
   *
   * @param distinct readings that were acted on
   * @param repeated times that one was acted on again
   */
  record Effects(long distinct, long repeated) {
    static final Effects NONE = new Effects(0, 0);

    Effects plus(Effects other) {
      return new Effects(distinct + other.distinct, repeated + other.repeated);
    }
  }

  /** Adds up the logs of a folder, by device. A line cut off by a kill was not acted on. */
  static Map<String, Effects> read(Path folder) throws IOException {
    Map<String, BitSet> seen = new HashMap<>();
    Map<String, Effects> effects = new HashMap<>();
    List<Path> logs;
    try (Stream<Path> files = Files.list(folder)) {
      logs = files.filter(file -> file.toString().endsWith(SUFFIX)).toList();
    }
    for (Path log : logs) {
      String text = Files.readString(log, StandardCharsets.US_ASCII);
      text.substring(0, text.lastIndexOf('\n') + 1)
          .lines()
          .forEach(
              line -> {
                int blank = line.indexOf(' ');
                String device = line.substring(0, blank);
                int number = Integer.parseInt(line.substring(blank + 1));
                BitSet numbers = seen.computeIfAbsent(device, name -> new BitSet());
                Effects one = numbers.get(number) ? new Effects(0, 1) : new Effects(1, 0);
                numbers.set(number);
                effects.merge(device, one, Effects::plus);
              });
    }
    return effects;
  }
}
