package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.peer.ByteCalls;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireToken;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server with sessions in memory that does what docs/duplex-v1.md demands, and no more. One lock
 * guards everything; it is no server for load. Thread-safe.
 */
public final class ReferenceServer implements AutoCloseable {
  private static final int ALL_MESSAGES = 1 << 20;
  private static final long BUSY_MILLIS = 100;

  private final ReferenceOptions options;
  private final ReferenceHandler.Factory application;
  private final Map<String, ReferenceSession> sessions = new HashMap<>();
  private final Map<String, Tombstone> tombstones = new HashMap<>();
  private final Map<ReferenceSession, ScheduledFuture<?>> deadlines = new HashMap<>();
  private final ScheduledThreadPoolExecutor timers;
  private final Server server;
  private final long startNanos = System.nanoTime();
  private boolean leaving;

  /**
   * The rest of a session that is over.
   *
   * @param mayComeBack whether the session went on at another instance
   */
  private record Tombstone(long processed, boolean mayComeBack) {}

  /** A client's first words on an attachment, and who it is. */
  private record Opening(
      WireHello hello, @Nullable WireHandover offered, String principal, String method) {
    String id() {
      return HexFormat.of().formatHex(hello.session());
    }

    /** The hand-over that is shown; null for none. A client with a token was welcomed since. */
    @Nullable WireHandover handover() {
      WireHandover shown = offered;
      return shown == null || shown.isOffer() || hello.token().length > 0 ? null : shown;
    }
  }

