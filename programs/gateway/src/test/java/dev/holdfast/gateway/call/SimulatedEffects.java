package dev.holdfast.gateway.call;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.testkit.VirtualScheduler;
import dev.holdfast.gateway.call.CallSimulation.Marker;
import dev.holdfast.gateway.headers.LocalReplyStatus;
import dev.holdfast.gateway.route.RetryPolicy;
import dev.holdfast.gateway.traffic.CallEndReason;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The effects of one simulated call. Each effect is checked against what the call may do at that
 * moment, and what the effects left behind is checked after each event.
 */
final class SimulatedEffects implements CallEffects<SimulatedAnswer, Integer> {
  static final Duration CONNECTION_WAIT = Duration.ofSeconds(10);
  static final int CLIENT_ATTEMPTS = 3;

  private enum Timer {
    DEADLINE,
    AGE,
    CONNECTION_WAIT,
    BACKOFF
  }

  final VirtualScheduler scheduler;
  final RetryPolicy policy;
  private final CallSimulation world;
  private final Map<Timer, Subscription> timers = new EnumMap<>(Timer.class);
  private long deadlineNanos = Long.MAX_VALUE;

  /** Whether a stream to an upstream is open. */
  boolean attemptOpen;

  /** Whether the stream was closed by the upstream, and the failure is not accounted for yet. */
  private boolean failureDue;

  /** Whether the last attempt may be followed by another one, whatever the machine believes. */
  private boolean repeatable = true;

  /** Attempts that may have been processed, and attempts in all, failures to connect included. */
  private int processed;

  private int attempts;
  private int opened;
  private boolean budgeted;
  private boolean began;
  private boolean clientClosed;
  private int ends;
  private boolean requestSent;
  private boolean requestFreed;
  boolean requestOverflown;
  private boolean searching;

  SimulatedEffects(CallSimulation world, VirtualScheduler scheduler, RetryPolicy policy) {
    this.world = world;
    this.scheduler = scheduler;
    this.policy = policy;
  }

  /** The call has a timeout, or one that has passed already. */
  void expectDeadline(long nanos) {
    deadlineNanos = world.nowNanos() + Math.max(0, nanos);
  }

  @Override
  public void startDeadline(long nanos) {
    start(Timer.DEADLINE, nanos, () -> world.machine().onDeadline());
  }

  @Override
  public void startAge(Duration longest) {
    if (!longest.isZero()) {
      start(
          Timer.AGE,
          longest.toNanos(),
          () -> {
            world.mark(Marker.TOO_OLD);
            world.machine().refuse(CallEndReason.AGE, LocalReplyStatus.UNAVAILABLE, "too old");
          });
    }
  }

  @Override
  public void startConnectionWait() {
    if (!timers.containsKey(Timer.CONNECTION_WAIT)) {
      start(
          Timer.CONNECTION_WAIT,
          CONNECTION_WAIT.toNanos(),
          () -> {
            world.mark(Marker.CONNECTION_WAIT_OVER);
            world.machine().onConnectionWaitOver("refused");
          });
    }
  }

  @Override
  public void stopConnectionWait() {
    stop(Timer.CONNECTION_WAIT);
  }

  @Override
  public void startBackoff(long nanos) {
    require(
        CallGuarantee.CALL_DEADLINE_KEPT,
        world.nowNanos() + nanos < deadlineNanos,
        "a delay beyond the deadline");
    world.mark(Marker.RETRIED_ON_STATUS);
    start(Timer.BACKOFF, nanos, () -> world.machine().onBackoffOver());
  }

  @Override
  public void stopTimers() {
    stop(Timer.DEADLINE);
    stop(Timer.AGE);
    stop(Timer.CONNECTION_WAIT);
  }

  @Override
  public void findEndpoint() {
    requireGoingOn("looks for an endpoint");
    require(CallGuarantee.CALL_GOES_ON, !searching, "looks for two endpoints at once");
    searching = true;
    world.search();
  }

  /** A connection was found, or none. */
  void onFound(boolean counts) {
    searching = false;
    attempts += counts ? 1 : 0;
  }

