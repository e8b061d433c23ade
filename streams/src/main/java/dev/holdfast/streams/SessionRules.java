package dev.holdfast.streams;

/**
 * Makes the parts of a session that decide what is kept, delivered, acknowledged and let in.
 *
 * <p>There is one right set of rules, {@link #STANDARD}. The rehearsal hands in broken ones, by
 * name, and must catch each of them.
 */
public class SessionRules {
  /** The rules of the protocol. */
  public static final SessionRules STANDARD = new SessionRules();

  protected SessionRules() {}

  protected Outbox outbox(SessionOptions options) {
    return new Outbox(options.sendMessages(), options.sendBytes());
  }

  protected Inbox inbox(SessionOptions options) {
    return new Inbox(options.receiveMessages(), options.receiveBytes());
  }

  protected Fence fence() {
    return new Fence();
  }
}