  ReferenceServer(
      InetSocketAddress address, ReferenceOptions options, ReferenceHandler.Factory application)
      throws IOException {
    this.options = options;
    this.application = application;
    timers =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "reference-timers");
              thread.setDaemon(true);
              return thread;
            },
            // The calls that end with the server set timers yet, which nobody awaits.
            new ThreadPoolExecutor.DiscardPolicy());
    timers.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    server = ByteCalls.serve(address, this::startCall);
  }

  public int port() {
    return server.getPort();
  }

  /** The instance leaves: its sessions settle, and end as moved. */
  public synchronized void drain(long graceMillis) {
    leaving = true;
    List.copyOf(sessions.values()).forEach(each -> each.leave(graceMillis));
  }

  /** Runs an action of the application under the lock. */
  synchronized void locked(Runnable action) {
    action.run();
  }

  ReferenceOptions options() {
    return options;
  }

  ScheduledFuture<?> later(long millis, Runnable action) {
    return timers.schedule(() -> locked(action), millis, TimeUnit.MILLISECONDS);
  }

  void replaceDeadline(ReferenceSession session, long millis, Runnable action) {
    ScheduledFuture<?> before = deadlines.put(session, later(millis, action));
    if (before != null) {
      before.cancel(false);
    }
  }

  void retire(ReferenceSession session, long processed, boolean mayComeBack) {
    ScheduledFuture<?> deadline = deadlines.remove(session);
    if (deadline != null) {
      deadline.cancel(false);
    }
    sessions
        .entrySet()
        .removeIf(
            each -> {
              boolean found = each.getValue() == session;
              if (found && !options.has(ServerFault.KEEPS_NO_TOMBSTONES)) {
                tombstones.put(each.getKey(), new Tombstone(processed, mayComeBack));
              }
              return found;
            });
  }

  @Override
  public void close() {
    // An interrupted action would close the channel to which it writes its event.
    timers.shutdown();
    server.shutdownNow();
  }

  private synchronized ServerCall.Listener<byte[]> startCall(
      ServerCall<byte[], byte[]> call, Metadata headers) {
    List<byte[]> values = PeerMethods.handshakes(headers);
    if (values.isEmpty()) {
      if (options.has(ServerFault.WELCOMES_PLAIN_CLIENTS)) {
        call.close(Status.UNIMPLEMENTED, new Metadata());
        return new ServerCall.Listener<>() {};
      }
      return new PlainReferenceStream(this, call, application).listener();
    }
    Opening opening;
    try {
      opening = opening(call, headers, values);
    } catch (IllegalArgumentException e) {
      call.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage()), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    boolean namesRefusals = !options.has(ServerFault.REFUSES_WITHOUT_REFUSAL);
    ReferenceAttachment attachment =
        new ReferenceAttachment(call, opening.hello().tag(), namesRefusals);
    call.request(ALL_MESSAGES);
    ReferenceSession session = admit(attachment, opening);
    return session == null ? new ServerCall.Listener<>() {} : listener(attachment, session);
  }

  private Opening opening(
      ServerCall<byte[], byte[]> call, Metadata headers, List<byte[]> handshakes) {
    if (handshakes.size() > 1 && !options.has(ServerFault.ACCEPTS_TWO_HELLOS)) {
      throw new IllegalArgumentException("two hellos");
    }
    List<byte[]> handovers = PeerMethods.handovers(headers);
    if (handovers.size() > 1) {
      throw new IllegalArgumentException("two hand-overs");
    }
    return new Opening(
        WireHello.parse(handshakes.get(0)),
        handovers.isEmpty() ? null : WireHandover.parse(handovers.get(0)),
        principal(headers),
        call.getMethodDescriptor().getFullMethodName());
  }

  private String principal(Metadata headers) {
    if (options.principalHeader().isEmpty() || options.has(ServerFault.ASKS_NO_PRINCIPAL)) {
      return "";
    }
    String value =
        headers.get(Metadata.Key.of(options.principalHeader(), Metadata.ASCII_STRING_MARSHALLER));
    return value == null ? "" : value;
  }

  private @Nullable ReferenceSession admit(ReferenceAttachment attachment, Opening opening) {
    ReferenceSession known = sessions.get(opening.id());
    byte[] token = token(opening);
    WireRefusal refusal = refusal(known, opening);
    if (refusal == null) {
      refusal = refusal(opening.id(), known, opening, token);
    }
    if (refusal != null) {
      attachment.refuse(refusal);
      return null;
    }
    ReferenceSession session = known;
    if (session == null) {
      session =
          new ReferenceSession(
              this, opening.principal(), token, opening.method(), application, begun(opening));
      sessions.put(opening.id(), session);
      tombstones.remove(opening.id());
    }
    session.onHello(attachment, opening.hello());
    return session;
  }

  private ReferenceHandover begun(Opening opening) {
    boolean replays = opening.method().equals(PeerMethods.LIST);
    byte[] session = opening.hello().session();
    return new ReferenceHandover(
        options,
        opening.offered(),
        replays,
        each -> each.sealed(key(), session, opening.principal(), opening.method()));
  }

  private byte[] key() {
    return HexFormat.of().parseHex(options.tokenKey());
  }

  private byte[] token(Opening opening) {
    String method = options.has(ServerFault.OTHER_TOKENS) ? "other" : opening.method();
    byte[] session = opening.hello().session();
    return WireToken.issue(key(), session, opening.principal(), method, options.address());
  }

  /** Why a hand-over is not taken here, or not yet; null where it is, or none is shown. */
  private @Nullable WireRefusal refusal(@Nullable ReferenceSession known, Opening opening) {
    WireHandover shown = opening.handover();
    if (shown == null) {
      return null;
    }
    byte[] session = opening.hello().session();
    boolean genuine = shown.isSealed(key(), session, opening.principal(), opening.method());
    if (!genuine && !options.has(ServerFault.CHECKS_NO_SEALS)) {
      return WireRefusal.of(WireRefusal.DENIED);
    }
    boolean stale = known != null && known.handover.isBefore(shown);
    if (known != null && stale && !options.has(ServerFault.KEEPS_STALE_SESSIONS)) {
      known.onWentOn(shown);
      return WireRefusal.busy(BUSY_MILLIS);
    }
    boolean busy = known == null && leaving && !options.has(ServerFault.TAKES_OVER_WHILE_LEAVING);
    return busy ? WireRefusal.busy(BUSY_MILLIS) : null;
  }

  private @Nullable WireRefusal refusal(
      String id, @Nullable ReferenceSession known, Opening opening, byte[] expected) {
    WireHello hello = opening.hello();
    byte[] shown = hello.token();
    boolean asksNothing = options.has(ServerFault.ASKS_NO_PRINCIPAL);
    if (shown.length > 0 && !options.has(ServerFault.KNOWS_NO_OWNERS)) {
      String owner = WireToken.owner(shown);
      if (!owner.equals(options.address())) {
        return WireRefusal.moved(owner);
      }
    }
    if (known != null) {
      boolean stranger = !known.principal.equals(opening.principal());
      boolean noToken = shown.length == 0 && !known.mayComeWithoutToken();
      if ((stranger || noToken) && !asksNothing) {
        return WireRefusal.of(WireRefusal.DENIED);
      }
    }
    boolean forged = shown.length > 0 && !Arrays.equals(shown, expected);
    if (known != null) {
      return forged && !options.has(ServerFault.CHECKS_NO_TOKENS)
          ? WireRefusal.of(WireRefusal.DENIED)
          : null;
    }
    Tombstone tombstone = tombstones.get(id);
    boolean takes = opening.handover() != null;
    if (tombstone != null && !(takes && tombstone.mayComeBack())) {
      return new WireRefusal(WireRefusal.EXPIRED, "", 0, tombstone.processed());
    }
    if (takes) {
      return null;
    }
    if (leaving && !options.has(ServerFault.ADMITS_WHILE_LEAVING)) {
      return WireRefusal.busy(BUSY_MILLIS);
    }
    boolean wasHere =
        options.onlyInstance()
            && hello.age() > 0
            && hello.age() < TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
    boolean begins = hello.isUntouched() || wasHere;
    if ((begins && shown.length == 0) || options.has(ServerFault.BEGINS_TOUCHED_SESSIONS)) {
      return null;
    }
    return WireRefusal.of(WireRefusal.UNKNOWN);
  }

  private ServerCall.Listener<byte[]> listener(
      ReferenceAttachment attachment, ReferenceSession session) {
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        locked(() -> session.onMessage(attachment, message));
      }

      @Override
      public void onHalfClose() {
        locked(() -> session.onHalfClosedCall(attachment));
      }

      @Override
      public void onCancel() {
        locked(() -> session.onCallEnded(attachment));
      }

      @Override
      public void onComplete() {
        locked(() -> session.onCallEnded(attachment));
      }
    };
  }
}
