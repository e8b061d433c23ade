package dev.holdfast.grpc;

import dev.holdfast.core.Backoff;
import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The schedule of an endpoint's twins: a turn among all endpoints of the process, and a backoff
 * after a failed twin. Confined to the channel's SynchronizationContext.
 */
final class TwinTurns {
  /**
   * The backoff between two twins: short enough for a network that is back, and long enough against
   * connection storms.
   */
  static final Backoff.Options PAUSES =
      new Backoff.Options(Duration.ofSeconds(1), Duration.ofSeconds(15));

  private final Helper helper;
  private final TwinLimit limit;
  private final Backoff backoff;
  private final Runnable open;
  private TwinLimit.@Nullable Turn turn;
  private final Alarm pause;

  /**
   * @param open opens a twin; called in the SynchronizationContext, later than what asked for it
   */
  TwinTurns(Helper helper, ChannelPairing pairing, Runnable open) {
    this.helper = helper;
    this.limit = pairing.limit();
    this.backoff = new Backoff(PAUSES, pairing.random());
    this.open = open;
    this.pause = new Alarm(helper);
  }

  /**
   * Starts a race between the connection and a twin.
   *
   * @param atOnce false when the connection sent nothing since it won the last race; the race then
   *     begins with a pause, as after a failed twin
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
   * The twin of this turn has failed and is let go: the next turn, after a pause.
   *
   * <p>grpc ends a subchannel seconds after it was told to, and until then connects it again: where
   * nobody answers, its place is taken for as long. Being refused costs the network nothing.
   */
  void again(Leg failed, boolean refused) {
    if (refused) {
      closeTurn();
    }
    TwinLimit.Turn held = turn;
    turn = null;
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
    TwinLimit.Turn[] asked = new TwinLimit.Turn[1];
    asked[0] = limit.request(isFirst, () -> context.execute(() -> open(asked[0])));
    turn = asked[0];
  }

  private void open(TwinLimit.@Nullable Turn given) {
    // One that was closed in the moment it came is nobody's.
    if (given != null && given == turn) {
      open.run();
    }
  }

  private void closeTurn() {
    TwinLimit.Turn held = turn;
    turn = null;
    if (held != null) {
      held.close();
    }
  }
}
