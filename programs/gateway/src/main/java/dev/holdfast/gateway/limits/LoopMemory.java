package dev.holdfast.gateway.limits;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The part of {@link GatewayMemory} that one event loop has leased. Confined to that loop.
 *
 * <p>Leases are taken and returned in steps. The loop keeps a spare step, so that it rarely touches
 * the shared counter.
 *
 * <p>When there is no room, the heaviest account of the loop has calls ended, as long as it holds
 * more than the fair share. If no account does, the other loops relieve theirs.
 */
public final class LoopMemory {
  private static final Logger log = LoggerFactory.getLogger(LoopMemory.class);
  static final long STEP_BYTES = 65_536;

  private final GatewayMemory all;
  private final Executor loop;

  /** The accounts that hold more than {@link GatewayMemory#FREE_BYTES}, in no order. */
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
   * @param accountOwner ends its calls when it holds too much
   */
  public MemoryAccount account(long limitBytes, MemoryAccount.AccountOwner accountOwner) {
    return MemoryAccount.of(this, limitBytes, accountOwner);
  }

  /** Creates the account of calls that the gateway itself makes. */
  public MemoryAccount ownAccount() {
    return MemoryAccount.unbounded(this);
  }

  /**
   * Counts bytes that are held from now on, in any case.
   *
   * @return whether there is room for them
   */
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

  /** Gives back bytes that were taken. */
  public void give(long bytes) {
    usedBytes -= bytes;
    if (leasedBytes - usedBytes > 2 * STEP_BYTES) {
      long kept = steps(usedBytes) + STEP_BYTES;
      all.giveBack(leasedBytes - kept);
      leasedBytes = kept;
    }
  }

  /** Whether more bytes are held than there is room for. */
  public boolean isFull() {
    return usedBytes > leasedBytes && !lease();
  }

  /** The bytes that are held on this loop. */
  public long usedBytes() {
    return usedBytes;
  }

  /** The number of accounts that hold more than {@link GatewayMemory#FREE_BYTES}. Thread-safe. */
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

  /**
   * Relieves the heaviest account if the memory is still full, for another loop that has no room.
   * Thread-safe.
   */
  void relieveOther() {
    later(
        () -> {
          if (all.isFull()) {
            relieveHeaviest();
          }
        });
  }

  /** Runs a task behind the loop's current work. Thread-safe. */
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
