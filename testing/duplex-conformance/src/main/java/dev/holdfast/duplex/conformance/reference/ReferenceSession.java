package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.wire.FinalBody;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/** A session of a reference server, in its memory. Used under the server's lock. */
final class ReferenceSession implements ReferenceStream {
  private static final long FIRST_CREDIT = 16;

  /** A client that sees a welcome comes sooner. */
  private static final long FIRST_RESPONSE_MILLIS = 2_000;

  /** Of another kind than server-streaming, no later attachment goes this way. */
  private static final long LATE_RESPONSE_MILLIS = 1_000;

  private static final long OF_SERVER =
      WireFrame.FINAL | WireFrame.DRAIN | WireFrame.LEAVING | WireFrame.MOVED;

  final String principal;
  final byte[] token;
  final ReferenceHandover handover;
  private final ReferenceServer server;
  private final ReferenceOptions options;
  private final ReferenceHandler.Factory application;
  private final boolean oneRequest;
  private final boolean oneResponse;
  private final List<WireFrame> sent = new ArrayList<>();
  private final Deque<WireFrame> waiting = new ArrayDeque<>();
  private @Nullable ReferenceHandler handler;
  private @Nullable ReferenceAttachment current;
  private @Nullable ScheduledFuture<?> expiry;
  private @Nullable ScheduledFuture<?> ackTimer;
  private @Nullable ScheduledFuture<?> grace;
  private @Nullable ScheduledFuture<?> responseEnd;
  private boolean deadlineTaken;
  private boolean showedWelcome;
  private boolean over;
  private boolean halfClosed;
  private boolean finished;
  private boolean responded;
  private boolean handlerEnded;
  private boolean leaving;
  private boolean responseHeld;
  private boolean graceOver;
  private long settledAt = -1;
  private long demand;
  private long newest;
  private long received;
  private long processed;
  private long saidAck;
  private long acked;
  private long nextSeq;
  private long credit = FIRST_CREDIT;
  private long saidCredit;
  private long probedAt;

  ReferenceSession(
      ReferenceServer server,
      String principal,
      byte[] token,
      String method,
      ReferenceHandler.Factory application,
      ReferenceHandover handover) {
    this.server = server;
    this.options = server.options();
    this.principal = principal;
    this.token = token.clone();
    oneRequest = method.equals(PeerMethods.LIST);
    oneResponse = method.equals(PeerMethods.COLLECT);
    this.application = application;
    this.handover = handover;
    received = handover.processed();
    processed = handover.processed();
    halfClosed = handover.isHalfClosed();
    acked = handover.position();
    nextSeq = acked + 1;
    if (!handover.isTaken() || has(ServerFault.STARTS_BEFORE_A_FRAME)) {
      startHandler();
    }
  }

  private ReferenceHandler startHandler() {
    ReferenceHandler started = handler;
    if (started == null) {
      started = application.begin(this, handover.cursor());
      handler = started;
    }
    return started;
  }

  /** The last position of this side. */
  private long end() {
    return handover.position() + sent.size();
  }

  boolean mayComeWithoutToken() {
    return !showedWelcome;
  }

