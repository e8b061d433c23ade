package dev.holdfast.gateway.resume;

import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * The position of one reader in a resumable stream, as the codec of its response writes it.
 * Confined to the event loop of the reader.
 */
public final class ResumePoint {
  enum Progress {
    /** The stream has no id, or is not attached yet. */
    NONE,
    /** Messages follow. */
    READING,
    /** The stream has ended, and its end is written now. */
    ENDED,
    /** The reader has the end of the stream already. */
    COMPLETE,
    /** Another reader took over. */
    SUPERSEDED
  }

  private Progress progress = Progress.NONE;
  private String session = "";
  private Duration ttl = Duration.ZERO;
  private long position;
  private long received;
  private LongConsumer acknowledge = position -> {};
  private final boolean acknowledges;

  /**
   * Creates a point without a stream.
   *
   * @param acknowledges whether the client acknowledges what it has processed, from the beginning
   */
  public ResumePoint(boolean acknowledges) {
    this.acknowledges = acknowledges;
  }

  /** Whether the client acknowledges what it has processed, from the beginning. */
  boolean acknowledges() {
    return acknowledges;
  }

  /** Whether messages have ids. */
  public boolean hasIds() {
    return progress != Progress.NONE;
  }

  /** Whether the reader has the end of the stream already. */
  public boolean isComplete() {
    return progress == Progress.COMPLETE;
  }

  /** The id of the stream. */
  public String session() {
    return session;
  }

  /** The position of the last message. */
  public long position() {
    return position;
  }

  /** The number of messages that the stream has got from its client. */
  public long received() {
    return received;
  }

  /** For how long the stream is kept without a reader. */
  public Duration ttl() {
    return ttl;
  }

  /**
   * The id of the event that is written next; "" for none. An end that is not the stream's own, as
   * that of a draining gateway, has none, so that the reader comes back for the rest.
   */
  public String eventId() {
    return switch (progress) {
      case NONE, COMPLETE -> "";
      case READING -> new ResumeToken(session, position, false).eventId();
      case ENDED -> new ResumeToken(session, position + 1, false).eventId();
      case SUPERSEDED -> new ResumeToken(session, position, true).eventId();
    };
  }

  /** Whether the end that is written next is the stream's own, or a reason not to come back. */
  public boolean isFinal() {
    return progress == Progress.ENDED || progress == Progress.SUPERSEDED;
  }

  /** The client has processed all messages up to a position. */
  public void acknowledge(long upTo) {
    acknowledge.accept(upTo);
  }

  void onOpened(String id, Duration keptFor, LongConsumer acknowledging) {
    session = id;
    ttl = keptFor;
    acknowledge = acknowledging;
    progress = Progress.READING;
  }

  void onAttached(long after, long messagesReceived) {
    position = after;
    received = messagesReceived;
  }

  void onMessage(long at) {
    position = at;
  }

  void onEnd() {
    progress = Progress.ENDED;
  }

  void onComplete() {
    progress = Progress.COMPLETE;
  }

  void onSuperseded() {
    progress = Progress.SUPERSEDED;
  }

  void onRefused() {
    progress = Progress.NONE;
  }

  Progress progress() {
    return progress;
  }

  /** The end of a stream that another gateway has. */
  void onRelayedEnd(String id, Progress how) {
    session = id;
    progress = how;
  }
}
