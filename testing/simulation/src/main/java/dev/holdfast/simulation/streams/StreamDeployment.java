package dev.holdfast.simulation.streams;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.FirstMessage;
import dev.holdfast.streams.session.ClientSession;
import java.util.SplittableRandom;

/**
 * The servers of a schedule, and the clients' knowledge of them.
 *
 * @param level of the clients
 * @param sole whether there is a single instance, and it was told so
 * @param mixed whether instances come back with or without sessions
 * @param proxied whether a call that waited on the way reaches any instance that is up when it
 *     arrives
 * @param peer the clients' knowledge of the servers
 * @param firstMessage when clients send their first message
 * @param pause the side whose application leaves its first message unprocessed for minutes, while
 *     its path is cut again and again
 */
record StreamDeployment(
    DurabilityLevel level,
    boolean sole,
    boolean mixed,
    boolean proxied,
    ClientSession.Peer peer,
    FirstMessage firstMessage,
    PausedSide pause) {
  /** The side whose application pauses. */
  enum PausedSide {
    NOBODY,
    CLIENT,
    SERVER
  }

  private static final int PAUSES_ONE_IN = 12;
  private static final int FEW = 6;
  private static final int MANY = 40;

  static StreamDeployment of(SplittableRandom random) {
    DurabilityLevel durabilityLevel =
        random.nextBoolean() ? DurabilityLevel.RESUME : DurabilityLevel.DURABLE;
    boolean memory = durabilityLevel == DurabilityLevel.RESUME;
    boolean sole = memory && random.nextInt(3) == 0;
    boolean mixed = memory && !sole && random.nextBoolean();
    if (mixed && random.nextInt(3) > 0) {
      durabilityLevel = DurabilityLevel.REOPEN;
    }
    boolean unknown = mixed || random.nextInt(3) == 0;
    return new StreamDeployment(
        durabilityLevel,
        sole,
        mixed,
        random.nextInt(3) == 0,
        unknown ? ClientSession.Peer.UNKNOWN : ClientSession.Peer.HOLDFAST,
        random.nextInt(5) == 0 ? FirstMessage.AFTER_WELCOME : FirstMessage.AT_ONCE,
        random.nextInt(PAUSES_ONE_IN) > 0
            ? PausedSide.NOBODY
            : random.nextBoolean() ? PausedSide.CLIENT : PausedSide.SERVER);
  }

  int instances() {
    return sole ? 1 : 2;
  }

  /** The most messages that an application sends at once where it may have to begin again. */
  int mostMessages() {
    return level == DurabilityLevel.REOPEN ? FEW : MANY;
  }
}