  void onHello(ReferenceAttachment attachment, WireHello hello) {
    if (hello.attach() <= newest && !has(ServerFault.FENCES_BY_ARRIVAL)) {
      attachment.refuse(WireRefusal.of(WireRefusal.FENCED));
      return;
    }
    boolean gap = hello.watermark() > end() || hello.low() > processed + 1;
    boolean stale = hello.watermark() < acked && has(ServerFault.TAKES_STALE_HELLOS_FOR_GAPS);
    if ((gap && !has(ServerFault.SEES_NO_GAPS_IN_HELLOS)) || stale) {
      attachment.refuse(new WireRefusal(WireRefusal.GAP, "", 0, processed));
      end("GAP");
      return;
    }
    newest = hello.attach();
    showedWelcome |= hello.token().length > 0;
    if (hello.token().length > 0 && !has(ServerFault.STARTS_BY_FRAMES_ALONE)) {
      startHandler();
    }
    ReferenceAttachment older = current;
    if (older != null && !has(ServerFault.KEEPS_THE_OLDER)) {
      older.refuse(WireRefusal.of(WireRefusal.FENCED));
    }
    current = attachment;
    attachment.comesBack = hello.token().length > 0;
    cancel(expiry);
    takeDeadline(hello.remaining());
    acked = Math.max(acked, Math.min(hello.watermark(), end()));
    nextSeq = has(ServerFault.SENDS_NOTHING_AGAIN) ? nextSeq : acked + 1;
    credit = Math.max(FIRST_CREDIT, hello.credit());
    saidAck = processed;
    saidCredit = credit();
    attachment.welcome(
        WireWelcome.first(token)
            .watermark(watermark())
            .low(acked + 1)
            .credit(saidCredit)
            .ttl(options.ttlMillis())
            .acks(options.ackEvery(), options.ackDelayMillis()),
        has(ServerFault.WELCOMES_WITH_FIRST_MESSAGE));
    sayLeaving();
    flush();
    endIfAcked();
    ReferenceHandler started = handler;
    if (started != null && !handlerEnded) {
      started.onReady();
    }
  }

  private void takeDeadline(long remaining) {
    if (remaining > 0 && (!deadlineTaken || has(ServerFault.TAKES_THE_LAST_DEADLINE))) {
      deadlineTaken = true;
      server.replaceDeadline(this, remaining, () -> end("DEADLINE"));
    }
  }

  private long watermark() {
    return has(ServerFault.ACKS_ON_RECEIPT) ? received : processed;
  }

  private long credit() {
    long first = has(ServerFault.SHORT_CREDIT_AT_FIRST) ? 0 : FIRST_CREDIT;
    return has(ServerFault.GIVES_CREDIT_ONCE)
        ? options.receiveMessages()
        : Math.max(first, processed + options.receiveMessages());
  }

