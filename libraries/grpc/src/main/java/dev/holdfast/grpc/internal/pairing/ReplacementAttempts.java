package dev.holdfast.grpc.internal.pairing;

import dev.holdfast.core.Backoff;
import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The schedule of an endpoint's replacements: a turn among all endpoints of the process, and a
 * backoff after a failed replacement. Confined to the channel's SynchronizationContext.
 */
public final class ReplacementAttempts {
  /**
   * The backoff between two replacements: short enough for a network that is back, and long enough
   * against connection storms.
   */
  public static final Backoff.BackoffOptions PAUSES =
      new Backoff.BackoffOptions(Duration.ofSeconds(1), Duration.ofSeconds(15));

  private final Helper helper;
  private final ReplacementLimit limit;
  private final Backoff backoff;
  private final Runnable open;
  private ReplacementLimit.@Nullable ReplacementPermit replacementPermit;
  private final SyncContextTimer pause;

  /**
   * @param open opens a replacement; called in the SynchronizationContext, later than what asked
   *     for it
   */
  ReplacementAttempts(Helper helper, PairingContext pairing, Runnable open) {
    this.helper = helper;
    this.limit = pairing.limit();
    this.backoff = new Backoff(PAUSES, pairing.random());
    this.open = open;
    this.pause = new SyncContextTimer(helper);
  }

  /**
   * Starts a race between the connection and a replacement.
   *
   * @param atOnce false when the connection sent nothing since it won the last race; the race then
   *     begins with a pause, as after a failed replacement
   */
  void begin(boolean atOnce) {
    if (atOnce) {
      backoff.reset();
      request(true);
    } else {
      pause();
    }
  }

  /**
   * The replacement of this turn has failed and is let go: the next turn, after a pause.
   *
   * <p>grpc ends a subchannel seconds after it was told to, and until then connects it again: where
   * nobody answers, its place is taken for as long. Being refused costs the network nothing.
   */
  void again(PairMember failed, boolean refused) {
    if (refused) {
      closeTurn();
    }
    ReplacementLimit.ReplacementPermit held = replacementPermit;
    replacementPermit = null;
    failed.shutdown(held == null ? () -> {} : held::close);
    pause();
  }

  private void pause() {
    pause.set(backoff.next().toNanos(), () -> request(false));
  }

  /** Ends the race: gives up the turn and the pause. */
  void end() {
    closeTurn();
    pause.cancel();
  }

  private void request(boolean isFirst) {
    SynchronizationContext context = helper.getSynchronizationContext();
    ReplacementLimit.ReplacementPermit[] asked = new ReplacementLimit.ReplacementPermit[1];
    asked[0] = limit.request(isFirst, () -> context.execute(() -> open(asked[0])));
    replacementPermit = asked[0];
  }

  private void open(ReplacementLimit.@Nullable ReplacementPermit given) {
    // One that was closed in the moment it came is nobody's.
    if (given != null && given == replacementPermit) {
      open.run();
    }
  }

  private void closeTurn() {
    ReplacementLimit.ReplacementPermit held = replacementPermit;
    replacementPermit = null;
    if (held != null) {
      held.close();
    }
  }
}
