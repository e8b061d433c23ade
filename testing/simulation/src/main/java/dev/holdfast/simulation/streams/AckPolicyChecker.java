package dev.holdfast.simulation.streams;

import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The acks of one client beside those that the newest welcome asked for. */
final class AckPolicyChecker {
  private final StreamSimulation world;
  private @Nullable SimulatedStreamCall call;
  private @Nullable Welcome asked;
  private long told;
  private @Nullable Duration unsaidSince;

  AckPolicyChecker(StreamSimulation world) {
    this.world = world;
  }

  /** Records that this call carries the session from now on. */
  void onWelcome(SimulatedStreamCall on, Welcome welcome) {
    Welcome before = asked;
    if (before != null && before.ackEvery() != welcome.ackEvery()) {
      world.mark(StreamCoverage.ACKS_ASKED_ANEW);
    }
    call = on;
    asked = welcome;
    told = on.hello.watermark();
    unsaidSince = null;
  }

  void onSend(SimulatedStreamCall on, @Nullable FrameHeader header) {
    if (on == call && header != null && header.ack() > told) {
      told = header.ack();
      unsaidSince = null;
    }
  }

  /** All that the client does now is done. */
  void check(ClientSession session, SessionOracle ledger) {
    SimulatedStreamCall on = call;
    Welcome welcome = asked;
    if (on == null || welcome == null || session.state().isTerminal() || on.isDoneHere(true)) {
      return;
    }
    long unsaid = session.processed() - told;
    // Where the request side is closed the handshake of another attachment says it; and over a path
    // where each later one is so, not before credit is due.
    boolean later = !on.hello.token().isNone();
    boolean handshakes =
        on.isAnsweredOneWay()
            && (later
                || session.state() == SessionState.DRAIN
                || session.state() == SessionState.HANDOVER);
    if (!session.state().isAttached() || unsaid == 0 || handshakes) {
      unsaidSince = null;
      return;
    }
    Duration now = world.time.elapsed();
    Duration since = unsaidSince == null ? now : unsaidSince;
    unsaidSince = since;
    long waitsMillis = now.minus(since).toMillis();
    boolean soon = unsaid < welcome.ackEvery() && waitsMillis <= welcome.ackDelayMillis();
    ledger.require(
        soon || !on.isClientWritable(),
        Guarantee.STREAM_ACKS_AS_ASKED,
        "%d processed and not acknowledged for %d ms (asked: every %d, within %d ms)"
            .formatted(unsaid, waitsMillis, welcome.ackEvery(), welcome.ackDelayMillis()));
  }
}
