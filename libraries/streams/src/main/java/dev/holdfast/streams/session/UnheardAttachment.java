package dev.holdfast.streams.session;

import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.SessionOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The rules by which a server ends an attachment on which it hears nothing: after {@code silent},
 * if that is set, and when a hop may hold the response until it is complete.
 *
 * <p>A client that gets no answer ends its request side. From then on it can acknowledge what comes
 * only on another attachment, which it opens when it has the welcome. If it does not, the end of
 * the call brings welcome and messages through such a hop, and the client comes again. An
 * attachment that was half-closed together with its hello, by a client that had a welcome before,
 * is not ended: the client knows that answers arrive there ({@link HalfDuplexPath}).
 */
@PureCore
final class UnheardAttachment {
  /**
   * A client waits for {@code assumePlain} until it ends the request side, and for {@code
   * handshake} until it gives the attachment up. Half as long is between hello and half-close, and
   * before the client gives up, on any path that is not slower than that.
   */
  private static final int HALF = 2;

  private UnheardAttachment() {}

  /**
   * The client ended its half of the call.
   *
   * @param received the highest position that came
   */
  static void onHalfClosed(
      long nowNanos, StreamAttachment attachment, long received, SessionOptions.Timing timing) {
    attachment.inbound.halfClosed = true;
    attachment.inbound.halfClosedNanos = nowNanos;
    if (isResponseHeld(attachment, timing) && received > attachment.outbound.sentAck) {
      // What it knows to be acknowledged it need not say on the next attachment.
      attachment.probes.ackRequestedSeq = received;
    }
  }

  /** The reason for which the attachment is to be ended now; null for none. */
  static @Nullable AttachmentCloseReason closeDue(
      long nowNanos, @Nullable StreamAttachment current, SessionOptions.Timing timing) {
    if (current == null) {
      return null;
    }
    if (current.isSilent(nowNanos, timing.silent())) {
      return AttachmentCloseReason.SILENT;
    }
    EarliestDeadline response = new EarliestDeadline();
    addResponseDeadline(response, current, timing);
    boolean due =
        response.earliest().isPresent() && nowNanos - response.earliest().getAsLong() >= 0;
    return due ? AttachmentCloseReason.RESPONSE_HELD : null;
  }

  /** When {@link #closeDue} may name a reason. */
  static void addDeadlines(
      EarliestDeadline earliestDeadline,
      @Nullable StreamAttachment current,
      SessionOptions.Timing timing) {
    if (current != null) {
      current.addSilence(earliestDeadline, timing.silent());
      addResponseDeadline(earliestDeadline, current, timing);
    }
  }

  private static void addResponseDeadline(
      EarliestDeadline earliestDeadline, StreamAttachment current, SessionOptions.Timing timing) {
    StreamAttachment.Inbound in = current.inbound;
    StreamAttachment.Outbound out = current.outbound;
    if (!current.handshakeComplete || !in.halfClosed || in.welcomeSeen) {
      return;
    }
    boolean late = isResponseHeld(current, timing);
    if (out.touched && (late || !in.comesBack)) {
      long since =
          out.touchedNanos - in.halfClosedNanos > 0 ? out.touchedNanos : in.halfClosedNanos;
      boolean acknowledged = late && current.probes.ackRequestedSeq == 0;
      earliestDeadline.at(since + (acknowledged ? 0 : timing.assumePlain().toNanos()));
    } else if (late && in.comesBack) {
      earliestDeadline.after(in.halfClosedNanos, timing.handshake().dividedBy(HALF));
    }
  }

  /** Whether the welcome had been sent for a while when the client, which saw none, gave up. */
  private static boolean isResponseHeld(StreamAttachment current, SessionOptions.Timing timing) {
    StreamAttachment.Inbound in = current.inbound;
    Duration silence = timing.assumePlain().dividedBy(HALF);
    return current.handshakeComplete
        && !in.welcomeSeen
        && in.halfClosedNanos - in.heardNanos >= silence.toNanos();
  }
}
