package dev.holdfast.duplex.conformance.reference;

import dev.holdfast.duplex.conformance.peer.ByteCalls;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireToken;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
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
  private final Map<String, Long> tombstones = new HashMap<>();
  private final Map<ReferenceSession, ScheduledFuture<?>> deadlines = new HashMap<>();
  private final ScheduledExecutorService timers;
  private final Server server;
  private final long startNanos = System.nanoTime();
  private boolean leaving;

  ReferenceServer(int port, ReferenceOptions options, ReferenceHandler.Factory application)
      throws IOException {
    this.options = options;
    this.application = application;
    timers =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "reference-timers");
              thread.setDaemon(true);
              return thread;
            });
    server = ByteCalls.serve(port, this::startCall);
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

  void retire(ReferenceSession session, long processed) {
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
                tombstones.put(each.getKey(), processed);
              }
              return found;
            });
  }

  @Override
  public void close() {
    timers.shutdownNow();
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
    WireHello hello;
    try {
      if (values.size() > 1 && !options.has(ServerFault.ACCEPTS_TWO_HELLOS)) {
        throw new IllegalArgumentException("two hellos");
      }
      hello = WireHello.parse(values.get(0));
    } catch (IllegalArgumentException e) {
      call.close(Status.INVALID_ARGUMENT.withDescription(e.getMessage()), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    boolean namesRefusals = !options.has(ServerFault.REFUSES_WITHOUT_REFUSAL);
    ReferenceAttachment attachment = new ReferenceAttachment(call, hello.tag(), namesRefusals);
    call.request(ALL_MESSAGES);
    String method = call.getMethodDescriptor().getFullMethodName();
    ReferenceSession session = admit(attachment, hello, principal(headers), method);
    return session == null ? new ServerCall.Listener<>() {} : listener(attachment, session);
  }

  private String principal(Metadata headers) {
    if (options.principalHeader().isEmpty() || options.has(ServerFault.ASKS_NO_PRINCIPAL)) {
      return "";
    }
    String value =
        headers.get(Metadata.Key.of(options.principalHeader(), Metadata.ASCII_STRING_MARSHALLER));
    return value == null ? "" : value;
  }

  private @Nullable ReferenceSession admit(
      ReferenceAttachment attachment, WireHello hello, String principal, String method) {
    String id = HexFormat.of().formatHex(hello.session());
    ReferenceSession known = sessions.get(id);
    byte[] token = token(hello, principal, method);
    WireRefusal refusal = refusal(id, known, hello, principal, token);
    if (refusal != null) {
      attachment.refuse(refusal);
      return null;
    }
    ReferenceSession session = known;
    if (session == null) {
      session = new ReferenceSession(this, principal, token, method, application);
      sessions.put(id, session);
    }
    session.onHello(attachment, hello);
    return session;
  }

  private byte[] token(WireHello hello, String principal, String called) {
    String method = options.has(ServerFault.OTHER_TOKENS) ? "other" : called;
    byte[] key = HexFormat.of().parseHex(options.tokenKey());
    return WireToken.issue(key, hello.session(), principal, method, options.address());
  }

  private @Nullable WireRefusal refusal(
      String id,
      @Nullable ReferenceSession known,
      WireHello hello,
      String principal,
      byte[] expected) {
    byte[] shown = hello.token();
    boolean asksNothing = options.has(ServerFault.ASKS_NO_PRINCIPAL);
    if (shown.length > 0 && !options.has(ServerFault.KNOWS_NO_OWNERS)) {
      String owner = WireToken.owner(shown);
      if (!owner.equals(options.address())) {
        return WireRefusal.moved(owner);
      }
    }
    if (known != null) {
      boolean stranger = !known.principal.equals(principal);
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
    Long processed = tombstones.get(id);
    if (processed != null) {
      return new WireRefusal(WireRefusal.EXPIRED, "", 0, processed);
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