  @Override
  public @Nullable AttemptFailure openAttempt(int earlierAttempts, long spentNanos) {
    requireGoingOn("opens an attempt");
    attempts++;
    require(
        CallGuarantee.CALL_ATTEMPTS_BOUNDED,
        attempts <= policy.attempts(),
        "attempt " + attempts + " of " + policy.attempts());
    require(CallGuarantee.CALL_ATTEMPTS_END, !attemptOpen, "two attempts at once");
    require(CallGuarantee.CALL_NO_RETRY_AFTER_RESPONSE, !began, "the client has headers");
    require(CallGuarantee.CALL_NO_SECOND_EFFECT, repeatable, "the last attempt may have an effect");
    require(
        CallGuarantee.CALL_WHOLE_REQUEST,
        !requestSent || isRequestKept(),
        "a part of the request is lost");
    require(CallGuarantee.CALL_BUDGET_KEPT, opened == 0 || budgeted, "no budget for it");
    require(
        CallGuarantee.CALL_NO_SECOND_EFFECT,
        earlierAttempts == (processed == 0 ? 0 : CLIENT_ATTEMPTS + processed),
        "tells of " + earlierAttempts + " earlier attempts");
    require(
        CallGuarantee.CALL_DEADLINE_KEPT,
        world.nowNanos() < deadlineNanos,
        "opens an attempt after the deadline");
    if (opened > 0) {
      world.mark(Marker.RETRIED);
    }
    budgeted = false;
    opened++;
    if (world.chance(12)) {
      world.mark(Marker.UNOPENED);
      return AttemptFailure.unopened(null);
    }
    attemptOpen = true;
    return null;
  }

  @Override
  public void sendHeldRequest() {
    requireGoingOn("sends the request");
    require(CallGuarantee.CALL_ENDS_ONCE, attemptOpen, "sends without an attempt");
    requestSent = true;
    if (world.chance(15)) {
      world.mark(Marker.CLOSED_WHILE_SENDING);
      world.upstream().fault();
    }
  }

  @Override
  public void reportAnswer(String fault) {
    requireGoingOn("reports a response");
    require(CallGuarantee.CALL_LATE_EVENTS_IGNORED, attemptOpen, "a response without an attempt");
  }

  /** The upstream closed the stream. */
  void onClosedByUpstream(boolean unprocessed) {
    attemptOpen = false;
    failureDue = true;
    repeatable = unprocessed || policy.idempotent();
    processed += unprocessed ? 0 : 1;
  }

  @Override
  public void endFailedAttempt(AttemptFailure failure) {
    require(CallGuarantee.CALL_LATE_EVENTS_IGNORED, failureDue, "ends an attempt twice");
    failureDue = false;
  }

  /** The upstream sent a response in a single HEADERS. */
  void onTrailersOnly(SimulatedAnswer answer) {
    repeatable = answer.mayBeRepeated(policy);
  }

  @Override
  public void endAttempt(boolean complete) {
    processed += attemptOpen && ends == 0 ? 1 : 0;
    attemptOpen = false;
  }

  @Override
  public boolean isRequestKept() {
    return !requestFreed && !requestOverflown;
  }

  @Override
  public void freeRequest() {
    requestFreed = true;
  }

  @Override
  public boolean takeRetry(boolean unprocessed) {
    if (world.chance(10)) {
      world.mark(Marker.BUDGET_SPENT);
      return false;
    }
    budgeted = true;
    return true;
  }

  @Override
  public int clientAttempts() {
    return CLIENT_ATTEMPTS;
  }

  @Override
  public Backoff newBackoff() {
    return new Backoff(
        new Backoff.BackoffOptions(Duration.ofMillis(50), Duration.ofSeconds(1)), world.random);
  }

  @Override
  public void recordRetry(GrpcStatusCode failure) {
    requireGoingOn("counts a retry");
  }

  @Override
  public @Nullable CharSequence grpcStatus(SimulatedAnswer headers) {
    return headers.status();
  }

  @Override
  public @Nullable CharSequence pushback(SimulatedAnswer headers) {
    return headers.pushback();
  }

  @Override
  public LocalReplyStatus statusOfHttp(SimulatedAnswer headers) {
    return LocalReplyStatus.UNAVAILABLE;
  }

  @Override
  public void keepChallenge(SimulatedAnswer headers) {
    requireGoingOn("keeps a challenge");
  }

  @Override
  public String describe(SimulatedAnswer headers) {
    return headers.toString();
  }

  @Override
  public void forwardHeaders(SimulatedAnswer headers, boolean end) {
    toClient(end, "headers");
    began = true;
  }

  @Override
  public void countData(Integer data, int bytes) {
    requireGoingOn("counts DATA");
  }

  @Override
  public void forwardData(Integer data, int bytes, boolean end) {
    require(CallGuarantee.CALL_ENDS_ONCE, began, "DATA before headers");
    toClient(end, "DATA");
  }

