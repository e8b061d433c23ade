package dev.holdfast.simulation.streams;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.session.MethodKind;
import dev.holdfast.streams.session.ServerSession;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.FrameHeader.Flag;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/** A session on an instance, with its shell and its handler. */
final class SimulatedServerSession {
  final ServerSession session;
  final SessionOracle ledger;

  /** The highest position that this handler has processed, remembered or not. */
  long effects;

  private final SimulatedStreamServer instance;
  private final StreamSimulation world;
  private final SplittableRandom random;
  private final int slowestMillis;
  private final SplittableRandom cursors;

  /** The messages that were sent and processed before the last mark; -1 before the first one. */
  private long markedOffered = -1;

  private long markedEffects;
  private long positionsBefore;
  private long offeredBefore;
  private boolean started;
  private boolean dead;
  private boolean over;
  private boolean halfClosed;
  private long delivered;
  private long offered;
  private long busyUntilNanos;
  private long armedNanos = Long.MAX_VALUE;

  SimulatedServerSession(
      SimulatedStreamServer instance, ServerSession session, SessionOracle ledger) {
    this.instance = instance;
    this.world = instance.world;
    this.session = session;
    this.ledger = ledger;
    this.random = world.random.split();
    this.cursors = new SplittableRandom(session.id().hashCode());
    this.slowestMillis =
        1
            + random.nextInt(
                random.nextInt(4) == 0 ? world.streamTraffic.slowestHandlerMillis() : 150);
  }

  /** Marks the process as killed. */
  void die() {
    dead = true;
    ledger.hostDied = true;
  }

  // The handler.

  private void onStart(SessionOutput.StartHandler startHandler) {
    started = true;
    byte[] cursor = session.cursor().orElse(null);
    if (cursor != null) {
      goOn(startHandler, ByteBuffer.wrap(cursor));
      return;
    }
    ledger.onStart(this, startHandler.resumedFrom());
    if (startHandler.resumedFrom() > 0) {
      world.mark(StreamCoverage.RESTORED_ELSEWHERE);
    }
    halfClosed = startHandler.halfClosed() || (isOneRequest() && startHandler.resumedFrom() > 0);
    delivered = Math.min(startHandler.resumedFrom(), ledger.clientTotal);
    effects = delivered;
    offered = Math.min(startHandler.position(), ledger.serverTotal);
    session.request(1 + random.nextInt(4));
    world.time.afterMillis(random.nextInt(100), this::tick);
  }

  /** Goes on where the handler of another instance was, by its cursor. */
  private void goOn(SessionOutput.StartHandler startHandler, ByteBuffer cursor) {
    world.mark(
        ledger.onTakeOver(this)
            ? StreamCoverage.TAKEN_OVER_AGAIN
            : StreamCoverage.TAKEN_OVER_ELSEWHERE);
    effects = isOneRequest() ? 0 : cursor.getLong(0);
    delivered = effects;
    offered = cursor.getLong(Long.BYTES);
    markedOffered = offered;
    markedEffects = effects;
    positionsBefore = session.position();
    offeredBefore = offered;
    halfClosed = startHandler.halfClosed();
    ledger.require(
        isOneRequest() || effects == Math.min(startHandler.resumedFrom(), ledger.clientTotal),
        Guarantee.STREAM_NOTHING_LOST,
        "the cursor covers " + effects + ", the owner before had " + startHandler.resumedFrom());
    session.request(1 + random.nextInt(4));
    world.time.afterMillis(random.nextInt(100), this::tick);
  }

  /** Marks a cursor behind what the handler has done; some handlers leave it out now and then. */
  private void mark() {
    if (world.streamDeployment.cursors() && cursors.nextInt(5) > 0) {
      byte[] cursor = ByteBuffer.allocate(2 * Long.BYTES).putLong(effects).putLong(offered).array();
      // A mark behind the final frame comes too late to be handed over.
      if (session.end() == null
          && session.position() == positionsBefore + offered - offeredBefore) {
        markedOffered = offered;
        markedEffects = effects;
      }
      session.mark(world.now(), cursor, session.processed(), isOneRequest());
    }
  }

