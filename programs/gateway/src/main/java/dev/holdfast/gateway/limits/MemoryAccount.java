package dev.holdfast.gateway.limits;

import org.jspecify.annotations.Nullable;

/**
 * The buffer memory account of one client connection, or of one call within it: bytes that the
 * gateway holds on behalf of that client, in either direction. Confined to one event loop. Envoy's
 * buffer memory account is the same idea.
 *
 * <p>A charge never fails. If the account exceeds its own limit, its {@link AccountOwner} must end
 * calls. So must the heaviest account's when the process has no memory left. The holder is called
 * in a task of its own, behind the event loop's current work.
 */
public final class MemoryAccount {
  /** The owner of an account, which can end its calls. */
  @FunctionalInterface
  public interface AccountOwner {
    /**
     * Ends the call that holds the most and credits its bytes before this returns.
     *
     * @param why the limit that was met; with {@link MetLimit#CONNECTION_BYTES} a call that holds
     *     all of them alone is spared: its message limit bounds it
     */
    void endHeaviestCall(MetLimit why);
  }

  private static final AccountOwner NOBODY = why -> {};

  private final LoopMemory memory;
  private final @Nullable MemoryAccount parent;
  private final AccountOwner accountOwner;
  private final long limitBytes;
  private long bytes;
  private boolean relieving;

  /**
   * The index in the list of heavy accounts of {@link LoopMemory}; -1 for an account that is not
   * heavy.
   */
  int index = -1;

  private MemoryAccount(
      LoopMemory memory,
      @Nullable MemoryAccount parent,
      AccountOwner accountOwner,
      long limitBytes) {
    this.memory = memory;
    this.parent = parent;
    this.accountOwner = accountOwner;
    this.limitBytes = limitBytes;
  }

  /** The account of a client connection. */
  static MemoryAccount of(LoopMemory memory, long limitBytes, AccountOwner accountOwner) {
    return new MemoryAccount(memory, null, accountOwner, limitBytes);
  }

  /** An account for calls of the gateway itself, which are bounded elsewhere. */
  static MemoryAccount unbounded(LoopMemory memory) {
    return new MemoryAccount(memory, null, NOBODY, Long.MAX_VALUE);
  }

  /** The account of one call: its bytes are this account's bytes as well. */
  public MemoryAccount call() {
    return new MemoryAccount(memory, this, NOBODY, Long.MAX_VALUE);
  }

  /**
   * Counts bytes that are held from now on.
   *
   * @return whether the account and the process have room for them
   */
  public boolean charge(long more) {
    bytes += more;
    MemoryAccount whole = parent;
    if (whole != null) {
      return whole.charge(more);
    }
    if (bytes > GatewayMemory.FREE_BYTES && index < 0 && accountOwner != NOBODY) {
      memory.addHeavy(this);
    }
    boolean room = memory.take(more);
    if (bytes > limitBytes) {
      relieveLater();
      return false;
    }
    return room;
  }

  /** Gives back bytes that were charged. */
  public void credit(long fewer) {
    bytes -= fewer;
    MemoryAccount whole = parent;
    if (whole != null) {
      whole.credit(fewer);
      return;
    }
    if (index >= 0 && bytes <= GatewayMemory.FREE_BYTES / 2) {
      memory.removeHeavy(this);
    }
    memory.give(fewer);
  }

  /** The bytes that are held in this account. */
  public long bytes() {
    return bytes;
  }

  /**
   * Whether the account should hold no more: the process has no room, and the account holds more
   * than {@link GatewayMemory#FREE_BYTES}.
   */
  public boolean isScarce() {
    return bytes > GatewayMemory.FREE_BYTES && memory.isFull();
  }

  /**
   * Ends the heaviest call of the account's holder.
   *
   * @return whether that gave bytes back
   */
  boolean relieve(MetLimit why) {
    long before = bytes;
    accountOwner.endHeaviestCall(why);
    return bytes < before;
  }

  private void relieveLater() {
    if (!relieving) {
      relieving = true;
      memory.later(this::relieveOwn);
    }
  }

  private void relieveOwn() {
    relieving = false;
    boolean relieved = true;
    while (relieved && bytes > limitBytes) {
      relieved = relieve(MetLimit.CONNECTION_BYTES);
    }
  }
}
