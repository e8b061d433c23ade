package dev.holdfast.simulation.streams;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.session.AttachmentCloseReason;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.MethodKind;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A client: its session, the shell around it and the application above it. */
final class SimulatedStreamClient {
  final StreamSimulation world;
  final ClientSession session;
  final SessionOracle ledger;
  boolean crashed;
  private static final int LONGEST_TURN_MILLIS = 15_000;
  private static final int LONGEST_TURN_HEALED_MILLIS = 1_000;

  private final SplittableRandom random;
  private final SplittableRandom turns;
  private final AckPolicyChecker acks;
  private final Set<StreamAttachment> held = new HashSet<>();
  private final int slowestMillis;
  private long offered;
  private long attachedNanos;
  private long busyUntilNanos;
  private long armedNanos = Long.MAX_VALUE;
  private long generation;
  private @Nullable StreamAttachment newest;
  private SessionState last = SessionState.NEW;

  SimulatedStreamClient(StreamSimulation world, SessionId id, SessionOracle ledger, long seed) {
    this.world = world;
    this.ledger = ledger;
    this.random = new SplittableRandom(seed);
    this.turns = new SplittableRandom(~seed);
    this.session = new ClientSession(id, world.options, world.rules, random.split());
    session.useBudget(world.budget);
    this.acks = new AckPolicyChecker(world);
    this.slowestMillis = 1 + random.nextInt(random.nextInt(4) == 0 ? 1_500 : 150);
  }

  void start(Duration deadline) {
    attachedNanos = world.time.elapsed().toNanos();
    ledger.bornNanos = attachedNanos;
    StreamDeployment of = world.streamDeployment;
    session.start(world.now(), deadline, of.peer(), of.kind());
    // Of a plain peer the transport asks for no more than the application wants.
    boolean plain = of.mayStaySilent();
    session.request(plain ? Integer.MAX_VALUE : 1 + random.nextInt(4));
    drive();
    tick();
  }

  void cancel() {
    if (!crashed && session.end() == null) {
      if (!session.state().isAttached()) {
        world.mark(StreamCoverage.CANCEL_DELIVERED_LATER);
      }
      session.cancel(world.now());
      drive();
    }
  }

  /** The process is gone; nobody hears of it from here. */
  void crash() {
    crashed = true;
    ledger.clientCrashed = true;
  }

  void suspect() {
    StreamAttachment current = world.newestOf(this);
    if (current != null && !crashed) {
      session.onSuspect(world.now(), current);
      drive();
    }
  }

  void drain() {
    StreamAttachment current = world.newestOf(this);
    if (current != null && !crashed) {
      session.onDrain(world.now(), current);
      drive();
    }
  }

  /** A server has welcomed another session of the channel. */
  void wake() {
    if (!crashed) {
      if (session.state() == SessionState.DETACHED) {
        world.mark(StreamCoverage.BROUGHT_FORWARD);
      }
      session.onReachable(world.now());
      drive();
    }
  }

  // The application.

  private void tick() {
    if (crashed || session.end() != null) {
      return;
    }
    int burst = 1 + random.nextInt(4);
    for (int i = 0; i < burst && offered < ledger.clientTotal; i++) {
      boolean rude = random.nextInt(20) == 0;
      if (!session.isReady()) {
        world.mark(StreamCoverage.SENDER_STOPPED_BY_BUFFER);
      }
      if (session.isReady() || rude) {
        offered += session.offer(payload(offered + 1)) ? 1 : 0;
      }
    }
    if (offered == ledger.clientTotal) {
      session.halfClose();
    } else {
      world.time.afterMillis(1 + random.nextInt(300), this::tick);
    }
    drive();
  }

  private Payload payload(long number) {
    return world.payload(generation * SessionOracle.A_GENERATION + number);
  }

  /** The first messages anew; here that is all of them. */
  private void beginAgain() {
    if (crashed || session.end() != null || session.beginReopen().isEmpty()) {
      return;
    }
    generation++;
    for (offered = 0; offered < ledger.clientTotal; offered++) {
      ledger.require(
          session.offer(payload(offered + 1)),
          Guarantee.STREAM_GOES_ON,
          "no room for the first messages of a stream that was reopened");
    }
    session.finishReopen();
    world.mark(StreamCoverage.REOPENED);
    drive();
  }

