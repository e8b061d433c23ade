package dev.holdfast.bench.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * The messages that the applications of one process have sent and taken, by stream and direction.
 * Written to a file when the process ends, of which {@link LedgerAudit} reads those of all
 * processes. Thread-safe.
 */
final class DeliveryLedger {
  /** The side of a stream that sends. */
  enum Direction {
    FROM_CLIENT,
    FROM_SERVER
  }

  /** What the process did with the messages. */
  enum Role {
    SENT,
    TAKEN
  }

  /** A stream's messages in one direction. */
  record Account(StreamKind kind, long stream, Direction direction) {}

  /** Runs of one handler, or of one client. */
  record Entry(Account account, Role role, List<MessageRuns.Run> runs) {
    String line() {
      StringBuilder line = new StringBuilder();
      line.append(account.kind()).append(' ').append(account.stream()).append(' ');
      line.append(account.direction()).append(' ').append(role);
      runs.forEach(run -> line.append(' ').append(run.first()).append('-').append(run.last()));
      return line.toString();
    }

    static Entry parse(String line) {
      String[] words = line.split(" ", -1);
      List<MessageRuns.Run> runs = new ArrayList<>();
      for (int i = FIXED_WORDS; i < words.length; i++) {
        String[] ends = words[i].split("-", -1);
        runs.add(new MessageRuns.Run(Long.parseLong(ends[0]), Long.parseLong(ends[1])));
      }
      Account account =
          new Account(
              StreamKind.valueOf(words[0]), Long.parseLong(words[1]), Direction.valueOf(words[2]));
      return new Entry(account, Role.valueOf(words[FIXED_WORDS - 1]), runs);
    }
  }

  private record OpenEntry(Account account, Role role, MessageRuns runs) {}

  private static final int FIXED_WORDS = 4;

  private final Queue<OpenEntry> entries = new ConcurrentLinkedQueue<>();

  /** Opens an entry for one handler, or one client. */
  MessageRuns open(StreamKind kind, long stream, Direction direction, Role role) {
    MessageRuns runs = new MessageRuns();
    entries.add(new OpenEntry(new Account(kind, stream, direction), role, runs));
    return runs;
  }

  void write(Path file) {
    try {
      Files.write(
          file,
          entries.stream()
              .map(open -> new Entry(open.account(), open.role(), open.runs().runs()).line())
              .toList());
    } catch (IOException e) {
      throw new UncheckedIOException("the ledger can't be written", e);
    }
  }

  /** The entries of a file; fails when the process has not written it. */
  static List<Entry> read(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(Entry::parse).toList();
  }
}
