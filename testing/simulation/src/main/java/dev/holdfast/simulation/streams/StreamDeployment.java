package dev.holdfast.simulation.streams;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.MethodKind;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The servers of a schedule, and the clients' knowledge of them.
 *
 * @param level of the clients
 * @param sole whether there is a single instance, and it was told so
 * @param mixed whether instances come back with or without sessions
 * @param proxied whether a call that waited on the way reaches any instance that is up when it
 *     arrives
 * @param kind the cardinality of the method
 * @param peer the clients' knowledge of the servers
 * @param firstMessage when clients send their first message
 * @param holdsResponses whether a proxy passes each response on when it is complete
 * @param cursors whether handlers mark cursors, and clients take hand-overs
 * @param pause the side whose application leaves its first message unprocessed for minutes, while
 *     its path is cut again and again
 */
record StreamDeployment(
    DurabilityLevel level,
    boolean sole,
    boolean mixed,
    boolean proxied,
    MethodKind kind,
    ClientSession.Peer peer,
    FirstMessage firstMessage,
    boolean holdsResponses,
    boolean cursors,
    PausedSide pause) {
  /** The side whose application pauses. */
  enum PausedSide {
    NOBODY,
    CLIENT,
    SERVER
  }

  private static final int PAUSES_ONE_IN = 12;
  private static final int HOLDS_ONE_IN = 4;
  private static final List<MethodKind> KINDS =
      List.of(
          MethodKind.BIDIRECTIONAL,
          MethodKind.BIDIRECTIONAL,
          MethodKind.SERVER_STREAMING,
          MethodKind.CLIENT_STREAMING);

  private static final List<ClientSession.Peer> PEERS =
      List.of(
          ClientSession.Peer.UNKNOWN, ClientSession.Peer.LIKELY_PLAIN, ClientSession.Peer.HOLDFAST);

  private static final int FEW = 6;
  private static final int MANY = 40;

  /**
   * @param kinds for what a bidirectional method does not have
   */
  static StreamDeployment of(SplittableRandom random, SplittableRandom kinds) {
    DurabilityLevel durabilityLevel =
        random.nextBoolean() ? DurabilityLevel.RESUME : DurabilityLevel.DURABLE;
    boolean memory = durabilityLevel == DurabilityLevel.RESUME;
    boolean sole = memory && random.nextInt(3) == 0;
    boolean mixed = memory && !sole && random.nextBoolean();
    if (mixed && random.nextInt(3) > 0) {
      durabilityLevel = DurabilityLevel.REOPEN;
    }
    boolean unknown = mixed || random.nextInt(3) == 0;
    MethodKind kind = KINDS.get(kinds.nextInt(KINDS.size()));
    ClientSession.Peer peer = unknown ? ClientSession.Peer.UNKNOWN : ClientSession.Peer.HOLDFAST;
    if (kind != MethodKind.BIDIRECTIONAL) {
      // What the last server of the method was says nothing sure of this one.
      peer = PEERS.get(kinds.nextInt(PEERS.size()));
    }
    boolean cursors = memory && kinds.nextInt(3) > 0;
    return new StreamDeployment(
        durabilityLevel,
        sole,
        mixed,
        random.nextInt(3) == 0,
        kind,
        peer,
        random.nextInt(5) == 0 ? FirstMessage.AFTER_WELCOME : FirstMessage.AT_ONCE,
        kind == MethodKind.SERVER_STREAMING && kinds.nextInt(HOLDS_ONE_IN) == 0,
        cursors,
        random.nextInt(PAUSES_ONE_IN) > 0
            ? PausedSide.NOBODY
            : random.nextBoolean() ? PausedSide.CLIENT : PausedSide.SERVER);
  }

  /**
   * Whether a client's first attachment may stay unanswered, at a server without sessions, so that
   * only the transport notices its end.
   */
  boolean mayStaySilent() {
    return kind != MethodKind.BIDIRECTIONAL || peer == ClientSession.Peer.UNKNOWN;
  }

  int instances() {
    return sole ? 1 : cursors ? 3 : 2;
  }

  /** The most messages that an application sends at once where it may have to begin again. */
  int mostMessages() {
    return level == DurabilityLevel.REOPEN ? FEW : MANY;
  }
}
