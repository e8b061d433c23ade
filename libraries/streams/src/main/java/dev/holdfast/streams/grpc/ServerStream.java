package dev.holdfast.streams.grpc;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.hooks.StreamStatus;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.grpc.internal.callback.CallbackQueue;
import dev.holdfast.streams.grpc.internal.callback.InlineCallbackPolicy;
import dev.holdfast.streams.grpc.internal.callback.InlineCallbackThread;
import dev.holdfast.streams.grpc.internal.driver.ContextDeadlineExecutor;
import dev.holdfast.streams.grpc.internal.driver.SessionAge;
import dev.holdfast.streams.grpc.internal.driver.SessionDriver;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.grpc.internal.driver.StreamContext;
import dev.holdfast.streams.grpc.internal.message.FinalStatus;
import dev.holdfast.streams.grpc.internal.message.MessageBody;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.grpc.internal.message.StreamableBody;
import dev.holdfast.streams.internal.rebalance.MoveCause;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.ServerSession;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.WireException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session on a server, as its handler sees it across connections. The handler's call is {@link
 * ResumableServerCall}; {@link ServerAttachment}s carry it.
 */
final class ServerStream<ReqT, RespT>
    implements SessionDriver.Shell,
        InlineCallbackThread.SlowCallbackListener,
        StreamContext.CursorSink {
  private static final Logger log = LoggerFactory.getLogger(ServerStream.class);

  /**
   * The longest wait of a welcome for the handler's headers, which go out with it; the handler's
   * first message ends the wait.
   */
  @Limit(
      of = "time that a welcome waits for response headers of the handler",
      then = "it is sent without, and headers that come later are dropped and counted")
  static final Duration HEADERS_PATIENCE = Duration.ofMillis(20);

  /** An attachment whose client sends what is no frame. */
  private record Nonsense(ServerAttachment from, Status status) {}

  private final ServerStreams streams;
  private final SessionDriver<ServerSession> driver;
  private final MethodDescriptor<ReqT, RespT> method;
  private final CallbackQueue application;
  private final Context.CancellableContext context;
  private final ResumableServerCall<ReqT, RespT> call;
  private final SessionAge age;
  private final InlineCallbackPolicy pace;
  private final StreamContext streamContext;

  /**
   * The opening of the stream, dropped once the handler has it: an idle session should not hold its
   * request headers.
   */
  private @Nullable StreamOpening<ReqT, RespT> opening;

  /** The handler's; set by the first callback. */
  private ServerCall.@Nullable Listener<ReqT> listener;

  private volatile @Nullable ServerAttachment latest;
  private volatile String lastCause = "";
  private volatile boolean headersDue;
  private volatile @Nullable Nonsense nonsense;
  private boolean settled;

  /** The last move that the stream was asked for; null for none. */
  private volatile @Nullable AskedMove askedMove;

  /** Whether the stream stays at its instance. */
  private final boolean sticky;

  /** Whether the method has one request, which is the half-close too. */
  private final boolean oneRequest;

  private volatile boolean requested;

  /** The position of that request while it is not to be acknowledged; 0 for none. */
  private volatile long keptRequest;

  /** The thread that runs a callback after which the session is driven anyway. */
  private volatile @Nullable Thread handling;

  /** The messages that the callback asked for. Confined to the thread that runs it. */
  private int requestedInCallback;

  ServerStream(
      ServerStreams streams,
      ServerSession session,
      StreamOpening<ReqT, RespT> opening,
      ServerCall<SessionFrame, SessionFrame> first) {
    this.streams = streams;
    this.method = opening.method();
    this.oneRequest = method.getType().clientSendsOneMessage();
    this.opening = opening;
    this.sticky = streams.moveOptions().isSticky(opening.headers());
    this.driver = new SessionDriver<>(session, streams.sessionResources().scheduler(), this);
    this.application = new CallbackQueue(streams.sessionResources().executor());
    this.streamContext = new StreamContext(session.id(), this);
    this.context = sessionContext(streamContext, opening.deadline());
    this.age = new SessionAge(streams.sessionResources().scheduler().clock());
    this.call = new ResumableServerCall<>(this, opening.method(), first);
    this.pace = streams.paceOf(opening.method());
  }

  /**
   * Creates the session's own context, because grpc-java cancels the call's context when its
   * transport closes.
   */
  private static Context.CancellableContext sessionContext(
      StreamContext streamContext, Duration deadline) {
    Context fork = streamContext.in(Context.current().fork());
    return deadline.isZero()
        ? fork.withCancellation()
        : fork.withDeadline(
            Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS),
            ContextDeadlineExecutor.EXECUTOR);
  }

  SessionDriver<ServerSession> driver() {
    return driver;
  }

  @Nullable AskedMove askedMove() {
    return askedMove;
  }

  boolean isSticky() {
    return sticky;
  }

  SessionAge age() {
    return age;
  }

  SessionId sessionId() {
    return driver.locked(session -> session.id());
  }

  /** Asks the client to go on at another instance. */
  void move(MoveCause cause) {
    askedMove = new AskedMove(cause, driver.nowNanos());
    driver.input((session, now) -> session.move(now));
  }

  /** Whether its newest connection is one of this server. */
  boolean isCarriedBy(ServerHooks host) {
    ServerAttachment attached = latest;
    return attached != null && attached.cameBy(host);
  }

  // What the session wants.

  @Override
  public void onTurn() {
    Nonsense heard = nonsense;
    if (heard != null) {
      nonsense = null;
      heard.from().end(heard.status(), new Metadata());
    }
    ServerAttachment attached = latest;
    if (headersDue && attached != null) {
      attached.sendHeaders(call.headers(), call.compressor());
    }
  }

  @Override
  public void act(SessionOutput output) {
    if (output instanceof SessionOutput.Send send) {
      ServerAttachment to = carrier(send.attachment());
      to.sendHeaders(call.headers(), call.compressor());
      to.send(send.header(), send.body(), call.isMessageCompressed());
    } else if (output instanceof SessionOutput.Request request) {
      carrier(request.attachment()).request();
    } else if (output instanceof SessionOutput.Deliver deliver) {
      SessionFrame.handOver(deliver.message());
      application.execute(() -> deliver(deliver));
    } else if (output instanceof SessionOutput.Accept accept) {
      accept(accept);
    } else if (output instanceof SessionOutput.Refuse refuse) {
      streams.countRefused(refuse.refusal().code().name());
      carrier(refuse.attachment()).refuse(refuse.refusal());
    } else if (output instanceof SessionOutput.EndCall endCall) {
      lastCause = endCall.why().name();
      ServerAttachment closed = carrier(endCall.attachment());
      closed.sendHeaders(call.headers(), call.compressor());
      closed.close(endCall.why());
    } else if (output instanceof SessionOutput.StartHandler startHandler) {
      application.execute(() -> startHandler(startHandler));
    } else if (output instanceof SessionOutput.HalfClosed) {
      application.execute(() -> attached(this::onHalfClosed));
    } else if (output instanceof SessionOutput.Ready) {
      tellHandler(ServerCall.Listener::onReady);
    } else if (output instanceof SessionOutput.Store store) {
      streams.ask(this, store.request());
    } else if (output instanceof SessionOutput.Ended ended) {
      onEnded(ended.end());
    } else {
      throw new IllegalStateException("output of a client: " + output);
    }
  }

  @Override
  public void onOver() {
    streams.retire(this);
  }

  private void accept(SessionOutput.Accept accept) {
    ServerAttachment accepted = carrier(accept.attachment());
    accepted.hold(accept.welcome());
    latest = accepted;
    SessionLog.SERVER.attached(streams.sessionResources().meters(), this::view);
    age.onChange();
    if (headersDue) {
      accepted.sendHeaders(call.headers(), call.compressor());
    } else {
      var unused =
          streams.sessionResources().scheduler().schedule(HEADERS_PATIENCE, this::sendHeadersNow);
    }
  }

  /** The handler said its headers, or it was waited for long enough. */
  void sendHeadersNow() {
    if (!headersDue) {
      headersDue = true;
      call.headersAreGone();
      driver.drive();
    }
  }

  private void onEnded(SessionEnd end) {
    streams.onEnded(this, end);
    boolean complete = end.kind() == SessionEnd.SessionEndKind.FINISHED;
    call.end(!complete);
    application.execute(
        () -> {
          settled = true;
          SessionEndedException why = complete ? null : new SessionEndedException(end);
          ServerCall.Listener<ReqT> to = listener;
          // First the context, as grpc-java does: handlers look at it in onCancel.
          context.cancel(why);
          if (to != null) {
            attached(() -> end(to, complete));
          }
        });
  }

  private void end(ServerCall.Listener<ReqT> to, boolean complete) {
    try {
      if (complete) {
        to.onComplete();
      } else {
        to.onCancel();
      }
    } catch (RuntimeException | Error e) {
      log.warn("event=stream_handler_failed session={}", id(), e);
    }
  }

  // What the handler does, through its call.

  void input(SessionDriver.SessionInput<ServerSession> sessionInput) {
    driver.input(sessionInput);
  }

  void request(int messages) {
    if (handling == Thread.currentThread()) {
      // No message can come before this callback has ended, and then outputs are taken.
      requestedInCallback =
          (int) Math.min(Integer.MAX_VALUE, (long) requestedInCallback + messages);
    } else {
      driver.input((session, now) -> session.request(messages));
    }
  }

  void finish(Status status, Metadata trailers) {
    headersDue = true;
    FinalStatus last = new FinalStatus(status, trailers);
    driver.input(
        (session, now) -> {
          session.processed(now, keptRequest);
          session.finish(now, status.getCode().value(), last);
        });
  }

  boolean offer(RespT message) {
    StreamableBody streamableBody = MessageBody.of(method.getResponseMarshaller(), message);
    if (driver.offer(streamableBody)) {
      return true;
    }
    if (InlineCallbackThread.current().endInline(this)) {
      // The acks that make room are behind the message that is being handled.
      onSlowCallback();
    }
    return driver.offer(streamableBody, SessionResources.SEND_TIMEOUT);
  }

  @Override
  public void mark(byte[] bytes) {
    // In a callback the handler knows of its message, which is not processed yet.
    long inHand = handling == Thread.currentThread() ? streamContext.number() : 0;
    boolean due =
        driver.locked(
            session ->
                session.mark(
                    driver.nowNanos(), bytes, Math.max(inHand, session.processed()), oneRequest));
    if (due) {
      driver.drive();
    }
  }

  // What attachments tell.

  /** Applies an input on a gRPC thread that may call the handler. */
  void receive(SessionDriver.SessionInput<ServerSession> sessionInput) {
    // The handler of one request may be at it for as long as the stream lasts; what follows is not.
    boolean begins = oneRequest && !requested;
    if (streams.sessionResources().hasOwnExecutor() && !begins && pace.mayRunInline()) {
      long tookNanos = 0;
      try {
        tookNanos =
            InlineCallbackThread.current()
                .runInline(application, this, () -> driver.input(sessionInput));
      } finally {
        pace.onRun(tookNanos);
      }
    } else {
      driver.input(sessionInput);
    }
  }

  @Override
  public void onSlowCallback() {
    log.debug("event=stream_handler_slow session={}", id());
    pace.onLong();
    driver.input((session, now) -> session.drain(now, false, Duration.ZERO));
  }

  /** Applies an input without executing outputs, for the thread that executes them already. */
  void tell(Consumer<ServerSession> word) {
    driver.locked(
        session -> {
          word.accept(session);
          return true;
        });
  }

  void onLateHeaders() {
    StreamMeter.LATE_HEADERS.counter(streams.sessionResources().meters()).increment();
    log.debug("event=stream_headers_late session={}", id());
  }

  void onPhysicalEnd(StreamAttachment attachment, CallClosure how, String cause) {
    lastCause = cause;
    age.onChange();
    driver.input((session, now) -> session.onClosed(now, attachment, how));
  }

  void onMalformedFrame(StreamAttachment attachment, WireException why) {
    log.warn("event=stream_frame_refused session={} cause=\"{}\"", id(), why.getMessage());
    streams.countRefused("INVALID");
    // Who drives the session ends the call: it may be writing to it just now.
    nonsense =
        new Nonsense(
            carrier(attachment),
            Status.INVALID_ARGUMENT.withDescription("stream frame: " + why.getMessage()));
    onPhysicalEnd(attachment, CallClosure.stream(Status.Code.INTERNAL.value()), "PROTOCOL_ERROR");
  }

  // To the handler.

  private void startHandler(SessionOutput.StartHandler startHandler) {
    StreamOpening<ReqT, RespT> first = Objects.requireNonNull(opening);
    opening = null;
    attached(
        () -> {
          // The half-close has a position too, and is no message.
          streamContext.start(
              startHandler.resumedFrom() - (startHandler.halfClosed() ? 1 : 0),
              startHandler.position(),
              driver.locked(session -> session.cursor().orElse(null)));
          try {
            listener = first.handler().startCall(call, first.headers());
          } catch (RuntimeException | Error e) {
            fail(e);
            return;
          }
          callListener(ServerCall.Listener::onReady);
          if (startHandler.halfClosed()) {
            handle(ServerCall.Listener::onHalfClose, 0);
          }
        });
  }

  private void deliver(SessionOutput.Deliver deliver) {
    if (settled) {
      SessionFrame.release(deliver.message());
      return;
    }
    attached(
        () -> {
          ReqT message;
          try {
            message = SessionFrame.parse(deliver.message(), method::parseRequest);
          } catch (RuntimeException | Error e) {
            finish(
                Status.INTERNAL.withDescription("unreadable message").withCause(e), new Metadata());
            return;
          }
          streamContext.moveTo(deliver.seq());
          if (oneRequest) {
            onOnlyRequest(message, deliver.seq());
          } else {
            handle(to -> to.onMessage(message), deliver.seq());
          }
        });
  }

  /**
   * Hands over the request of a method that has one, and the half-close with it: generated code
   * begins at the half-close, and that of a client which keeps its request side open for acks comes
   * a round trip later.
   */
  private void onOnlyRequest(ReqT message, long seq) {
    if (requested) {
      call.refuse(ResponseCardinality.TOO_MANY_REQUESTS);
      return;
    }
    requested = true;
    boolean durable = streams.isDurable();
    if (durable) {
      // Another instance's handler needs it again, until this one is done.
      keptRequest = seq;
    }
    handle(to -> to.onMessage(message), durable ? 0 : seq);
    callListener(ServerCall.Listener::onHalfClose);
  }

  private void onHalfClosed() {
    if (!requested) {
      handle(ServerCall.Listener::onHalfClose, 0);
    }
  }

  /**
   * Runs a callback. A message's position and the handler's answers to it are committed to the
   * store in one step.
   */
  private void handle(Consumer<ServerCall.Listener<ReqT>> callback, long seq) {
    if (streams.isDurable()) {
      tell(session -> session.handling(true));
    }
    handling = Thread.currentThread();
    boolean handled = callListener(callback);
    handling = null;
    int more = requestedInCallback;
    requestedInCallback = 0;
    driver.input(
        (session, now) -> {
          if (more > 0) {
            session.request(more);
          }
          session.handling(false);
          session.processed(now, handled ? seq : 0);
        });
  }

  private void tellHandler(Consumer<ServerCall.Listener<ReqT>> callback) {
    application.execute(() -> attached(() -> callListener(callback)));
  }

  private boolean callListener(Consumer<ServerCall.Listener<ReqT>> callback) {
    ServerCall.Listener<ReqT> to = listener;
    if (to == null || settled) {
      return false;
    }
    try {
      callback.accept(to);
      return true;
    } catch (RuntimeException | Error e) {
      fail(e);
      return false;
    }
  }

  /** Fails the stream as grpc-java does: the client learns that a handler failed, but not why. */
  private void fail(Throwable e) {
    log.warn("event=stream_handler_failed session={}", id(), e);
    finish(
        Status.UNKNOWN.withDescription("Application error processing RPC").withCause(e),
        new Metadata());
  }

  private void attached(Runnable callback) {
    Context before = context.attach();
    try {
      callback.run();
    } finally {
      context.detach(before);
    }
  }

  SessionView view() {
    String peer = peer();
    return driver.locked(session -> SessionView.of(session, peer, lastCause, age));
  }

  /** The state of the stream for the admin service. */
  StreamStatus status() {
    return driver.shown(
        (session, nowNanos, unackedMillis) ->
            new StreamStatus(
                true,
                session.id().high(),
                session.id().low(),
                this::peer,
                session.caller().principal(),
                session.caller().method(),
                session.state().name(),
                session.attach(),
                lastCause,
                session.heldBytes(),
                ShownStreams.positions(session),
                age.at(nowNanos, unackedMillis)));
  }

  /** Reads what {@link #status} will need; the result means nothing. */
  long prefetch() {
    return driver.prefetch() + age.prefetch();
  }

  private String peer() {
    ServerAttachment attached = latest;
    return attached == null ? "" : attached.peer();
  }

  private String id() {
    return driver.locked(session -> session.id().toString());
  }

  private static ServerAttachment carrier(StreamAttachment attachment) {
    return (ServerAttachment) Objects.requireNonNull(attachment.carrier());
  }
}
