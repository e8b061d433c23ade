package dev.holdfast.streams;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.internal.Handshake;
import java.time.Duration;

/**
 * The settings of a session. Immutable; start from {@link #DEFAULT} and use the {@code with..}
 * methods.
 *
 * @param level the durability level; default RESUME
 * @param sendMessages messages kept until the peer has processed them, from which on the session is
 *     not ready; at twice as many one is refused; 1 to 65,536, default 256
 * @param sendBytes the same in bytes; default 8 MiB
 * @param receiveMessages messages that the peer may send ahead of what was processed; default 256
 * @param receiveBytes bytes received and not yet delivered from which on no more credit is given;
 *     default 8 MiB
 * @param ackEvery messages processed after which an ack is sent at once, or after 256 KiB of them,
 *     or a quarter of {@code receiveBytes} if that is less; default 64. A server announces it in
 *     its welcomes, and its clients follow: their own counts with a server that announces none
 * @param firstMessage when the first messages of a client are sent; default at once
 * @param timing the times
 */
public record SessionOptions(
    DurabilityLevel level,
    int sendMessages,
    long sendBytes,
    int receiveMessages,
    long receiveBytes,
    int ackEvery,
    FirstMessage firstMessage,
    Timing timing) {

  @Limit(
      of =
          "messages of a session that are held, or processed without an ack, at the highest"
              + " setting",
      then = "a larger number is refused")
  private static final int MOST_MESSAGES = 65_536;

  /**
   * Seven messages of 1 MiB: while some are processed and their acks are on their way the next ones
   * arrive. HTTP/2 windows of grpc-java grow as far. A buffer holds less of it where a 64th of the
   * free budget of the process is less, as by default.
   */
  private static final long BUFFER_BYTES = 8 * 1024 * 1024;

  /** A small part of what a peer keeps by default: its sender never waits for an ack then. */
  private static final long ACK_BYTES = 256 * 1024;

  /** A quarter of it: a message of 1 MiB that is answered costs no frame of its own. */
  private static final long ANSWERED_ACK_BYTES = 2 * 1024 * 1024;

  /** The options of a method without settings. */
  public static final SessionOptions DEFAULT =
      new SessionOptions(
          DurabilityLevel.RESUME,
          256,
          BUFFER_BYTES,
          256,
          BUFFER_BYTES,
          64,
          FirstMessage.AT_ONCE,
          Timing.DEFAULT);

  /**
   * The times of a session.
   *
   * @param ackDelay the most time between processing and its ack; default 250 ms, so that the acks
   *     of a stream with some messages a second in both directions go with these; said and followed
   *     as {@code ackEvery}, by clients up to 10 s
   * @param ttl for how long a session without an attachment is kept; default 2 min
   * @param handshake the most time between an attachment's begin and its welcome; default 10 s
   * @param assumePlain time after which a peer that has not answered the first attachment is taken
   *     for one without sessions, when there is something it may wait for; default 1 s
   * @param heartbeat silence of this side after which it sends a frame; zero (default): none
   * @param suspect silence of the peer after which the attachment is suspect; zero (default): only
   *     when the shell says so
   * @param race time from then until a second attachment is begun; default 1 s
   * @param dead silence of a suspect attachment after which it is given up; default 30 s
   * @param rotate age at which an attachment is replaced; zero (default): never
   * @param backoff the delays between attachments
   */
  public record Timing(
      Duration ackDelay,
      Duration ttl,
      Duration handshake,
      Duration assumePlain,
      Duration heartbeat,
      Duration suspect,
      Duration race,
      Duration dead,
      Duration rotate,
      Backoff.BackoffOptions backoff) {

    /** The times of a session without settings. */
    public static final Timing DEFAULT =
        new Timing(
            Duration.ofMillis(250),
            Duration.ofMinutes(2),
            Duration.ofSeconds(10),
            Duration.ofSeconds(1),
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(1),
            Duration.ofSeconds(30),
            Duration.ZERO,
            new Backoff.BackoffOptions(Duration.ofMillis(250), Duration.ofSeconds(30)));

    public Timing {
      sayable("ackDelay", ackDelay);
      sayable("ttl", ttl);
      positive("handshake", handshake);
      positive("assumePlain", assumePlain);
      notNegative("heartbeat", heartbeat);
      notNegative("suspect", suspect);
      positive("race", race);
      positive("dead", dead);
      notNegative("rotate", rotate);
    }

    public Timing withAckDelay(Duration newAckDelay) {
      return new Timing(
          newAckDelay,
          ttl,
          handshake,
          assumePlain,
          heartbeat,
          suspect,
          race,
          dead,
          rotate,
          backoff);
    }

    public Timing withTtl(Duration newTtl) {
      return new Timing(
          ackDelay,
          newTtl,
          handshake,
          assumePlain,
          heartbeat,
          suspect,
          race,
          dead,
          rotate,
          backoff);
    }

    public Timing withHandshake(Duration newHandshake) {
      return new Timing(
          ackDelay,
          ttl,
          newHandshake,
          assumePlain,
          heartbeat,
          suspect,
          race,
          dead,
          rotate,
          backoff);
    }

    /**
     * Returns these times with heartbeats; a peer that sends none for {@code newSuspect} is
     * suspect.
     */
    public Timing withHeartbeat(Duration newHeartbeat, Duration newSuspect, Duration newDead) {
      return new Timing(
          ackDelay,
          ttl,
          handshake,
          assumePlain,
          newHeartbeat,
          newSuspect,
          race,
          newDead,
          rotate,
          backoff);
    }

    public Timing withRotate(Duration newRotate) {
      return new Timing(
          ackDelay,
          ttl,
          handshake,
          assumePlain,
          heartbeat,
          suspect,
          race,
          dead,
          newRotate,
          backoff);
    }

    /** Silence after which a server gives an attachment up; zero: never. */
    public Duration silent() {
      return suspect.isZero() ? Duration.ZERO : suspect.plus(dead);
    }

    /** Requires a positive duration that a welcome can encode. */
    private static void sayable(String name, Duration value) {
      positive(name, value);
      if (value.compareTo(Duration.ofMillis(Handshake.MAX_MILLIS)) > 0) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: <= 100 days)");
      }
    }

    private static void positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
      }
    }

    private static void notNegative(String name, Duration value) {
      if (value.isNegative()) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0)");
      }
    }
  }

  public SessionOptions {
    messages("sendMessages", sendMessages);
    bytes("sendBytes", sendBytes);
    messages("receiveMessages", receiveMessages);
    bytes("receiveBytes", receiveBytes);
    messages("ackEvery", ackEvery);
  }

  /** Bytes processed after which an ack is sent at once, however few messages they are. */
  public long ackBytes() {
    return Math.min(ACK_BYTES, Math.max(1, receiveBytes / 4));
  }

  /**
   * Bytes processed after which an ack is sent by itself while messages are answered: the next
   * answer carries the ack, and its frame is saved.
   */
  public long answeredAckBytes() {
    return Math.min(ANSWERED_ACK_BYTES, Math.max(1, receiveBytes / 2));
  }

  public SessionOptions withLevel(DurabilityLevel newLevel) {
    return new SessionOptions(
        newLevel,
        sendMessages,
        sendBytes,
        receiveMessages,
        receiveBytes,
        ackEvery,
        firstMessage,
        timing);
  }

  public SessionOptions withSendBuffer(int messages, long bytes) {
    return new SessionOptions(
        level, messages, bytes, receiveMessages, receiveBytes, ackEvery, firstMessage, timing);
  }

  public SessionOptions withReceiveBuffer(int messages, long bytes) {
    return new SessionOptions(
        level, sendMessages, sendBytes, messages, bytes, ackEvery, firstMessage, timing);
  }

  public SessionOptions withAckEvery(int messages) {
    return new SessionOptions(
        level,
        sendMessages,
        sendBytes,
        receiveMessages,
        receiveBytes,
        messages,
        firstMessage,
        timing);
  }

  public SessionOptions withFirstMessage(FirstMessage when) {
    return new SessionOptions(
        level, sendMessages, sendBytes, receiveMessages, receiveBytes, ackEvery, when, timing);
  }

  public SessionOptions withTiming(Timing newTiming) {
    return new SessionOptions(
        level,
        sendMessages,
        sendBytes,
        receiveMessages,
        receiveBytes,
        ackEvery,
        firstMessage,
        newTiming);
  }

  private static void messages(String name, int value) {
    if (value < 1 || value > MOST_MESSAGES) {
      throw new IllegalArgumentException(
          name + ": " + value + " (expected: 1 to " + MOST_MESSAGES + ")");
    }
  }

  private static void bytes(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
    }
  }
}