  /** Whether a handler of another instance could go on from the last mark. */
  private boolean isCursorCurrent() {
    boolean takenOver = !started && session.cursor().isPresent();
    boolean marked = markedOffered == offered && (isOneRequest() || markedEffects == effects);
    return world.streamDeployment.cursors() && (takenOver || marked);
  }

  /** Whether a handler runs here. */
  boolean isAlive() {
    return !dead;
  }

  /** Whether no handler was started. */
  boolean isUnstarted() {
    return !started;
  }

  /** The messages of the server that the client has processed, as the session knows. */
  long ackedMessages() {
    return Math.max(0, session.acked() - (positionsBefore - offeredBefore));
  }

  /** The messages that handlers of earlier instances have sent. */
  long offeredBefore() {
    return offeredBefore;
  }

  private void tick() {
    if (dead || session.end() != null) {
      return;
    }
    int burst = 1 + random.nextInt(4);
    boolean may = ledger.mayAnswer(halfClosed, effects);
    for (int i = 0; i < burst && may && offered < ledger.serverTotal; i++) {
      if (session.isReady() || random.nextInt(20) == 0) {
        offered += session.offer(world.payload(offered + 1)) ? 1 : 0;
      }
    }
    mark();
    finishIfDone();
    world.time.afterMillis(1 + random.nextInt(300), this::tick);
    drive();
  }

  private boolean isOneRequest() {
    return ledger.kind == MethodKind.SERVER_STREAMING;
  }

  private void finishIfDone() {
    if (halfClosed && offered == ledger.serverTotal && effects == ledger.clientTotal) {
      session.finish(world.now(), 0, Payload.EMPTY);
    }
  }

  private void onDelivered(long seq, Payload message) {
    long content = StreamSimulation.contentOf(message);
    ledger.onDeliver("the server", content, delivered);
    delivered = content;
    // The one request is the half-close too, for a server that knows its method.
    halfClosed |= isOneRequest();
    busyUntilNanos = Math.max(busyUntilNanos, world.time.elapsed().toNanos());
    busyUntilNanos += Duration.ofMillis(random.nextInt(slowestMillis)).toNanos();
    if (content == 1) {
      busyUntilNanos += world.pause(StreamDeployment.PausedSide.SERVER).toNanos();
    }
    world.time.after(
        busyUntilNanos - world.time.elapsed().toNanos(),
        () -> {
          if (!dead && session.end() == null) {
            effects = content;
            if (ledger.inMemory()) {
              ledger.onServerEffect(this, content);
            }
            session.processed(world.now(), seq);
            mark();
            session.request(1);
            drive();
          }
        });
  }

  private void onHalfClosed() {
    ledger.require(
        delivered == ledger.clientTotal,
        Guarantee.STREAM_NOTHING_LOST,
        "half-closed after " + delivered + " of " + ledger.clientTotal);
    halfClosed = true;
    if (ledger.inMemory()) {
      ledger.halfCloseDone = true;
    }
  }

  private void onEnded(SessionEnd end) {
    world.note(instance.owner() + " " + session.id() + " " + end.kind());
    dead = true;
    switch (end.kind()) {
      case RELEASED -> world.mark(StreamCoverage.FENCED_WRITER);
      case LOST_EXPIRED -> world.mark(StreamCoverage.EXPIRED_AT_SERVER);
      case MOVED -> {
        if (session.isMovedAway()) {
          world.mark(StreamCoverage.MOVED_WITH_ITS_CURSOR);
        }
      }
      default -> {}
    }
    if (ledger.clientCrashed && end.kind() != SessionEnd.SessionEndKind.RELEASED) {
      world.mark(StreamCoverage.CLIENT_GONE);
    }
    if (end.kind() != SessionEnd.SessionEndKind.RELEASED && !session.isHandedOver()) {
      ledger.onServerEnd(this, end);
    }
    if (session.duplicates() > 0) {
      world.mark(StreamCoverage.DUPLICATE_DROPPED);
    }
  }

