package dev.holdfast.gateway.limits;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of {@link GatewayMemory} that one event loop has in hand, taken and returned in steps,
 * the last of which it keeps, so that loops rarely meet. On its loop only.
 *
 * <p>When there is no room left the heaviest account of the loop has calls ended, as long as it
 * holds more than the fair share of an account; if none does, the other loops are asked for theirs.
 */
public final class LoopMemory {
  private static final Logger log = LoggerFactory.getLogger(LoopMemory.class);
  static final long STEP_BYTES = 65_536;

  private final GatewayMemory all;
  private final Executor loop;

  /** Accounts that hold more than next to nothing, in no order. */
  private final List<MemoryAccount> heavy = new ArrayList<>();

  private volatile int heavyCount;
  private long usedBytes;
  private long leasedBytes;
  private boolean relieving;

  LoopMemory(GatewayMemory all, Executor loop) {
    this.all = all;
    this.loop = loop;
  }

  /**
   * The account of a client connection on this loop.
   *
   * @param holder ends its calls when it holds too much
   */
  public MemoryAccount account(long limitBytes, MemoryAccount.Holder holder) {
    return MemoryAccount.of(this, limitBytes, holder);
  }

  /** The account of calls that the gateway makes for itself. */
  public MemoryAccount ownAccount() {
    return MemoryAccount.unbounded(this);
  }

  /** Counts bytes that are kept from now on, always; whether there is room for them. */
  public boolean take(long bytes) {
    usedBytes += bytes;
    if (usedBytes <= leasedBytes || lease()) {
      return true;
    }
    if (!relieving) {
      relieving = true;
      later(this::relieve);
    }
    return false;
  }

  /** Bytes that were taken are kept no longer. */
  public void give(long bytes) {
    usedBytes -= bytes;
    if (leasedBytes - usedBytes > 2 * STEP_BYTES) {
      long kept = steps(usedBytes) + STEP_BYTES;
      all.giveBack(leasedBytes - kept);
      leasedBytes = kept;
    }
  }

  /** Whether more is kept than there is room for. */
  public boolean isFull() {
    return usedBytes > leasedBytes && !lease();
  }

  /** What is kept now. */
  public long usedBytes() {
    return usedBytes;
  }

  /** How many accounts hold more than next to nothing; on any thread. */
  int heavyCount() {
    return heavyCount;
  }

  void addHeavy(MemoryAccount account) {
    account.index = heavy.size();
    heavy.add(account);
    heavyCount = heavy.size();
  }

  void removeHeavy(MemoryAccount account) {
    MemoryAccount last = heavy.remove(heavy.size() - 1);
    if (last != account) {
      heavy.set(account.index, last);
      last.index = account.index;
    }
    account.index = -1;
    heavyCount = heavy.size();
  }

  /** Another loop has no room; on any thread. */
  void relieveOther() {
    later(
        () -> {
          if (all.isFull()) {
            relieveHeaviest();
          }
        });
  }

  /** Runs a task behind what the loop does now; on any thread. */
  void later(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and nothing is held there any more.
      log.debug("event=relief_refused cause=\"{}\"", e.getMessage());
    }
  }

  private void relieve() {
    relieving = false;
    while (isFull()) {
      if (!relieveHeaviest()) {
        all.relieveOthers(this);
        return;
      }
    }
  }

  private boolean relieveHeaviest() {
    MemoryAccount heaviest = heaviest();
    return heaviest != null
        && heaviest.bytes() > all.fairShareBytes()
        && heaviest.relieve(MetLimit.MEMORY);
  }

  private @Nullable MemoryAccount heaviest() {
    MemoryAccount heaviest = null;
    for (MemoryAccount each : heavy) {
      if (heaviest == null || each.bytes() > heaviest.bytes()) {
        heaviest = each;
      }
    }
    return heaviest;
  }

  private boolean lease() {
    long more = steps(usedBytes) - leasedBytes;
    if (!all.lease(more)) {
      return false;
    }
    leasedBytes += more;
    return true;
  }

  private static long steps(long bytes) {
    return (bytes + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
  }
}