  @Override
  public void recordEnd(CallEndReason why, GrpcStatusCode status) {
    ends++;
    world.note("end " + why + " " + status);
    require(CallGuarantee.CALL_ENDS_ONCE, ends == 1, "ends for the time " + ends);
    clientClosed |= why == CallEndReason.CLIENT_LEFT;
  }

  @Override
  public void replyLocally(
      CallEndReason why,
      LocalReplyStatus status,
      String what,
      String endpoint,
      boolean responseBegan) {
    recordEnd(why, status.code());
    require(CallGuarantee.CALL_ENDS_ONCE, responseBegan == began, "began: " + responseBegan);
    if (why == CallEndReason.DEADLINE) {
      world.mark(Marker.DEADLINE);
    }
    toClient(true, "a local reply");
  }

  @Override
  public void endWithoutReply(CallEndReason why, LocalReplyStatus status) {
    recordEnd(why, status.code());
    clientClosed = true;
  }

  @Override
  public void refuseStream() {
    require(
        CallGuarantee.CALL_REFUSED_IS_TRUE,
        processed == 0 && !began,
        "refused, but processed " + processed + " times");
    world.mark(Marker.REFUSED);
    toClient(true, "REFUSED_STREAM");
  }

  @Override
  public String endpoint() {
    return "10.0.0.1:1";
  }

  /** Checks what the effects left behind. */
  void afterEvent(CallStateMachine<SimulatedAnswer, Integer> machine) {
    CallState state = machine.state();
    boolean over = state == CallState.OVER;
    require(CallGuarantee.CALL_ENDS_ONCE, over == (ends == 1), state + " after " + ends + " ends");
    require(CallGuarantee.CALL_ENDS_ONCE, !over || clientClosed, "the client was sent no end");
    require(CallGuarantee.CALL_ATTEMPTS_END, !failureDue, "a closed attempt is not ended");
    boolean open = state == CallState.ATTEMPT || state == CallState.RESPONDING;
    require(CallGuarantee.CALL_ATTEMPTS_END, attemptOpen == open, state + ": " + attemptOpen);
    require(CallGuarantee.CALL_RELEASES_ALL, !over || requestFreed, "the request is kept");
    requireTimer(Timer.CONNECTION_WAIT, state == CallState.CONNECTING, state);
    // The delay before an attempt is not stopped: it finds the call over.
    requireTimer(
        Timer.BACKOFF,
        state == CallState.BACKOFF || (over && timers.containsKey(Timer.BACKOFF)),
        state);
    requireTimer(Timer.DEADLINE, !over && deadlineNanos < Long.MAX_VALUE, state);
    require(CallGuarantee.CALL_TIMERS_END, !over || !timers.containsKey(Timer.AGE), "age runs");
    require(
        CallGuarantee.CALL_DEADLINE_KEPT,
        over || world.nowNanos() < deadlineNanos,
        state + " after the deadline");
    require(
        CallGuarantee.CALL_GOES_ON,
        state != CallState.CONNECTING || searching,
        "connects, but looks for nothing");
  }

  private void requireTimer(Timer timer, boolean runs, CallState state) {
    require(
        runs ? CallGuarantee.CALL_GOES_ON : CallGuarantee.CALL_TIMERS_END,
        timers.containsKey(timer) == runs,
        timer + " in " + state + ", runs: " + timers.containsKey(timer));
  }

  private void toClient(boolean end, String what) {
    require(CallGuarantee.CALL_ENDS_ONCE, !clientClosed, what + " after the end");
    require(CallGuarantee.CALL_ENDS_ONCE, end == (ends == 1), what + " without an end: " + end);
    clientClosed = end;
  }

  private void requireGoingOn(String what) {
    require(CallGuarantee.CALL_ENDS_ONCE, ends == 0, what + " after the end");
  }

  private void start(Timer timer, long nanos, Runnable task) {
    require(CallGuarantee.CALL_TIMERS_END, !timers.containsKey(timer), timer + " runs already");
    requireGoingOn("starts " + timer);
    timers.put(
        timer,
        scheduler.schedule(
            Duration.ofNanos(nanos),
            () -> {
              timers.remove(timer);
              world.step(timer.toString(), task);
            }));
  }

  private void stop(Timer timer) {
    Subscription running = timers.remove(timer);
    if (running != null) {
      running.close();
    }
  }

  private void require(CallGuarantee guarantee, boolean holds, String otherwise) {
    if (!holds) {
      throw world.broken(guarantee, otherwise);
    }
  }
}
