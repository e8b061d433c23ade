package dev.holdfast.gateway.resume;

import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.limits.ResumeMeters;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Arrays;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A resumable stream: an upstream call that outlives the connections of its readers, and the
 * messages that are kept for the next one. Confined to the event loop on which it began, unless
 * said otherwise; {@link ResumeStateMachine} decides.
 */
final class ResumeSession implements CallListener {
  private static final Logger log = LoggerFactory.getLogger(ResumeSession.class);

  private final String id;
  private final SessionKey key;
  private final ForwardingLoop loop;
  private final ResumePolicy policy;
  private final ResumeSessions.SessionOwner owner;
  private final ResumeMeters meters;
  private final MemoryAccount memory;
  private final ResumeStateMachine machine;
  private final StreamRequest request = new StreamRequest();
  private final Runnable drain = this::onDrain;
  private ResumeState noted = ResumeState.READING;
  private @Nullable OutgoingCall call;
  private @Nullable ResumedCall reader;
  private @Nullable Http2Headers headers;
  private @Nullable CallEnd end;
  private @Nullable ScheduledFuture<?> timer;
  private long timerNanos = Long.MAX_VALUE;
  private volatile long countedBytes;
  private String endReason = "unread";

  /** Ends the hold on the drain of the event loop. */
  private Runnable keptBy = () -> {};

  private @Nullable ScheduledFuture<?> leaving;

  private boolean running;

  ResumeSession(
      String id,
      SessionKey key,
      ForwardingLoop loop,
      ResumePolicy policy,
      ResumeSessions.SessionOwner owner) {
    this.id = id;
    this.key = key;
    this.loop = loop;
    this.policy = policy;
    this.owner = owner;
    this.meters = loop.meters().resume();
    this.memory = loop.memory().ownAccount();
    this.machine = new ResumeStateMachine(policy.bufferBytes(), policy.ttl().toNanos());
  }

  /** The secret id. Thread-safe. */
  String id() {
    return id;
  }

  /** The facts of the opener. Thread-safe. */
  SessionKey key() {
    return key;
  }

  ResumePolicy policy() {
    return policy;
  }

  ForwardingLoop loop() {
    return loop;
  }

  /** The bytes that are counted for the stream. Thread-safe. */
  long countedBytes() {
    return countedBytes;
  }

  /**
   * Begins the upstream call, for the first reader.
   *
   * @param announces whether the reader is told the id at once
   */
  void begin(
      CallTarget target,
      HttpExchange web,
      Http2Headers callHeaders,
      ResumedCall first,
      boolean announces) {
    loop.assertInLoop();
    meters.opened();
    reader = first;
    first.number = machine.reader();
    if (announces) {
      machine.onAnnounced();
      first.onAttached(0, 0);
    }
    loop.addDrainTask(drain);
    call = target.begin(new DetachedExchange(web, memory), callHeaders, this);
    proceed();
  }

  /** Drops acknowledged messages alone, from the first one on; before {@link #begin}. */
  void acknowledgeFromTheBeginning() {
    machine.onAcknowledged(machine.reader(), 0);
  }

  /** Runs a task on the stream's event loop. Thread-safe. */
  void execute(Runnable task) {
    if (loop.eventLoop().inEventLoop()) {
      task.run();
    } else {
      later(task);
    }
  }

  private void later(Runnable task) {
    try {
      loop.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      // The loop has ended, and all of its streams with it.
      log.debug("event=resume_task_rejected cause=\"{}\"", e.getMessage());
    }
  }

  /** Ends the stream if it still has no reader. Thread-safe. */
  void evict() {
    later(
        () -> {
          endReason = machine.state().awaitsReader() ? "evicted" : endReason;
          machine.onEvicted();
          proceed();
        });
  }

