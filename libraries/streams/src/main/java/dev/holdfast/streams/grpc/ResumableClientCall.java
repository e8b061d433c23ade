package dev.holdfast.streams.grpc;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.hooks.ChannelHooks;
import dev.holdfast.hooks.StreamStatus;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.grpc.internal.driver.CallDeadline;
import dev.holdfast.streams.grpc.internal.driver.ChannelResumeLimiter;
import dev.holdfast.streams.grpc.internal.driver.ClosureCauseText;
import dev.holdfast.streams.grpc.internal.driver.SessionAge;
import dev.holdfast.streams.grpc.internal.driver.SessionDriver;
import dev.holdfast.streams.grpc.internal.driver.SessionResources;
import dev.holdfast.streams.grpc.internal.message.FinalStatus;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.grpc.internal.message.MessageBody;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.grpc.internal.message.StreamableBody;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.Welcome;
import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The call that the application sees: a session, carried by a sequence of {@link
 * ClientAttachment}s.
 */
final class ResumableClientCall<ReqT, RespT> extends ClientCall<ReqT, RespT>
    implements SessionDriver.Shell {
  private final ClientStreams streams;
  private final Channel channel;
  private final MethodDescriptor<ReqT, RespT> method;
  private final CallOptions options;
  private final Context context = Context.current();
  private final Context.CancellationListener onContextCancelled =
      cancelled -> cancel("Context cancelled", cancelled.cancellationCause());
  private final ClientCallbacks<RespT> application;
  private final SessionDriver<ClientSession> driver;
  private final SessionAge age;
  private final long beganWallMillis;
  private final AttachmentRouter route;
  private final String peerKey;

  // Set before the session begins.
  private @Nullable Metadata headers;

  private volatile boolean compressed = true;
  private volatile @Nullable ClientAttachment latest;
  private volatile String lastCause = "";
  private volatile @Nullable Status lastStatus;
  private volatile @Nullable Status cancellation;

  /** The address of the server that welcomed the session last; "" for none, or none by name. */
  private volatile String server = "";

  /** The thread that hands over a message, after which the session is driven anyway. */
  private volatile @Nullable Thread handling;

  // Guarded by the driver's lock.
  private @Nullable ClientAttachment plainCarrier;
  private int demand;
  private long attempts;
  private boolean hasHeaders;

  ResumableClientCall(
      ClientStreams streams,
      Channel channel,
      MethodDescriptor<ReqT, RespT> method,
      CallOptions options) {
    this.streams = streams;
    this.channel = channel;
    this.method = method;
    this.options = options;
    this.application = new ClientCallbacks<>(streams, options, context, this::cancel);
    ClientSession session =
        new ClientSession(
            SessionResources.newId(),
            streams.options(options.getOption(ChannelHooks.KEY)),
            SessionRules.STANDARD,
            SessionResources.RANDOM);
    session.useBudget(streams.sessionResources().budget());
    this.driver = new SessionDriver<>(session, streams.sessionResources().scheduler(), this);
    this.route = new AttachmentRouter(streams, channel, options);
    this.peerKey = KnownPeers.keyOf(method, options);
    this.age = new SessionAge(streams.sessionResources().scheduler().clock());
    this.beganWallMillis = wallMillis();
  }

  // What the application does.

  @Override
  public void start(Listener<RespT> newListener, Metadata newHeaders) {
    application.begin(newListener);
    headers = newHeaders;
    if (StreamMethods.isRestartable(method) && application.acceptsRestart()) {
      tell(ClientSession::acceptRestart);
    }
    streams.add(this);
    driver.input(
        (session, now) ->
            session.start(
                now,
                CallDeadline.left(options, context),
                streams.peers().get(channel, peerKey),
                StreamMethods.kindOf(method)));
    context.addListener(onContextCancelled, Runnable::run);
    application.call(Listener::onReady);
  }

  @Override
  public void request(int messages) {
    ClientAttachment plain =
        driver.locked(
            session -> {
              session.request(messages);
              demand = (int) Math.min(Integer.MAX_VALUE, (long) demand + messages);
              return plainCarrier;
            });
    if (plain != null) {
      plain.request(messages);
    }
    if (handling != Thread.currentThread()) {
      driver.drive();
    }
  }

  @Override
  public void sendMessage(ReqT message) {
    StreamableBody streamableBody = MessageBody.of(method.getRequestMarshaller(), message);
    Integer most = options.getMaxOutboundMessageSize();
    if (most != null && streamableBody.sizeBytes() > most) {
      cancel(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "message: %d bytes (expected: <= %d)".formatted(streamableBody.sizeBytes(), most)));
    } else if (!driver.offer(streamableBody, SessionResources.SEND_TIMEOUT)) {
      cancel(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "send buffer full for %s (expected: wait for isReady)"
                  .formatted(SessionResources.SEND_TIMEOUT)));
    }
  }

  @Override
  public void halfClose() {
    driver.input((session, now) -> session.halfClose());
  }

  @Override
  public void cancel(@Nullable String reason, @Nullable Throwable cause) {
    Status status = Status.CANCELLED.withCause(cause);
    cancel(reason == null ? status : status.withDescription(reason));
  }

  private void cancel(Status status) {
    driver.input(
        (session, now) -> {
          if (session.end() == null) {
            cancellation = status;
          }
          session.cancel(now);
        });
  }

  @Override
  public boolean isReady() {
    return driver.isReady();
  }

  @Override
  public void setMessageCompression(boolean enabled) {
    compressed = enabled;
  }

  @Override
  public Attributes getAttributes() {
    ClientAttachment attached = latest;
    return attached == null ? Attributes.EMPTY : attached.attributes();
  }

  // What the session wants.

  @Override
  public void act(SessionOutput output) {
    if (output instanceof SessionOutput.Send send) {
      carrier(send.attachment()).send(send.header(), send.body(), compressed);
    } else if (output instanceof SessionOutput.Deliver deliver) {
      driver.locked(session -> demand--);
      SessionFrame.handOver(deliver.message());
      application.execute(() -> deliver(deliver));
    } else if (output instanceof SessionOutput.Request request) {
      carrier(request.attachment()).request(1);
    } else if (output instanceof SessionOutput.StartCall startCall) {
      open(startCall);
    } else if (output instanceof SessionOutput.HalfClose halfClose) {
      carrier(halfClose.attachment()).halfClose();
    } else if (output instanceof SessionOutput.EndCall endCall) {
      lastCause = endCall.why().name();
      carrier(endCall.attachment()).close(endCall.why());
    } else if (output instanceof SessionOutput.Ready) {
      application.call(Listener::onReady);
    } else if (output instanceof SessionOutput.Reopened) {
      StreamMeter.REOPENED.counter(streams.sessionResources().meters()).increment();
      application.execute(this::beginAgain);
    } else if (output instanceof SessionOutput.Restarted restarted) {
      application.tell(to -> to.onRestarted(restarted.messages()));
    } else if (output instanceof SessionOutput.Waiting waiting) {
      String cause = lastCause;
      application.tell(to -> to.onWaiting(waiting.left(), cause));
    } else if (output instanceof SessionOutput.Resumed) {
      application.tell(StreamEvents::onResumed);
    } else if (output instanceof SessionOutput.Ended ended) {
      onEnded(ended.end());
    } else {
      throw new IllegalStateException("output of a server: " + output);
    }
  }

  @Override
  public void onOver() {
    streams.paceOf(channel).endPause(this);
    streams.remove(this);
  }

  private void open(SessionOutput.StartCall startCall) {
    StreamAttachment attachment = startCall.attachment();
    driver.locked(session -> attempts = attachment.number());
    ClientAttachment.CallReachTracer word = new ClientAttachment.CallReachTracer(this, startCall);
    CallOptions physical =
        options
            .withExecutor(Runnable::run)
            .withDeadline(CallDeadline.of(options, context))
            .withStreamTracerFactory(word);
    // The deadline and the end of the application's context are the session's: it has them.
    context
        .fork()
        .run(
            () -> {
              String to = route.server(startCall);
              ClientCall<SessionFrame, SessionFrame> call =
                  route.call(this, startCall, to, StreamMethods.framed(method), physical);
              ClientAttachment attached =
                  new ClientAttachment(this, startCall, call, word, streams.paceOf(channel), to);
              attachment.attach(attached);
              latest = attached;
              attached.begin();
            });
    if (route.isShutdown()) {
      endWithChannel();
    }
  }

  /** An attachment begins just now: its request headers. */
  Metadata request(SessionOutput.StartCall startCall) {
    SessionLog.CLIENT.attached(streams.sessionResources().meters(), this::view);
    return startCall.plain()
        ? HandshakeMetadata.without(headers)
        : HandshakeMetadata.with(
            headers, aged(startCall.hello()).toByteArray(), startCall.handover());
  }

  /**
   * The request headers of an attachment are about to be written: its hello says the age of now.
   */
  void renewAge(SessionOutput.StartCall startCall, Metadata request) {
    if (!startCall.plain() && startCall.hello().ageMillis() > 0) {
      HandshakeMetadata.replace(request, aged(startCall.hello()).toByteArray());
    }
  }

  /** Monotonic time stands still while a machine sleeps, and the session is older by that. */
  private Hello aged(Hello hello) {
    Duration handshake = streams.options().timing().handshake();
    return hello.atLeastAged(wallMillis() - beganWallMillis + handshake.toMillis());
  }

  private long wallMillis() {
    return streams.sessionResources().scheduler().clock().wallTime().toEpochMilli();
  }

  /** No attachment can follow: the application is told now, and the server as far as it goes. */
  void endWithChannel() {
    if (driver.locked(session -> session.state() != SessionState.NEW)) {
      cancel(Status.UNAVAILABLE.withDescription("Channel shutdown invoked"));
      later(
          ClientAttachment.CANCEL_NOTICE_TIME,
          () -> driver.input((session, now) -> session.abandon()));
    }
  }

  private void beginAgain() {
    OptionalLong dropped = driver.locked(ClientSession::beginReopen);
    if (dropped.isPresent()) {
      // As with any call of grpc's, a message of another type fails in the marshaller.
      @SuppressWarnings("unchecked")
      Consumer<Object> first = message -> sendMessage((ReqT) message);
      application.runEvent(to -> to.onReopened(dropped.getAsLong(), first));
      driver.input((session, now) -> session.finishReopen());
    }
  }

  private void onEnded(SessionEnd end) {
    context.removeListener(onContextCancelled);
    SessionLog.CLIENT.ended(streams.sessionResources().meters(), this::view, this::status, end);
    application.tellEnd(end);
    long stuckBytes = driver.locked(ClientSession::nextUnackedBytes);
    FinalStatus last = SessionEndStatus.of(end, cancellation, lastStatus, stuckBytes);
    application.call(to -> to.onClose(last.status(), last.trailers()));
  }

  // What attachments tell.

  void input(SessionDriver.SessionInput<ClientSession> sessionInput) {
    driver.input(sessionInput);
  }

  /** Executes outputs after a {@link #tell} on a thread that may not execute them already. */
  void drive() {
    driver.drive();
  }

  /** Applies an input without executing outputs, for the thread that executes them already. */
  void tell(Consumer<ClientSession> word) {
    driver.locked(
        session -> {
          word.accept(session);
          return true;
        });
  }

  CallOptions options() {
    return options;
  }

  /** Runs an action after a delay, on a thread where interceptors may run. */
  void later(Duration delay, Runnable action) {
    Runnable offloaded = () -> OffloadExecutor.shared().execute(action);
    var unused = streams.sessionResources().scheduler().schedule(delay, offloaded);
  }

  void onHeaders(Metadata answer) {
    boolean first =
        driver.locked(
            session -> {
              boolean none = !hasHeaders;
              hasHeaders = true;
              return none;
            });
    if (first) {
      application.call(to -> to.onHeaders(answer));
    }
  }

  void onWelcome(StreamAttachment attachment, Welcome welcome) {
    streams.peers().onPeer(channel, peerKey, true);
    age.onChange();
    server = welcome.token().owner().orElse("");
    driver.input((session, now) -> session.onWelcome(now, attachment, welcome));
  }

  /** An attachment has ended: a session that has no other one waits until it tries again. */
  void pause(ChannelResumeLimiter pace) {
    if (driver.locked(session -> session.state() != SessionState.DETACHED)) {
      return;
    }
    String next = driver.locked(ClientSession::isHandedOver) ? "" : server;
    pace.pause(this, next, () -> driver.input((session, now) -> session.onReachable(now)));
    if (driver.locked(session -> session.state().isTerminal())) {
      // Over meanwhile: nobody would forget it.
      pace.endPause(this);
    }
  }

  void onPlain(StreamAttachment attachment, ClientAttachment carrier) {
    streams.peers().onPeer(channel, peerKey, false);
    int asked =
        driver.locked(
            session -> {
              session.onPlainHeaders(driver.nowNanos(), attachment);
              plainCarrier = carrier;
              return demand;
            });
    driver.drive();
    if (asked > 0) {
      carrier.request(asked);
    }
  }

  void onRefused(StreamAttachment attachment, HandshakeRefusal handshakeRefusal, Status status) {
    lastCause = handshakeRefusal.code().name();
    lastStatus = status;
    driver.input((session, now) -> session.onRefused(now, attachment, handshakeRefusal));
  }

  void onPhysicalEnd(StreamAttachment attachment, CallClosure how, Status status) {
    lastCause = ClosureCauseText.of(how, status);
    age.onChange();
    lastStatus = status;
    boolean answered = driver.locked(session -> hasHeaders);
    if (!answered && how.kind() == CallClosure.ClosureScope.STATUS && status.isOk()) {
      // An empty response has no headers, and one with sessions would have had a welcome.
      streams.peers().onPeer(channel, peerKey, false);
    }
    driver.input((session, now) -> session.onClosed(now, attachment, how));
  }

  /** The state of the stream for the admin service. */
  StreamStatus status() {
    return driver.shown(
        (session, nowNanos, unackedMillis) ->
            new StreamStatus(
                false,
                session.id().high(),
                session.id().low(),
                this::peer,
                "",
                method.getFullMethodName(),
                session.state().name(),
                attempts,
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
    ClientAttachment attached = latest;
    return attached == null ? "" : attached.peer();
  }

  /** The current view of the session. */
  SessionView view() {
    String peer = peer();
    return driver.locked(
        session ->
            new SessionView(
                session.id().toString(),
                peer,
                "",
                method.getFullMethodName(),
                session.state(),
                attempts,
                lastCause,
                session.heldBytes(),
                session.position(),
                session.acked(),
                session.processed(),
                session.duplicates(),
                age.whole(),
                age.unchanged()));
  }

  // To the application.

  private void deliver(SessionOutput.Deliver deliver) {
    RespT message;
    try {
      message = SessionFrame.parse(deliver.message(), method::parseResponse);
    } catch (RuntimeException | Error e) {
      cancel(Status.INTERNAL.withDescription("unreadable message").withCause(e));
      return;
    }
    handling = Thread.currentThread();
    boolean handled = application.run(to -> to.onMessage(message));
    handling = null;
    if (handled) {
      driver.input((session, now) -> session.processed(now, deliver.seq()));
    }
  }

  private static ClientAttachment carrier(StreamAttachment attachment) {
    return (ClientAttachment) Objects.requireNonNull(attachment.carrier());
  }
}