  private void onDelivered(long seq, Payload message) {
    long content = StreamSimulation.contentOf(message);
    ledger.onDeliver("the client", content, ledger.clientDelivered);
    ledger.clientDelivered = content;
    busyUntilNanos = Math.max(busyUntilNanos, world.time.elapsed().toNanos());
    busyUntilNanos += Duration.ofMillis(random.nextInt(slowestMillis)).toNanos();
    if (content == 1) {
      busyUntilNanos += world.pause(StreamDeployment.PausedSide.CLIENT).toNanos();
    }
    world.time.after(
        busyUntilNanos - world.time.elapsed().toNanos(),
        () -> {
          if (!crashed) {
            if (content < SessionOracle.A_GENERATION) {
              ledger.clientEffects = content;
            }
            session.processed(world.now(), seq);
            session.request(1);
            drive();
          }
        });
  }

  private void onEnded(SessionEnd end) {
    world.note("client of " + session.id() + " " + end.kind());
    ledger.onClientEnd(end);
    switch (end.kind()) {
      case MOVED -> world.mark(StreamCoverage.SETTLED_AND_MOVED);
      case DEADLINE -> world.mark(StreamCoverage.DEADLINE_PASSED);
      case LOST_UNKNOWN -> world.mark(StreamCoverage.INSTANCE_LOST_SESSION);
      case PLAIN -> world.mark(StreamCoverage.ENDED_AS_PLAIN);
      default -> {}
    }
  }

  // The shell.

  void onWelcome(SimulatedStreamCall call, Welcome welcome) {
    if (isOurs(call)) {
      SessionState before = session.state();
      ledger.welcomed = true;
      acks.onWelcome(call, welcome);
      session.onWelcome(world.now(), call.clientSide, welcome);
      if (before == SessionState.RACING) {
        world.mark(StreamCoverage.RACE_WON_BY_REPLACEMENT);
      } else if (before == SessionState.HANDOVER) {
        world.mark(StreamCoverage.HANDED_OVER);
      }
      drive();
    }
  }

  void onPlain(SimulatedStreamCall call) {
    if (isOurs(call)) {
      session.onPlainHeaders(world.now(), call.clientSide);
      drive();
    }
  }

  void onRefused(SimulatedStreamCall call, HandshakeRefusal handshakeRefusal) {
    if (isOurs(call)) {
      switch (handshakeRefusal.code()) {
        case MOVED -> world.mark(StreamCoverage.REDIRECTED);
        case BUSY -> world.mark(StreamCoverage.BUSY_SERVER);
        case FENCED -> world.mark(StreamCoverage.FENCED_ATTACHMENT);
        case EXPIRED -> world.mark(StreamCoverage.TOMBSTONE_HIT);
        case GAP -> ledger.onGap(call);
        default -> {}
      }
      session.onRefused(world.now(), call.clientSide, handshakeRefusal);
      drive();
    }
  }

  void onFrame(SimulatedStreamCall call, @Nullable FrameHeader header, Payload body) {
    if (isOurs(call)) {
      SessionState before = session.state();
      if (call.isAnsweredOneWay()) {
        world.mark(StreamCoverage.ANSWERED_BEHIND_THE_HALF_CLOSE);
      }
      session.onFrame(world.now(), call.clientSide, header, body);
      if (before == SessionState.RACING && session.state() == SessionState.ATTACHED) {
        world.mark(StreamCoverage.RACE_WON_BY_OLD);
      }
      drive();
    }
  }

  void onClosed(SimulatedStreamCall call, CallClosure how) {
    if (isOurs(call)) {
      session.onClosed(world.now(), call.clientSide, how);
      drive();
    }
  }

  private boolean isOurs(SimulatedStreamCall call) {
    return !crashed && !call.isDoneHere(true);
  }

