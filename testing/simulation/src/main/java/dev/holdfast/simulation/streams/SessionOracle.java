package dev.holdfast.simulation.streams;

import static dev.holdfast.simulation.streams.Guarantee.STREAM_ACKED_IS_PROCESSED;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_IN_ORDER;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_NOTHING_LOST;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_NOTHING_TWICE;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_NO_VAIN_LOSS;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_ONE_END;
import static dev.holdfast.simulation.streams.Guarantee.STREAM_ONE_OWNER;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.session.MethodKind;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ground truth of one session, for its checks: what both applications sent and did, which
 * attachments were admitted, and how it ended.
 */
final class SessionOracle {
  /** A reset of a stream says four times as much against a message as a cut. */
  static final int STRAIN_OF_A_RESET = 4;

  /**
   * The strain after which a session may call itself stuck: three resets or twelve cuts, of which
   * the first may have been of a good call.
   */
  private static final int STRAIN_OF_STUCK = 2 * STRAIN_OF_A_RESET;

  /** Numbers of messages stay below it; what is above says which stream it was, of several. */
  static final long A_GENERATION = 1_000;

  final DurabilityLevel durabilityLevel;
  final MethodKind kind;
  final long clientTotal;
  final long serverTotal;

  /**
   * The effects of the applications on received messages; a server's effects as they are
   * remembered.
   */
  long clientEffects;

  long serverEffects;
  long clientDelivered;
  boolean halfCloseDone;

  /** Attachments that the store let in. */
  final Set<Long> granted = new HashSet<>();

  boolean finalDone;
  boolean welcomed;
  boolean clientCrashed;
  boolean hostDied;

  /** An instance that had handed the session over has forgotten it, whoever has taken it. */
  boolean expired;

  /** An owner has said that the session ends with it, and why it had to was checked then. */
  private boolean endedByOwner;

  /** The client gave up to keep what it had sent to a silent peer. */
  boolean tookForPlain;

  boolean metPlain;
  long bornNanos;

  /** The time for which the client has had no working attachment. */
  long aloneNanos;

  int statusesSent;
  private int strain;
  @Nullable SessionEnd clientEnd;
  @Nullable SessionEnd serverEnd;
  private long newestAccepted;
  private @Nullable SimulatedServerSession owner;
  private @Nullable SimulatedServerSession handler;
  private int takeOvers;
  private long serverEffectsAtMove = -1;
  private final boolean sole;
  private long plainStreams;
  private boolean soleWasThere;

  SessionOracle(StreamDeployment streamDeployment, long clientTotal, long serverTotal) {
    this.sole = streamDeployment.sole();
    this.durabilityLevel = streamDeployment.level();
    this.kind = streamDeployment.kind();
    this.clientTotal = kind == MethodKind.SERVER_STREAMING ? 1 : clientTotal;
    this.serverTotal = kind == MethodKind.CLIENT_STREAMING ? 1 : serverTotal;
  }

  void onAccept(SimulatedServerSession by, long attach) {
    // In memory a call that was given up may still begin a session elsewhere, which stays empty.
    // The store's word may come late, and says nothing wrong: who is fenced there writes nothing.
    boolean granted =
        durabilityLevel == DurabilityLevel.DURABLE
            ? this.granted.contains(attach)
            : attach > newestAccepted;
    require(
        granted || isStillborn(by),
        STREAM_ONE_OWNER,
        "attachment " + attach + " was let in after " + newestAccepted);
    if (attach > newestAccepted) {
      newestAccepted = attach;
      owner = by;
    }
  }

  /** An attachment ended that may have ended because of a message. */
  void onStrain(int weight) {
    strain += weight;
  }

  /** Whether a handler may send: in a method with one response or request it answers everything. */
  boolean mayAnswer(boolean halfClosed, long processed) {
    return switch (kind) {
      case BIDIRECTIONAL -> true;
      case SERVER_STREAMING -> halfClosed;
      case CLIENT_STREAMING -> halfClosed && processed == clientTotal;
    };
  }

  /** Whether the session is kept by its instance alone. */
  boolean inMemory() {
    return durabilityLevel != DurabilityLevel.DURABLE;
  }

  private boolean isStillborn(SimulatedServerSession simulatedServerSession) {
    return inMemory() && simulatedServerSession != owner && simulatedServerSession.effects == 0;
  }

