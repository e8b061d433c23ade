package dev.holdfast.streams.session;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.SessionTokenIssuer;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The session table of a server: admission, the session of each call, and tombstones of ended
 * sessions for late resumes.
 *
 * <p>Not thread-safe: the owner guards it by a lock, and never calls a session under that lock.
 */
@PureCore
public final class SessionTable {
  @Limit(of = "tombstones of a server", then = "the oldest is forgotten; its client hears UNKNOWN")
  static final int MAX_TOMBSTONES = 100_000;

  @Limit(
      of = "time between two attempts of a session to write to its store",
      then = "it is tried again")
  static final Duration STORE_CAP = Duration.ofSeconds(5);

  /**
   * The identity and the limits of a server.
   *
   * @param owner this start of this process, unique
   * @param address where clients reach this instance and no other, as host:port; "" only where
   *     there is no other instance or the level is durable
   * @param maxSessions the most concurrent sessions; beyond it new ones are refused with BUSY
   * @param maxPerPrincipal the same for each principal
   * @param soleSinceNanos since when, in monotonic time, no other server, nor an earlier start of
   *     this one, could have taken a session of these clients; null when one may have
   */
  public record ServerIdentity(
      String owner,
      String address,
      int maxSessions,
      int maxPerPrincipal,
      @Nullable Long soleSinceNanos) {

    public ServerIdentity {
      SessionTokenIssuer.requireOwner(address);
    }

    /** Creates the host of an instance among several. */
    public ServerIdentity(String owner, String address, int maxSessions, int maxPerPrincipal) {
      this(owner, address, maxSessions, maxPerPrincipal, null);
    }

    /** Creates a host without a separate limit per principal. */
    public ServerIdentity(String owner, String address, int maxSessions) {
      this(owner, address, maxSessions, maxSessions);
    }

    /** Returns this host as the only instance, from now on. */
    public ServerIdentity soleSince(long nowNanos) {
      return new ServerIdentity(owner, address, maxSessions, maxPerPrincipal, nowNanos);
    }
  }

  /** The decision about a call. */
  public sealed interface Admission {
    /** The call is refused with this reason. */
    record Refused(HandshakeRefusal refusal) implements Admission {}

    /** The call belongs to this session, whose outputs determine the answer. */
    record Admitted(ServerSession session) implements Admission {}
  }

  private record Tombstone(long processed, boolean handedOver, long untilNanos) {}

  private final ServerIdentity serverIdentity;
  private final SessionTokenIssuer mint;
  private final SessionOptions options;
  private final SessionRules rules;
  private final RandomGenerator random;
  private final Map<SessionId, ServerSession> sessions = new HashMap<>();
  private final Map<SessionId, Tombstone> tombstones = new LinkedHashMap<>();
  private final Map<String, Integer> perPrincipal = new HashMap<>();
  private final ResumeRate resumes = new ResumeRate(0);
  private BufferBudget budget = BufferBudget.standard();
  private String address;
  private boolean draining;
  private long forgotten;
  private @Nullable Long forgottenNanos;

  public SessionTable(
      ServerIdentity serverIdentity,
      SessionTokenIssuer mint,
      SessionOptions options,
      SessionRules rules,
      RandomGenerator random) {
    this.serverIdentity = serverIdentity;
    this.address = serverIdentity.address();
    this.mint = mint;
    this.options = options;
    this.rules = rules;
    this.random = random;
  }

  /**
   * Admits or refuses a call that came with a hello.
   *
   * @param attachment a new one with the hello's numbers
   * @param caller the authenticated principal, and the method
   */
  public Admission onHello(long nowNanos, StreamAttachment attachment, Hello hello, Caller caller) {
    return onHello(nowNanos, attachment, hello, caller, options);
  }

  /**
   * Admits or refuses a call that came with a hello, with its own options.
   *
   * @param fresh the options of the session if it begins with this call; of the same level as the
   *     others
   */
  public Admission onHello(
      long nowNanos,
      StreamAttachment attachment,
      Hello hello,
      Caller caller,
      SessionOptions fresh) {
    return onHello(nowNanos, attachment, hello, caller, fresh, null);
  }