  /** A gRPC message came on an attachment. */
  void onMessage(ReferenceAttachment from, byte[] bytes) {
    if (over || (from != current && !has(ServerFault.KEEPS_THE_OLDER))) {
      return;
    }
    WireFrame frame;
    try {
      frame = WireFrame.parse(bytes);
    } catch (IllegalArgumentException e) {
      if (has(ServerFault.TAKES_BROKEN_HEADERS_FOR_BODIES)) {
        receive(from, WireFrame.of(from.tag).withSeq(received + 1).withBody(bytes));
      } else {
        from.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage()));
        detach(from);
      }
      return;
    }
    if (frame.tag() == from.tag || (frame.hasHeader() && has(ServerFault.IGNORES_TAGS))) {
      from.headers++;
      showedWelcome |= from.headers > 1 || frame.seq() == 0;
      onFrame(from, frame);
    } else if (has(ServerFault.HOLDS_BARE_MESSAGES_TO_CREDIT) && from.position >= saidCredit) {
      breakOff(from);
    } else if (from.headers == 1 && !has(ServerFault.WANTS_HEADERS_ALWAYS)) {
      receive(from, WireFrame.of(from.tag).withSeq(from.position + 1).withBody(bytes));
    } else {
      breakOff(from);
    }
  }

  private void onFrame(ReferenceAttachment from, WireFrame frame) {
    boolean ours = frame.has(OF_SERVER) || frame.status() != 0;
    boolean strayLow = frame.low() != 0 && !frame.has(WireFrame.SETTLED);
    boolean aheadAck = frame.ack() >= nextSeq && frame.ack() > acked;
    if (((ours || strayLow) && !has(ServerFault.ACCEPTS_FLAGS_OF_SERVERS))
        || (aheadAck && !has(ServerFault.ACCEPTS_ACKS_ABOVE_SENT))) {
      breakOff(from);
      return;
    }
    ReferenceHandler started = startHandler();
    acked = Math.max(acked, Math.min(frame.ack(), end()));
    if (frame.credit() > 0) {
      credit =
          has(ServerFault.TAKES_CREDIT_BACK) ? frame.credit() : Math.max(credit, frame.credit());
    }
    if (frame.probe() != 0 && !frame.has(WireFrame.ECHO)) {
      probedAt = has(ServerFault.ACKS_NO_PROBES) ? 0 : received;
      long number = has(ServerFault.ECHOES_ZERO) ? 0 : frame.probe();
      say(control().withFlags(WireFrame.ECHO).withProbe(number));
    }
    if (frame.has(WireFrame.CANCEL) && !has(ServerFault.IGNORES_CANCEL)) {
      end("CANCELLED");
      return;
    }
    if (frame.has(WireFrame.SETTLED)) {
      settledAt = frame.low();
    }
    if (frame.seq() != 0 || frame.has(WireFrame.HALF_CLOSE)) {
      receive(from, frame);
    }
    flush();
    endIfAcked();
    moveIfSettled();
    if (!handlerEnded) {
      started.onReady();
    }
  }

  private void receive(ReferenceAttachment from, WireFrame frame) {
    if (handover.isHandedOver()) {
      return;
    }
    long seq = frame.seq();
    boolean again = seq != 0 && seq <= received && !has(ServerFault.DELIVERS_DUPLICATES);
    if (again) {
      say(control());
      return;
    }
    boolean gap = seq == 0 || (seq > received + 1 && !has(ServerFault.ACCEPTS_GAPS));
    boolean afterLast = halfClosed && !has(ServerFault.DELIVERS_AFTER_HALF_CLOSE);
    boolean uninvited = has(ServerFault.SHORT_CREDIT_AT_FIRST) && seq > saidCredit;
    if (gap || afterLast || uninvited) {
      breakOff(from);
      return;
    }
    from.position = seq;
    received = Math.max(received, seq);
    waiting.add(frame);
    halfClosed |= frame.has(WireFrame.HALF_CLOSE);
    deliver();
  }

  @Override
  public void read(int count) {
    demand += count;
    deliver();
  }

  private void deliver() {
    while (!waiting.isEmpty() && !over && !handover.isHandedOver()) {
      WireFrame next = waiting.peek();
      boolean last = next.has(WireFrame.HALF_CLOSE);
      if (!last && options.readsByHand() && demand == 0) {
        break;
      }
      waiting.remove();
      processed = next.seq();
      if (last) {
        tellHalfClose(has(ServerFault.WAITS_FOR_THE_HALF_CLOSE));
      } else if (oneRequest && next.seq() > 1 && !has(ServerFault.TAKES_SECOND_REQUESTS)) {
        fail("too many requests");
      } else {
        demand -= options.readsByHand() ? 1 : 0;
        startHandler().onMessage(next.body());
        if (oneRequest && next.seq() == 1) {
          tellHalfClose(!has(ServerFault.WAITS_FOR_THE_HALF_CLOSE));
        }
      }
    }
    acknowledge();
    moveIfSettled();
  }

  /** Tells the half-close, which comes with the request where there is one. */
  private void tellHalfClose(boolean withRequest) {
    if (withRequest || !oneRequest) {
      startHandler().onHalfClose();
    }
  }

  private void fail(String why) {
    addFinal(WireFrame.FINAL, Status.Code.INTERNAL.value(), FinalBody.encode(why, Map.of()));
  }

  private void acknowledge() {
    boolean asked = probedAt > 0 && watermark() >= probedAt;
    boolean due = watermark() - saidAck >= options.ackEvery();
    boolean creditDue =
        !has(ServerFault.GIVES_CREDIT_ONCE)
            && 2 * (credit() - saidCredit) >= options.receiveMessages();
    if (asked || creditDue || (due && !has(ServerFault.ACKS_WHEN_ASKED))) {
      say(control());
    } else if (watermark() > saidAck && ackTimer == null && !has(ServerFault.ACKS_WHEN_ASKED)) {
      ackTimer =
          server.later(
              options.ackDelayMillis(),
              () -> {
                ackTimer = null;
                if (watermark() > saidAck) {
                  say(control());
                }
              });
    }
  }

  private WireFrame control() {
    ReferenceAttachment to = current;
    WireFrame frame = WireFrame.of(to == null ? 1 : to.tag).withAck(watermark());
    return has(ServerFault.SAYS_NO_CREDIT) ? frame : frame.withCredit(credit());
  }

  private void say(WireFrame frame) {
    ReferenceAttachment to = current;
    if (to != null && !over) {
      saidAck = Math.max(saidAck, frame.ack());
      saidCredit = Math.max(saidCredit, frame.credit());
      probedAt = saidAck >= probedAt ? 0 : probedAt;
      to.send(frame);
      endHeldResponse(to);
    }
  }

  @Override
  public boolean isReady() {
    return has(ServerFault.BUFFERS_WITHOUT_BOUND) || end() - acked < options.sendMessages();
  }

  @Override
  public void send(byte[] message) {
    if (oneResponse && responded && !has(ServerFault.SENDS_SECOND_RESPONSES)) {
      fail("too many responses");
    } else if (!finished && !over) {
      if (oneResponse && has(ServerFault.NUMBERS_RESPONSES_FROM_TWO)) {
        sent.add(WireFrame.of(1).withSeq(1).withText("before the response"));
      }
      sent.add(WireFrame.of(1).withSeq(end() + 1).withBody(message));
      responded = true;
      flush();
    }
  }

  @Override
  public void mark(String cursor) {
    handover.mark(cursor, end(), processed);
    moveIfSettled();
  }

  @Override
  public void finish(long status, String description, Map<String, String> trailers) {
    boolean missing = oneResponse && !responded && status == 0;
    if (missing && !has(ServerFault.ENDS_WITHOUT_A_RESPONSE)) {
      fail("no response");
    } else {
      addFinal(WireFrame.FINAL, status, FinalBody.encode(description, trailers));
    }
  }

  private void addFinal(long flags, long status, byte[] body) {
    if (!finished && !over) {
      finished = true;
      sent.add(
          WireFrame.of(1).withSeq(end() + 1).withFlags(flags).withStatus(status).withBody(body));
      flush();
    }
  }

  private void flush() {
    ReferenceAttachment to = current;
    while (to != null && !over && nextSeq <= end()) {
      WireFrame frame = sent.get((int) (nextSeq - handover.position()) - 1);
      boolean free = frame.has(WireFrame.FINAL) || has(ServerFault.IGNORES_CREDIT);
      if (nextSeq > credit && !free) {
        return;
      }
      nextSeq++;
      say(
          new WireFrame(
              to.tag,
              frame.seq(),
              watermark(),
              0,
              frame.flags(),
              0,
              frame.status(),
              0,
              frame.bodyHex()));
      if (frame.has(WireFrame.FINAL) && has(ServerFault.ENDS_BEFORE_THE_ACK)) {
        end("FINISHED");
      }
    }
  }

  private void endIfAcked() {
    if (finished && acked >= end()) {
      end(sent.get(sent.size() - 1).has(WireFrame.MOVED) ? "MOVED" : "FINISHED");
    }
  }

  void leave(long graceMillis) {
    leaving = true;
    sayLeaving();
    grace =
        server.later(
            graceMillis,
            () -> {
              graceOver = true;
              moveIfSettled();
            });
    moveIfSettled();
  }

  private void sayLeaving() {
    if (leaving) {
      say(control().withFlags(WireFrame.DRAIN | WireFrame.LEAVING));
    }
  }

  private void moveIfSettled() {
    boolean settled = settledAt >= 0 && settledAt <= received && waiting.isEmpty();
    boolean wanted = settled && !handover.isMarkDue(end(), processed);
    boolean due = wanted || graceOver || has(ServerFault.MOVES_BEFORE_SETTLED);
    if (leaving && due && !finished && !over) {
      byte[] body = handover.handOver(end(), processed, halfClosed);
      if (handover.isHandedOver() && !has(ServerFault.KEEPS_ITS_HANDLER)) {
        endHandler("MOVED");
      }
      addFinal(WireFrame.FINAL | WireFrame.MOVED, Status.Code.UNAVAILABLE.value(), body);
    }
  }

  /** The client shows a hand-over behind what is here, so it goes on, or went on, elsewhere. */
  void onWentOn(WireHandover shown) {
    if (!handover.isHandedOver()) {
      end("MOVED");
    } else if (!has(ServerFault.WAITS_FOR_ANOTHER_ACK)) {
      acked = Math.max(acked, Math.min(shown.position(), end()));
      endIfAcked();
    }
  }

  /** Ends a call whose response a hop may hold until it is complete. */
  private void endHeldResponse(ReferenceAttachment to) {
    boolean open = !to.isUnheard() && !has(ServerFault.ENDS_OPEN_REQUESTS);
    if (open || !to.wrote || has(ServerFault.ENDS_NO_HELD_RESPONSES)) {
      return;
    }
    boolean late =
        to.isHalfClosedLate()
            || (responseHeld && !has(ServerFault.FORGETS_HELD_RESPONSES))
            || has(ServerFault.ENDS_OPEN_REQUESTS);
    if (late || !to.comesBack) {
      Runnable end =
          () -> {
            if (to == current && !over) {
              responseHeld = true;
              to.close(Status.UNAVAILABLE);
              detach(to);
            }
          };
      cancel(responseEnd);
      long patience = to.comesBack ? 0 : LATE_RESPONSE_MILLIS;
      responseEnd = server.later(late ? patience : FIRST_RESPONSE_MILLIS, end);
    }
  }

  void onHalfClosedCall(ReferenceAttachment from) {
    from.onHalfClosed();
    endHeldResponse(from);
    if (from == current
        && from.headers == 1
        && !halfClosed
        && !has(ServerFault.IGNORES_HALF_CLOSED_CALLS)) {
      receive(
          from, WireFrame.of(from.tag).withSeq(from.position + 1).withFlags(WireFrame.HALF_CLOSE));
    }
  }

  void onCallEnded(ReferenceAttachment from) {
    if (from == current) {
      detach(from);
    }
  }

  private void breakOff(ReferenceAttachment from) {
    from.close(Status.INTERNAL.withDescription("attachment broke a rule"));
    detach(from);
  }

  private void detach(ReferenceAttachment from) {
    if (from == current && !over) {
      current = null;
      if (has(ServerFault.ENDS_WITH_ITS_CALL)) {
        end("EXPIRED");
      } else {
        cancel(expiry);
        expiry = server.later(options.ttlMillis(), () -> end("EXPIRED"));
      }
    }
  }

  private void end(String reason) {
    if (over) {
      return;
    }
    over = true;
    cancel(expiry);
    cancel(ackTimer);
    cancel(grace);
    cancel(responseEnd);
    ReferenceAttachment last = current;
    current = null;
    if (last != null) {
      last.close(Status.OK);
    }
    server.retire(this, processed, reason.equals("MOVED"));
    endHandler(reason);
  }

  private void endHandler(String reason) {
    ReferenceHandler started = handler;
    if (started != null && !handlerEnded) {
      handlerEnded = true;
      started.onEnd(reason);
    }
  }

  private boolean has(ServerFault fault) {
    return options.has(fault);
  }

  private static void cancel(@Nullable ScheduledFuture<?> timer) {
    if (timer != null) {
      timer.cancel(false);
    }
  }
}