  /**
   * Checks that the store gets the handler's effects together with the watermark, or not at all.
   */
  private void checkChange(StoreRequest request) {
    if (request instanceof StoreRequest.Save save) {
      long messages = Math.min(save.processed(), ledger.clientTotal);
      long done = Math.max(effects, ledger.serverEffects);
      ledger.require(
          messages <= done,
          Guarantee.STREAM_ACKED_IS_PROCESSED,
          "the store is told that " + messages + " are processed, but " + done + " are");
    }
  }

  // The shell.

  void drive() {
    SessionOutput next = session.poll(world.now());
    while (next != null) {
      perform(next);
      next = session.poll(world.now());
    }
    if (!session.isOver()) {
      arm();
    } else if (!over) {
      over = true;
      ledger.expired |= session.isHandedOver() && session.state() == SessionState.LOST;
      instance.stepLater(() -> instance.retire(this));
    }
  }

  private void perform(SessionOutput output) {
    if (output instanceof SessionOutput.Send send) {
      FrameHeader header = send.header();
      if (header != null && header.has(Flag.FINAL) && ledger.statusesSent++ > 0) {
        world.mark(StreamCoverage.STATUS_LOST_AND_REPEATED);
      }
      if (header != null && header.has(Flag.MOVED) && send.body().sizeBytes() == 0) {
        ledger.onMovedWithoutHandover(instance.isDraining(), isCursorCurrent());
      }
      call(send.attachment()).serverSends(header, send.body());
    } else if (output instanceof SessionOutput.Request request) {
      call(request.attachment()).serverRequests();
    } else if (output instanceof SessionOutput.Accept accept) {
      world.note(instance.owner() + " accepts " + accept.attachment().number());
      // A client takes no welcome of a call that it has given up: what begins so stays empty.
      if (!(world.streamDeployment.sole() && call(accept.attachment()).isGivenUp())) {
        ledger.onAccept(this, accept.attachment().number());
      }
      call(accept.attachment()).serverWelcomes(accept.welcome());
    } else if (output instanceof SessionOutput.Refuse refuse) {
      world.note(instance.owner() + " refuses " + refuse);
      call(refuse.attachment()).serverRefuses(refuse.refusal());
    } else if (output instanceof SessionOutput.EndCall endCall) {
      call(endCall.attachment()).serverCloses(endCall.why());
    } else if (output instanceof SessionOutput.StartHandler startHandler) {
      onStart(startHandler);
    } else if (output instanceof SessionOutput.Deliver deliver) {
      onDelivered(deliver.seq(), deliver.message());
    } else if (output instanceof SessionOutput.HalfClosed) {
      onHalfClosed();
    } else if (output instanceof SessionOutput.Store store) {
      checkChange(store.request());
      world.store.ask(store.request(), answer -> onStored(store.request(), answer));
    } else if (output instanceof SessionOutput.Ended ended) {
      onEnded(ended.end());
    }
  }

  private void onStored(StoreRequest request, StoreResponse answer) {
    boolean gone = !instance.owner().equals(request.owner()) || !instance.isUp();
    if (!gone) {
      session.onStored(world.now(), request, answer);
      drive();
    }
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
      String owner = instance.owner();
      armedNanos = atNanos;
      world.time.after(
          atNanos - world.time.elapsed().toNanos(),
          () -> {
            if (armedNanos == atNanos && owner.equals(instance.owner()) && instance.isUp()) {
              armedNanos = Long.MAX_VALUE;
              session.onTimeout(world.now());
              drive();
            }
          });
    }
  }
}
