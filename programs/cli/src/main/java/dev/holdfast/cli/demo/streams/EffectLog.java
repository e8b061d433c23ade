package dev.holdfast.cli.demo.streams;

import dev.holdfast.streams.grpc.StreamPosition;
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
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The log of effects of one server process: a line for each reading that a handler received. A line
 * carries the position that Holdfast gave the message ({@link StreamPosition}), if any. The line is
 * written to the kernel before the handler goes on, so it survives SIGKILL. Thread-safe.
 */
final class EffectLog implements AutoCloseable {
  static final String SUFFIX = ".effects";

  private static final String NAMELESS = "-";

  /** The end marker of a complete line. A line that a kill cut off lacks the marker. */
  private static final String END = " .";

  private final FileChannel file;

  EffectLog(Path path) throws IOException {
    file = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** A handler acts on a reading. */
  synchronized void append(String device, long number, Optional<StreamPosition> name) {
    String position = name.map(at -> at.session() + ":" + at.number()).orElse(NAMELESS);
    ByteBuffer line =
        ByteBuffer.wrap(
            (device + " " + number + " " + position + END + "\n")
                .getBytes(StandardCharsets.US_ASCII));
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
   * The effects of all server processes for one device.
   *
   * @param distinct readings that were handled at least once
   * @param repeated further times that a reading was handled
   * @param unrecognised repetitions whose message had another position than the first time, so that
   *     deduplication by position would not have caught them
   */
  record Effects(long distinct, long repeated, long unrecognised) {
    static final Effects NONE = new Effects(0, 0, 0);

    Effects plus(Effects other) {
      return new Effects(
          distinct + other.distinct, repeated + other.repeated, unrecognised + other.unrecognised);
    }
  }

  /** Adds up the logs of a folder, by device. A line cut off by a kill was not acted on. */
  static Map<String, Effects> read(Path folder) throws IOException {
    Map<String, Seen> devices = new HashMap<>();
    List<Path> logs;
    try (Stream<Path> files = Files.list(folder)) {
      logs = files.filter(file -> file.toString().endsWith(SUFFIX)).toList();
    }
    for (Path log : logs) {
      try (Stream<String> lines = Files.lines(log, StandardCharsets.US_ASCII)) {
        lines
            .filter(line -> line.endsWith(END))
            .map(line -> line.split(" ", -1))
            .forEach(
                line ->
                    devices
                        .computeIfAbsent(line[0], name -> new Seen())
                        .add(Integer.parseInt(line[1]), line[2]));
      }
    }
    Map<String, Effects> effects = new HashMap<>();
    devices.forEach((device, seen) -> effects.put(device, seen.effects));
    return effects;
  }

  /**
   * The readings of one device seen so far. The stream of a device is one session, so the number
   * alone identifies a position in it.
   */
  private static final class Seen {
    private final BitSet numbers = new BitSet();
    private String session = "";
    private Effects effects = Effects.NONE;

    void add(int number, String position) {
      int colon = position.indexOf(':');
      String of = colon < 0 ? "" : position.substring(0, colon);
      boolean first = !numbers.get(number);
      if (session.isEmpty()) {
        session = of;
      }
      boolean sameName = of.equals(session) && position.endsWith(":" + number);
      effects = effects.plus(first ? new Effects(1, 0, 0) : new Effects(0, 1, sameName ? 0 : 1));
      numbers.set(number);
    }
  }
}