  /** A handler starts where somebody else had stopped. */
  void onStart(SimulatedServerSession by, long resumedFrom) {
    if (by == owner) {
      handler = by;
    }
    long effects = serverEffects + (halfCloseDone ? 1 : 0);
    if (isStillborn(by) || (durabilityLevel == DurabilityLevel.DURABLE && by != owner)) {
      return;
    }
    require(
        resumedFrom <= effects,
        STREAM_NOTHING_LOST,
        "resumed from " + resumedFrom + " though " + effects + " was done");
    require(
        resumedFrom == effects,
        STREAM_NOTHING_TWICE,
        "resumed from " + resumedFrom + " though " + effects + " was done");
  }

  /**
   * A handler goes on where that of another instance was.
   *
   * @return whether it is not the first one that does
   */
  boolean onTakeOver(SimulatedServerSession by) {
    require(by == owner, STREAM_ONE_OWNER, "a handler goes on that does not own the session");
    require(
        handler == null || !handler.isAlive(),
        STREAM_ONE_OWNER,
        "two handlers go on with the same session");
    handler = by;
    takeOvers++;
    return takeOvers > 1;
  }

  /** A message is handed to an application that was given so many before. */
  void onDeliver(String to, long content, long before) {
    boolean another = content / A_GENERATION > before / A_GENERATION;
    if (another && (before == 0 || durabilityLevel == DurabilityLevel.REOPEN)) {
      require(content % A_GENERATION == 1, STREAM_IN_ORDER, to + " gets " + content + " first");
      return;
    }
    require(content > before, STREAM_NOTHING_TWICE, to + " gets " + content + " after " + before);
    require(content == before + 1, STREAM_IN_ORDER, to + " gets " + content + " after " + before);
  }

  /** A plain server's handler begins; what it says can be told from what others do. */
  long onPlainStream(long attach) {
    metPlain = true;
    // A call that was given up before it may still begin a session, which stays empty.
    newestAccepted = Math.max(newestAccepted, attach);
    plainStreams++;
    return plainStreams * A_GENERATION;
  }

  /** Checks a message that a plain server gets, after {@code before} messages on its call. */
  void onPlainMessage(long content, long generation, long before) {
    long number = content % A_GENERATION;
    require(
        number == before + 1 && content - number == generation,
        STREAM_IN_ORDER,
        "a plain server gets " + content + " after " + before);
    if (generation == 0) {
      // Unless the application has begun again, nobody else may have got it.
      require(
          number > serverEffects,
          STREAM_NOTHING_TWICE,
          "a plain server gets " + content + " again");
      serverEffects = number;
    }
  }

  /** Whether an instance is there without a break since before the session began. */
  void onWorld(long soleSinceNanos, long nowNanos) {
    long youngNanos = StreamSimulation.HANDSHAKE.toNanos();
    soleWasThere =
        sole
            && soleSinceNanos < bornNanos - youngNanos
            && nowNanos - bornNanos < StreamSimulation.TTL.toNanos() - youngNanos;
  }

  /** A handler whose effects live in memory has processed a message. */
  void onServerEffect(SimulatedServerSession by, long upTo) {
    require(
        by == owner,
        STREAM_ONE_OWNER,
        "somebody processed " + upTo + " who does not own the session");
    onEffect(upTo);
  }

  /** The store took the effects of everything up to a position, and the position. */
  void onRemembered(long upTo, boolean halfClosed) {
    onEffect(Math.min(upTo, clientTotal));
    halfCloseDone |= halfClosed;
  }

  private void onEffect(long upTo) {
    require(
        serverEffectsAtMove < 0,
        STREAM_NOTHING_TWICE,
        "processed " + upTo + " after the word that it would not be");
    require(upTo >= serverEffects, STREAM_IN_ORDER, "effects went back to " + upTo);
    serverEffects = upTo;
  }