  /**
   * Admits or refuses a call that came with a hello, of a client that takes hand-overs.
   *
   * @param handover the hand-over that the client shows, or {@link SessionHandover#OFFER}; null
   *     when the client takes none
   */
  public Admission onHello(
      long nowNanos,
      StreamAttachment attachment,
      Hello hello,
      Caller caller,
      SessionOptions fresh,
      @Nullable SessionHandover handover) {
    expireTombstones(nowNanos);
    boolean shown = !hello.token().isNone();
    boolean durable = options.level() == DurabilityLevel.DURABLE;
    ServerSession known = sessions.get(hello.session());
    SessionHandover taken =
        handover != null && handover.isPresent() && !shown && !durable ? handover : null;
    HandshakeRefusal notOurs = whyNotServed(hello, caller, known, taken);
    if (notOurs != null) {
      return new Admission.Refused(notOurs);
    }
    if (taken != null && known != null && known.cursor.isBefore(taken)) {
      return comesBack(known, caller, taken);
    }
    if (draining && durable) {
      return new Admission.Refused(busy());
    }
    if (known != null || shown || taken != null) {
      resumes.onResume(nowNanos);
    }
    if (known != null
        && !shown
        && taken == null
        && !durable
        && mayBeElsewhere(nowNanos, known, hello)) {
      return new Admission.Refused(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN));
    }
    if (known == null) {
      HandshakeRefusal handshakeRefusal = whyNotBegin(nowNanos, hello, caller, taken != null);
      if (handshakeRefusal != null) {
        return new Admission.Refused(handshakeRefusal);
      }
      known = begin(hello, caller, fresh);
      if (taken != null) {
        known.takeOver(taken);
      }
      if (handover != null && !durable) {
        known.cursor.enable();
      }
    }
    known.peerWelcomed |= shown;
    known.spread(resumes.spread(nowNanos));
    known.onHello(nowNanos, attachment, hello);
    return new Admission.Admitted(known);
  }

  /**
   * The reason for which the session of a hello is not for its sender, or not for this instance.
   */
  private @Nullable HandshakeRefusal whyNotServed(
      Hello hello, Caller caller, @Nullable ServerSession known, @Nullable SessionHandover taken) {
    if (taken != null
        && !mint.verify(taken, hello.session(), caller.principal(), caller.method())) {
      return HandshakeRefusal.of(HandshakeRefusal.RefusalCode.DENIED);
    }
    if (taken != null && known != null && known.cursor.isBefore(taken)) {
      return null; // It comes back: the caller is compared there.
    }
    boolean shown = !hello.token().isNone();
    boolean durable = options.level() == DurabilityLevel.DURABLE;
    if (known != null && !isWhoOpened(known, caller, shown)) {
      return HandshakeRefusal.of(HandshakeRefusal.RefusalCode.DENIED);
    }
    String owner = hello.token().owner().orElse(address);
    if (!durable && !owner.equals(address)) {
      // The owner checks it; and its client follows no other address than its own token's. Even if
      // an attempt that nobody answered began one here: it is not the session.
      return HandshakeRefusal.moved(owner);
    }
    if (shown
        && !mint.verify(hello.token(), hello.session(), caller.principal(), caller.method())) {
      // Nobody can show a token for a session that is not here: of another key, as that of an
      // earlier start, it says no more than that. A store may hold what memory does not.
      boolean nobodys = known == null && !durable;
      return HandshakeRefusal.of(
          nobodys ? HandshakeRefusal.RefusalCode.UNKNOWN : HandshakeRefusal.RefusalCode.DENIED);
    }
    // What is about to be taken out without a trace has no say in this hello.
    boolean leaves = known != null && known.state().isTerminal() && !isRemembered(known);
    return leaves ? busy() : null;
  }

  /** Whether the session ended here: one that another instance has may go on, and come back. */
  private static boolean isRemembered(ServerSession over) {
    SessionEnd end = over.end();
    return end != null && end.kind() != SessionEnd.SessionEndKind.RELEASED;
  }

  /**
   * Takes a session out that is over, and remembers how it ended. Called once: a late hello may
   * have given it a refusal to send since its owner saw the end, and that is no reason to keep it.
   */
  public void retire(long nowNanos, ServerSession session) {
    if (session.state().isTerminal() && sessions.remove(session.id(), session)) {
      perPrincipal.computeIfPresent(
          session.caller().principal(), (who, count) -> count > 1 ? count - 1 : null);
      if (isRemembered(session)) {
        long untilNanos = nowNanos + options.timing().ttl().toNanos();
        tombstones.put(
            session.id(),
            new Tombstone(session.processed(), session.cursor.isHandedOver(), untilNanos));
        expireTombstones(nowNanos);
      }
    }
  }

  /**
   * The bytes that all sessions of the process share; without it these have 256 MiB to themselves.
   */
  public void limitBy(BufferBudget shared) {
    budget = shared;
  }

  /** The instance leaves: nobody is let in any more. */
  public void drain() {
    draining = true;
  }

  /** Resumes the admission of new sessions, after a drain was cancelled. */
  public void admitAgain() {
    draining = false;
  }

  /**
   * Sets the address that reaches this instance and no other. Tokens of earlier sessions have no
   * owner.
   *
   * @param newAddress as host:port; only the first one counts
   */
  public void locate(String newAddress) {
    if (address.isEmpty()) {
      SessionTokenIssuer.requireOwner(newAddress);
      address = newAddress;
    }
  }

  /** The session with this id; null when it is not there. */
  public @Nullable ServerSession session(SessionId id) {
    return sessions.get(id);
  }

  /** The sessions that are there. */
  public Collection<ServerSession> sessions() {
    return Collections.unmodifiableCollection(sessions.values());
  }

  /** Tombstones that were forgotten before their time. */
  public long forgotten() {
    return forgotten;
  }

  /**
   * Whether the caller is the client of a session. Without the token it may be only as long as the
   * client can't have a token.
   */
  private static boolean isWhoOpened(ServerSession known, Caller caller, boolean shown) {
    return known.caller().equals(caller) && (shown || !known.peerWelcomed);
  }

  /**
   * A session that has gone on elsewhere comes back before the one of then has ended here, which
   * ends now. The client tries again in a moment.
   */
  private Admission comesBack(ServerSession known, Caller caller, SessionHandover handover) {
    if (!known.caller().equals(caller)) {
      return new Admission.Refused(HandshakeRefusal.of(HandshakeRefusal.RefusalCode.DENIED));
    }
    if (known.cursor.isHandedOver()) {
      known.onHandoverShown(handover);
    } else {
      known.release();
    }
    return new Admission.Refused(busy());
  }

  /**
   * Whether the session may also exist elsewhere: it began here with one call, while another call
   * handed its messages to another server.
   */
  private boolean mayBeElsewhere(long nowNanos, ServerSession known, Hello hello) {
    boolean cameHere = known.fence.newestUntouched() == hello.touchedBy();
    return !hello.untouched() && !cameHere && !rules.mayBegin(hello, soleFor(nowNanos));
  }

  private @Nullable HandshakeRefusal whyNotBegin(
      long nowNanos, Hello hello, Caller caller, boolean takesOver) {
    boolean shown = !hello.token().isNone() || takesOver;
    // A session that was handed over may come back to an owner of before.
    Tombstone tombstone = tombstones.get(hello.session());
    if (tombstone != null && !(takesOver && tombstone.handedOver())) {
      return HandshakeRefusal.over(HandshakeRefusal.RefusalCode.EXPIRED, tombstone.processed());
    }
    boolean durable = options.level() == DurabilityLevel.DURABLE;
    int ofPrincipal = perPrincipal.getOrDefault(caller.principal(), 0);
    boolean full =
        sessions.size() >= serverIdentity.maxSessions()
            || ofPrincipal >= serverIdentity.maxPerPrincipal();
    // In a storm those that exist go first.
    if (draining || full || (!shown && resumes.isStorm(nowNanos))) {
      return busy();
    }
    if (durable || takesOver) {
      return null;
    }
    // Without a token it was never welcomed; but somebody else may have processed something.
    boolean begins = !shown && rules.mayBegin(hello, soleFor(nowNanos));
    return begins ? null : HandshakeRefusal.of(HandshakeRefusal.RefusalCode.UNKNOWN);
  }

  /** Whatever began within this time began here, and is still here or has its tombstone. */
  private Duration soleFor(long nowNanos) {
    if (serverIdentity.soleSinceNanos() == null) {
      return Duration.ZERO;
    }
    long soleNanos = nowNanos - serverIdentity.soleSinceNanos();
    if (forgottenNanos != null) {
      soleNanos = Math.min(soleNanos, nowNanos - forgottenNanos);
    }
    // An end is remembered for the TTL from then on.
    return Duration.ofNanos(Math.min(soleNanos, options.timing().ttl().toNanos()));
  }

  private HandshakeRefusal busy() {
    return HandshakeRefusal.busy(options.timing().backoff().base().toMillis());
  }

  private ServerSession begin(Hello hello, Caller caller, SessionOptions fresh) {
    boolean durable = options.level() == DurabilityLevel.DURABLE;
    SessionPersistence sessionPersistence = null;
    if (durable) {
      Duration ttl = options.timing().ttl();
      Backoff backoff = new Backoff(storeBackoff(options.timing().backoff()), random);
      sessionPersistence =
          new SessionPersistence(hello.session(), serverIdentity.owner(), caller, backoff, ttl);
    }
    ServerSession session =
        new ServerSession(
            hello.session(),
            fresh,
            rules,
            caller,
            mint,
            durable ? "" : address,
            sessionPersistence);
    session.useBudget(budget);
    perPrincipal.merge(caller.principal(), 1, Integer::sum);
    sessions.put(hello.session(), session);
    return session;
  }

  /** A store that is back is to be used soon: clients wait for it. */
  private static Backoff.BackoffOptions storeBackoff(Backoff.BackoffOptions clients) {
    Duration cap = clients.cap().compareTo(STORE_CAP) < 0 ? clients.cap() : STORE_CAP;
    return new Backoff.BackoffOptions(
        clients.base().compareTo(cap) < 0 ? clients.base() : cap, cap);
  }

  private void expireTombstones(long nowNanos) {
    Iterator<Tombstone> oldest = tombstones.values().iterator();
    while (oldest.hasNext()) {
      boolean late = nowNanos - oldest.next().untilNanos() >= 0;
      if (!late && tombstones.size() <= MAX_TOMBSTONES) {
        return;
      }
      if (!late) {
        forgotten++;
        forgottenNanos = nowNanos;
      }
      oldest.remove();
    }
  }
}
