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
 * the call brings welcome and messages through such a hop, and the client comes again. When that
 * has helped, it half-closes at once ({@link HalfDuplexPath}), as it does where a hop holds
 * requests; the session remembers which of the two it is.
 */
@PureCore
final class UnheardAttachment {
  /**
   * A client waits for {@code assumePlain} until it ends the request side, and for {@code
   * handshake} until it gives the attachment up. Half as long is between hello and half-close, and
   * before the client gives up, on any path that is not slower than that.
   */
  private static final int HALF = 2;

  /** Through a hop that holds requests, the second attachment comes after one such silence. */
  private static final int SILENCES_AT_FIRST = 2;

  private UnheardAttachment() {}

  /**
   * The attachment is let in.
   *
   * @param comesBack whether its hello showed the welcome of an earlier one
   * @param responseWasHeld whether an earlier one was ended by this class
   */
  static void onAdmitted(StreamAttachment attachment, boolean comesBack, boolean responseWasHeld) {
    attachment.inbound.comesBack = comesBack;
    attachment.inbound.responseWasHeld = responseWasHeld;
  }

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
    long since = out.touchedNanos - in.halfClosedNanos > 0 ? out.touchedNanos : in.halfClosedNanos;
    boolean held = isResponseHeld(current, timing);
    if (out.touched && held) {
      // Of another kind than server-streaming, no later attachment goes this way: at first there is
      // time for all that the handler says behind the half-close.
      boolean complete = in.comesBack && current.probes.ackRequestedSeq == 0;
      earliestDeadline.at(since + (complete ? 0 : timing.assumePlain().toNanos()));
    } else if (out.touched && !in.comesBack) {
      earliestDeadline.after(since, timing.assumePlain().multipliedBy(SILENCES_AT_FIRST));
    } else if (held && in.comesBack) {
      earliestDeadline.after(in.halfClosedNanos, timing.handshake().dividedBy(HALF));
    }
  }

  /**
   * Whether the client, which has not shown the welcome, waited for it in vain: now, when the
   * welcome had been sent for a while before the half-close, or on an earlier attachment.
   */
  private static boolean isResponseHeld(StreamAttachment current, SessionOptions.Timing timing) {
    StreamAttachment.Inbound in = current.inbound;
    Duration silence = timing.assumePlain().dividedBy(HALF);
    boolean late = in.halfClosedNanos - in.heardNanos >= silence.toNanos();
    return current.handshakeComplete && !in.welcomeSeen && (late || in.responseWasHeld);
  }
}