  void drive() {
    if (crashed) {
      return;
    }
    long elapsedNanos = world.time.elapsed().toNanos();
    if (session.state().isAttached()) {
      attachedNanos = elapsedNanos;
    }
    ledger.aloneNanos = elapsedNanos - attachedNanos;
    noticePlain();
    SessionOutput next = session.poll(world.now());
    while (next != null) {
      perform(next);
      next = session.poll(world.now());
    }
    acks.check(session, ledger);
    if (session.state() == SessionState.RACING && last != SessionState.RACING) {
      world.mark(StreamCoverage.RACE_BEGAN);
    }
    last = session.state();
    noticePlain();
    arm();
  }

  /** Whether the session took its server for a plain one, which none of the servers was. */
  private void noticePlain() {
    StreamAttachment opened = newest;
    if (opened != null && opened.isPlain() && !ledger.metPlain && !ledger.tookForPlain) {
      ledger.tookForPlain = true;
      world.mark(StreamCoverage.TAKEN_FOR_PLAIN);
    }
  }

  private void perform(SessionOutput output) {
    if (output instanceof SessionOutput.StartCall startCall) {
      world.note(session.id() + " opens " + startCall.hello().attach() + " " + startCall.address());
      newest = startCall.attachment();
      if (!startCall.hello().token().isNone() && turns.nextInt(4) == 0) {
        awaitTurn(startCall);
      } else {
        world.open(this, startCall);
      }
    } else if (output instanceof SessionOutput.Send send) {
      SimulatedStreamCall call = call(send.attachment());
      call.clientSends(send.header(), send.body());
      acks.onSend(call, send.header());
    } else if (output instanceof SessionOutput.Request request) {
      call(request.attachment()).clientRequests();
    } else if (output instanceof SessionOutput.HalfClose halfClose) {
      world.mark(StreamCoverage.HALF_CLOSED_UNPROVED);
      if (world.streamDeployment.kind() != MethodKind.BIDIRECTIONAL) {
        world.mark(StreamCoverage.REQUEST_SIDE_ENDED_AT_ONCE);
      }
      call(halfClose.attachment()).clientHalfCloses();
    } else if (output instanceof SessionOutput.Reopened) {
      world.time.afterMillis(random.nextInt(300), this::beginAgain);
    } else if (output instanceof SessionOutput.EndCall endCall) {
      closeCall(endCall.attachment(), endCall.why());
    } else if (output instanceof SessionOutput.Deliver deliver) {
      onDelivered(deliver.seq(), deliver.message());
    } else if (output instanceof SessionOutput.Ended ended) {
      onEnded(ended.end());
    }
  }

  /**
   * Waits for a turn, as one of many sessions that resume over a connection; see
   * ResumeConcurrencyLimiter.
   */
  private void awaitTurn(SessionOutput.StartCall startCall) {
    StreamAttachment attachment = startCall.attachment();
    session.onResumeQueued(attachment);
    held.add(attachment);
    world.mark(StreamCoverage.WAITED_FOR_ITS_TURN);
    world.time.afterMillis(
        turns.nextInt(world.isHealed() ? LONGEST_TURN_HEALED_MILLIS : LONGEST_TURN_MILLIS),
        () -> {
          if (held.remove(attachment) && !crashed) {
            session.onHelloSent(world.now(), attachment);
            world.open(this, startCall);
            drive();
          }
        });
  }

  private void closeCall(StreamAttachment attachment, AttachmentCloseReason why) {
    if (attachment.carrier() != null) {
      call(attachment).clientCloses(why);
    }
    held.remove(attachment);
  }

  private static SimulatedStreamCall call(StreamAttachment attachment) {
    if (attachment.carrier() instanceof SimulatedStreamCall call) {
      return call;
    }
    throw new IllegalStateException(attachment + " has no call");
  }

  private void arm() {
    OptionalLong due = session.nextDeadlineNanos();
    if (due.isEmpty()) {
      return;
    }
    long atNanos = world.time.elapsed().toNanos() + Math.max(0, due.getAsLong() - world.now());
    if (atNanos < armedNanos) {
      armedNanos = atNanos;
      world.time.after(
          atNanos - world.time.elapsed().toNanos(),
          () -> {
            if (armedNanos == atNanos) {
              armedNanos = Long.MAX_VALUE;
              if (!crashed) {
                session.onTimeout(world.now());
                drive();
              }
            }
          });
    }
  }
}