  /**
   * Attaches a reader.
   *
   * @param requestDigest the digest of its request, which must be that of the first; null where the
   *     request is not known yet
   */
  void attach(ResumedCall next, long after, byte @Nullable [] requestDigest) {
    loop.assertInLoop();
    if (machine.state() == ResumeState.CLOSED) {
      refuse(next, ResumeRefusal.UNKNOWN, ResumeRefusal.unknown());
      return;
    }
    if (requestDigest != null && !request.isSame(requestDigest)) {
      refuse(next, ResumeRefusal.OTHER_REQUEST, otherRequest());
      return;
    }
    AttachResult result = machine.onAttach(after);
    switch (result) {
      case TOO_LATE ->
          refuse(next, ResumeRefusal.TOO_LATE, ResumeRefusal.tooLate(after, machine.firstKept()));
      case BEYOND ->
          refuse(next, ResumeRefusal.BEYOND, ResumeRefusal.beyond(after, machine.handed()));
      case COMPLETE -> {
        meters.reader("complete");
        next.onComplete(knownEnd());
      }
      case ATTACHED -> {
        meters.reader("resumed");
        replaceReader(next);
        next.onAttached(after, request.received());
        Http2Headers known = headers;
        if (known != null) {
          next.onHeaders(known);
        }
      }
    }
    proceed();
  }

  /** The reader takes more messages. */
  void onDemand(ResumedCall by, int messages) {
    machine.onDemand(by.number, messages);
    proceed();
  }

  /** The reader is gone. */
  void onDetach(ResumedCall by) {
    if (by == reader) {
      reader = null;
      machine.onDetach(by.number, System.nanoTime());
      proceed();
    }
  }

  /** The reader has processed all messages up to a position. */
  void onAcknowledged(ResumedCall by, long position) {
    if (!machine.onAcknowledged(by.number, position)) {
      detachWith(by, ResumeRefusal.BEYOND, ResumeRefusal.beyond(position, machine.sent()));
    }
    proceed();
  }

  /**
   * A message of the client.
   *
   * @param last whether the method takes one message, so that a repeated one is no new message
   */
  void onRequest(ResumedCall by, byte[] message, boolean last) {
    OutgoingCall known = call;
    if (by != reader || known == null) {
      return;
    }
    if (!request.send(known, message, last)) {
      detachWith(by, ResumeRefusal.OTHER_REQUEST, otherRequest());
      proceed();
    } else if (known.isReady()) {
      onReady();
    }
  }

  /** The client sends no more messages. */
  void onHalfClose(ResumedCall by) {
    OutgoingCall known = call;
    if (by == reader && known != null) {
      request.halfClose(known);
    }
  }

  @Override
  public void onReady() {
    int bytes = request.takeOwedBytes();
    ResumedCall to = reader;
    if (to != null) {
      to.onSent(bytes);
    }
  }

  @Override
  public void onHeaders(Http2Headers answer) {
    Http2Headers own = new DefaultHttp2Headers(false).setAll(answer);
    headers = own;
    ResumedCall to = reader;
    if (to != null) {
      to.onHeaders(own);
    }
  }

  @Override
  public void onMessage(byte[] bytes, int offset, int length) {
    machine.onMessage(Arrays.copyOfRange(bytes, offset, offset + length));
    proceed();
  }

  @Override
  public void onEnd(CallEnd how) {
    end =
        new CallEnd(
            how.status(), how.message(), new DefaultHttp2Headers(false).setAll(how.trailers()));
    machine.onUpstreamEnd();
    proceed();
  }

  @Override
  public void onGivenUp(boolean attempted) {
    ResumedCall to = reader;
    if (to != null) {
      to.onGivenUp(attempted);
    }
  }

  private void onDrain() {
    if (owner.all().areKeptInDrain()) {
      keptBy = loop.holdDrain();
      leaving =
          loop.eventLoop()
              .schedule(
                  this::onLeave, ResumeSessions.KEPT_IN_DRAIN.toNanos(), TimeUnit.NANOSECONDS);
      return;
    }
    endReason = "drained";
    machine.onDrain();
    proceed();
  }

  /** The time of a stream that outlived its gateway's drain has passed. */
  private void onLeave() {
    endReason = "drained";
    machine.onDrain();
    ResumedCall to = reader;
    if (to != null) {
      to.onGatewayEnd(CallEnd.of(GrpcStatusCode.UNAVAILABLE, "gateway: draining"));
      onDetach(to);
    }
    proceed();
  }

