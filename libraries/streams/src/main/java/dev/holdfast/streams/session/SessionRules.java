package dev.holdfast.streams.session;

import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.Welcome;
import java.time.Duration;

/**
 * The factory of the session parts that decide what is kept, delivered, acknowledged and admitted.
 *
 * <p>There is one right set of rules, {@link #STANDARD}. A simulation substitutes broken ones, by
 * name, and must detect each of them.
 */
public class SessionRules {
  /** The rules of the protocol. */
  public static final SessionRules STANDARD = new SessionRules();

  protected SessionRules() {}

  protected SendBuffer outbox(SessionOptions options) {
    return new SendBuffer(options.sendMessages(), options.sendBytes());
  }

  protected ReceiveBuffer inbox(SessionOptions options) {
    return new ReceiveBuffer(options.receiveMessages(), options.receiveBytes());
  }

  protected Fence fence() {
    return new Fence();
  }

  protected SessionCursor cursor() {
    return new SessionCursor();
  }

  /**
   * Whether a session that was welcomed before ends when its next attachment is answered so; else
   * attempts go on as after BUSY.
   *
   * @param how one that repeating does not change in a call of its own
   */
  protected boolean endsSession(CallClosure how) {
    return !how.isTransient();
  }

  /** Whether an attachment that brought a message across is no sign against that message. */
  protected boolean clearsArrivedMessages() {
    return true;
  }

  /** Whether what is due on an attachment whose request side is closed is said on another one. */
  protected boolean replacesHalfClosed() {
    return true;
  }

  /** The ack policy of a client, given the server's welcome. */
  protected AckPolicy ackPolicy(SessionOptions own, Welcome welcome) {
    return AckPolicy.of(own).orAsked(welcome);
  }

  /** The store of a simulation. */
  public SessionStoreModel records() {
    return new SessionStoreModel();
  }

  /**
   * Whether a server without a store may begin a session that it does not know and never welcomed.
   *
   * @param hello without a token
   * @param soleFor for how long nobody else, no earlier start of the server included, could have
   *     taken a session, and its own would still be remembered; zero when there may be others
   */
  protected boolean mayBegin(Hello hello, Duration soleFor) {
    return hello.untouched() || (hello.ageMillis() > 0 && hello.ageMillis() < soleFor.toMillis());
  }
}