  void onClientEnd(SessionEnd end) {
    require(clientEnd == null, STREAM_ONE_END, "the client is told " + end + " after " + clientEnd);
    clientEnd = end;
    if (end.kind() == SessionEndKind.FINISHED) {
      require(
          clientDelivered == serverTotal,
          STREAM_NOTHING_LOST,
          "finished after " + clientDelivered + " of " + serverTotal);
      finalDone = true;
    } else if (end.kind() == SessionEndKind.MOVED) {
      long effects = serverEffects + (halfCloseDone ? 1 : 0);
      require(
          end.processedByPeer() == effects,
          STREAM_NOTHING_LOST,
          "moved at " + end.processedByPeer() + " though " + effects + " was done");
      serverEffectsAtMove = serverEffects;
      finalDone = true;
    } else if (end.kind() == SessionEndKind.PLAIN && end.status() == 0) {
      require(
          clientDelivered % A_GENERATION == serverTotal,
          STREAM_NOTHING_LOST,
          "ended plain after " + clientDelivered + " of " + serverTotal);
    }
    require(
        isJustified(end.kind()), STREAM_NO_VAIN_LOSS, "the client is told " + end + " for nothing");
  }

  void onServerEnd(SimulatedServerSession by, SessionEnd end) {
    boolean neverKnown = inMemory() && !welcomed && by.effects == 0;
    if (isStillborn(by) || neverKnown) {
      return;
    }
    require(serverEnd == null, STREAM_ONE_END, "the server is told " + end + " after " + serverEnd);
    serverEnd = end;
    if (end.kind() == SessionEndKind.FINISHED) {
      require(
          clientEffects == serverTotal,
          STREAM_NOTHING_LOST,
          "the server may forget " + (serverTotal - clientEffects) + " messages");
    }
    require(
        isJustified(end.kind()), STREAM_NO_VAIN_LOSS, "the server is told " + end + " for nothing");
  }

  /**
   * An owner says that the session ends with it, and hands nothing over.
   *
   * @param leaving whether its instance leaves
   * @param current whether the client takes hand-overs, and its handler has done nothing behind its
   *     last mark
   */
  void onMovedWithoutHandover(boolean leaving, boolean current) {
    require(inMemory() && leaving, STREAM_NO_VAIN_LOSS, "an instance that stays says MOVED");
    require(
        !current, STREAM_NO_VAIN_LOSS, "MOVED without a hand-over, though the cursor is current");
    endedByOwner = true;
  }

  /** A server refuses positions that don't fit its own. */
  void onGap(SimulatedStreamCall call) {
    boolean takesOver = call.handover != null && call.handover.isPresent();
    require(!takesOver, STREAM_NO_VAIN_LOSS, "the positions of a hand-over are refused");
  }

  private boolean isJustified(SessionEndKind sessionEndKind) {
    return switch (sessionEndKind) {
      case FINISHED, CANCELLED, DEADLINE, RELEASED -> true;
      case MOVED -> endedByOwner || isHandoverLost();
      // Time without attachment: the sessions measure it themselves, and faults end.
      case LOST_EXPIRED -> true;
      case LOST_UNREACHABLE -> aloneNanos >= StreamSimulation.PATIENCE.toNanos();
      case LOST_UNKNOWN -> tookForPlain || (inMemory() && mayBeUnknown());
      case LOST_STUCK -> strain >= STRAIN_OF_STUCK;
      case LOST_REFUSED -> aloneNanos >= StreamSimulation.PATIENCE.toNanos();
      case PLAIN -> metPlain || tookForPlain;
      // Whoever waited longer than for a handshake had to make room.
      case LOST_GAP -> tookForPlain;
      case LOST_STORE, LOST_DENIED -> false;
    };
  }

  /** Whether no instance can take what an owner has handed over. */
  private boolean isHandoverLost() {
    boolean tooLate = aloneNanos >= StreamSimulation.PATIENCE.toNanos();
    return inMemory() && (tooLate || metPlain || expired);
  }

  private boolean mayBeUnknown() {
    boolean gone = hostDied || expired || serverEnd != null || metPlain;
    return gone || !(welcomed || soleWasThere);
  }

  void checkClient(long acked) {
    long may = serverEffects + (serverEffects == clientTotal && halfCloseDone ? 1 : 0);
    require(
        acked <= may,
        STREAM_ACKED_IS_PROCESSED,
        "the client believes that " + acked + " are processed, but " + may + " are");
  }

  void checkServer(long acked) {
    long may = clientEffects + (finalDone ? 1 : 0);
    require(
        acked <= may || serverEnd != null,
        STREAM_ACKED_IS_PROCESSED,
        "the server believes that " + acked + " are processed, but " + may + " are");
  }

  void require(boolean holds, Guarantee guarantee, String otherwise) {
    if (!holds) {
      throw new GuaranteeViolation(guarantee, otherwise);
    }
  }
}