  private void onTimer() {
    // Armed again if it was early.
    timerNanos = Long.MAX_VALUE;
    endReason = "expired";
    machine.onTimeout(System.nanoTime());
    proceed();
  }

  private static CallEnd otherRequest() {
    return ResumeRefusal.otherRequest(
        "another request than the one that began the stream (expected: the same)");
  }

  private void replaceReader(ResumedCall next) {
    ResumedCall before = reader;
    reader = next;
    next.number = machine.reader();
    if (before != null) {
      meters.reader(ResumeRefusal.SUPERSEDED.tag());
      before.onSuperseded(ResumeRefusal.superseded());
    }
  }

  private void refuse(ResumedCall by, ResumeRefusal why, CallEnd how) {
    meters.reader(why.tag());
    by.onRefused(how);
  }

  /** Refuses what an attached reader did; the stream is kept. */
  private void detachWith(ResumedCall by, ResumeRefusal why, CallEnd how) {
    refuse(by, why, how);
    if (by == reader) {
      reader = null;
      machine.onDetach(by.number, System.nanoTime());
    }
  }

  private CallEnd knownEnd() {
    CallEnd known = end;
    if (known == null) {
      throw new IllegalStateException("complete without an end");
    }
    return known;
  }

  /** Carries out what the machine has decided. */
  private void proceed() {
    loop.assertInLoop();
    if (running) {
      return;
    }
    running = true;
    try {
      do {
        deliver();
        countBytes();
      } while (requestMore());
    } finally {
      running = false;
    }
    note();
  }

  private void deliver() {
    ResumedCall to = reader;
    if (to == null) {
      return;
    }
    for (byte[] next = machine.pollMessage(); next != null; next = machine.pollMessage()) {
      to.onMessage(next, machine.sent());
    }
    if (machine.pollEnd(System.nanoTime())) {
      reader = null;
      to.onEnd(knownEnd());
    }
  }

  private boolean requestMore() {
    OutgoingCall known = call;
    if (known == null || !machine.takeUpstreamRequest(!owner.ofRoute().isFull(policy))) {
      return false;
    }
    known.request(1);
    return true;
  }

  private void countBytes() {
    count(machine.bytes() - countedBytes);
    if (owner.ofRoute().isFull(policy)) {
      machine.dropHistory();
      count(machine.bytes() - countedBytes);
    }
  }

  private void count(long more) {
    if (more != 0) {
      long before = countedBytes;
      countedBytes = before + more;
      meters.addBytes(more);
      owner.ofRoute().addBytes(more, policy);
      if (more > 0) {
        memory.charge(more);
      } else {
        memory.credit(-more);
      }
    }
  }

  /** Notes a change of state, and arms the timer. */
  private void note() {
    if (machine.deadlineNanos() != timerNanos) {
      timerNanos = machine.deadlineNanos();
      cancelTimer();
      if (timerNanos != Long.MAX_VALUE) {
        long left = timerNanos - System.nanoTime();
        timer = loop.eventLoop().schedule(this::onTimer, left, TimeUnit.NANOSECONDS);
      }
    }
    ResumeState now = machine.state();
    if (now == noted) {
      return;
    }
    noted = now;
    owner.ofRoute().onState(this, now);
    if (now == ResumeState.CLOSED) {
      finish();
    }
  }

  private void finish() {
    owner.all().forget(this);
    loop.removeDrainTask(drain);
    ScheduledFuture<?> leave = leaving;
    if (leave != null) {
      leave.cancel(false);
    }
    keptBy.run();
    countBytes();
    meters.ended(endReason);
    OutgoingCall known = call;
    if (known != null && !machine.isComplete()) {
      known.cancel();
    }
  }

  private void cancelTimer() {
    ScheduledFuture<?> known = timer;
    timer = null;
    if (known != null) {
      known.cancel(false);
    }
  }
}
