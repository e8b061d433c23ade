package dev.holdfast.bench.deploy;

import dev.holdfast.bench.deploy.DeliveryLedger.Account;
import dev.holdfast.bench.deploy.DeliveryLedger.Entry;
import dev.holdfast.bench.deploy.DeliveryLedger.Role;
import dev.holdfast.bench.deploy.MessageRuns.Run;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The comparison of what was sent with what was taken, over the ledgers of all processes: the runs
 * that the receivers of a stream took have to cover each number from 1 to the last one that was
 * sent, once, and each receiver has to have taken them in order.
 *
 * @param streams streams whose ledgers were compared, each direction by itself
 * @param sent messages that were sent
 * @param lost messages that nobody took
 * @param duplicated messages that were taken again, or that nobody sent
 * @param reordered times that a receiver took a message before an earlier one
 */
record LedgerAudit(int streams, long sent, long lost, long duplicated, long reordered) {

  static LedgerAudit of(Collection<Entry> entries) {
    Map<Account, List<Entry>> byAccount = new HashMap<>();
    entries.forEach(
        entry -> byAccount.computeIfAbsent(entry.account(), a -> new ArrayList<>()).add(entry));
    LedgerAudit sum = new LedgerAudit(0, 0, 0, 0, 0);
    for (List<Entry> account : byAccount.values()) {
      sum = sum.plus(ofAccount(account));
    }
    return sum;
  }

  /** An account by which something is wrong, for people; null when there is none. */
  static @Nullable String firstFault(Collection<Entry> entries) {
    Map<Account, List<Entry>> byAccount = new HashMap<>();
    entries.forEach(
        entry -> byAccount.computeIfAbsent(entry.account(), a -> new ArrayList<>()).add(entry));
    return byAccount.values().stream()
        .filter(account -> !ofAccount(account).isClean())
        .findFirst()
        .map(account -> String.join("; ", account.stream().map(Entry::line).toList()))
        .orElse(null);
  }

  private boolean isClean() {
    return lost == 0 && duplicated == 0 && reordered == 0;
  }

  private LedgerAudit plus(LedgerAudit other) {
    return new LedgerAudit(
        streams + other.streams,
        sent + other.sent,
        lost + other.lost,
        duplicated + other.duplicated,
        reordered + other.reordered);
  }

  private static LedgerAudit ofAccount(List<Entry> account) {
    long sent = 0;
    long reordered = 0;
    List<Run> taken = new ArrayList<>();
    for (Entry entry : account) {
      if (entry.role() == Role.SENT) {
        sent = Math.max(sent, entry.runs().stream().mapToLong(Run::last).max().orElse(0));
      } else {
        taken.addAll(entry.runs());
        reordered += descents(entry.runs());
      }
    }
    taken.sort(Comparator.comparingLong(Run::first));
    long covered = 0;
    long distinct = 0;
    long all = 0;
    for (Run run : taken) {
      all += run.last() - run.first() + 1;
      long from = Math.max(run.first(), covered + 1);
      long upTo = Math.min(run.last(), sent);
      distinct += Math.max(0, upTo - from + 1);
      covered = Math.max(covered, run.last());
    }
    return new LedgerAudit(1, sent, sent - distinct, all - distinct, reordered);
  }

  private static long descents(List<Run> runs) {
    long descents = 0;
    for (int i = 1; i < runs.size(); i++) {
      descents += Objects.requireNonNull(runs.get(i)).first() <= runs.get(i - 1).last() ? 1 : 0;
    }
    return descents;
  }
}
