package dev.holdfast.streams.grpc;

import dev.holdfast.core.OffloadExecutor;
import dev.holdfast.hooks.HostChannel;
import dev.holdfast.streams.ClientSession;
import dev.holdfast.streams.PhysicalEnd;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionOutput;
import dev.holdfast.streams.SessionRules;
import dev.holdfast.streams.SessionState;
import dev.holdfast.streams.StreamAttachment;
import dev.holdfast.streams.wire.Refusal;
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
final class ResumableCall<ReqT, RespT> extends ClientCall<ReqT, RespT>
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
  private final ClientRoute route;

  // Set before the session begins.
  private @Nullable Metadata headers;

  private volatile boolean compressed = true;
  private volatile @Nullable ClientAttachment latest;
  private volatile String lastCause = "";
  private volatile @Nullable Status lastStatus;
  private volatile @Nullable Status cancellation;

  /** The thread that hands over a message, after which the session is driven anyway. */
  private volatile @Nullable Thread handling;

  // Guarded by the driver's lock.
  private @Nullable ClientAttachment plainCarrier;
  private int demand;
  private long attempts;
  private boolean hasHeaders;

  ResumableCall(
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
            Shared.newId(),
            streams.options(options.getOption(HostChannel.KEY)),
            SessionRules.STANDARD,
            Shared.CHANCE);
    session.limitBy(streams.shared().budget());
    this.driver = new SessionDriver<>(session, streams.shared().scheduler(), this);
    this.route = new ClientRoute(streams, channel, options);
    this.age = new SessionAge(streams.shared().scheduler().clock());
  }

  // What the application does.

  @Override
  public void start(Listener<RespT> newListener, Metadata newHeaders) {
    application.begin(newListener);
    headers = newHeaders;
    streams.add(this);
    driver.input(
        (session, now) ->
            session.start(now, CallDeadline.left(options, context), streams.peerOf(channel)));
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
    Body body = MessageBody.of(method.getRequestMarshaller(), message);
    Integer most = options.getMaxOutboundMessageSize();
    if (most != null && body.sizeBytes() > most) {
      cancel(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "message: %d bytes (expected: <= %d)".formatted(body.sizeBytes(), most)));
    } else if (!driver.offer(body, Shared.SEND_PATIENCE)) {
      cancel(
          Status.RESOURCE_EXHAUSTED.withDescription(
              "send buffer full for %s (expected: wait for isReady)"
                  .formatted(Shared.SEND_PATIENCE)));
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
      Frame.handOver(deliver.message());
      application.execute(() -> deliver(deliver));
    } else if (output instanceof SessionOutput.Request request) {
      carrier(request.attachment()).request(1);
    } else if (output instanceof SessionOutput.Open open) {
      open(open);
    } else if (output instanceof SessionOutput.HalfClose halfClose) {
      carrier(halfClose.attachment()).halfClose();
    } else if (output instanceof SessionOutput.Close close) {
      lastCause = close.why().name();
      carrier(close.attachment()).close(close.why());
    } else if (output instanceof SessionOutput.Ready) {
      application.call(Listener::onReady);
    } else if (output instanceof SessionOutput.Reopened) {
      StreamMeter.REOPENED.counter(streams.shared().meters()).increment();
      application.execute(this::beginAgain);
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
    streams.remove(this);
  }

  private void open(SessionOutput.Open open) {
    StreamAttachment attachment = open.attachment();
    driver.locked(session -> attempts = attachment.number());
    ClientAttachment.ServerWord word = new ClientAttachment.ServerWord(this, attachment);
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
              ClientCall<Frame, Frame> call =
                  route.call(this, open, streams.framed(method), physical);
              ClientAttachment attached = new ClientAttachment(this, open, call, word);
              attachment.attach(attached);
              latest = attached;
              attached.begin(streams.paceOf(channel));
            });
    if (route.isShutdown()) {
      endWithChannel();
    }
  }

  /** An attachment begins just now: its request headers. */
  Metadata request(SessionOutput.Open open) {
    SessionLog.CLIENT.attached(streams.shared().meters(), this::view);
    Duration patience = streams.options().timing().handshake();
    return open.plain()
        ? Handshakes.without(headers)
        : Handshakes.with(headers, age.of(open.hello(), patience).toByteArray());
  }

  /** No attachment can follow: the application is told now, and the server as far as it goes. */
  void endWithChannel() {
    if (driver.locked(session -> session.state() != SessionState.NEW)) {
      cancel(Status.UNAVAILABLE.withDescription("Channel shutdown invoked"));
      later(ClientAttachment.FAREWELL, () -> driver.input((session, now) -> session.abandon()));
    }
  }

  private void beginAgain() {
    OptionalLong dropped = driver.locked(ClientSession::beginAgain);
    if (dropped.isPresent()) {
      // As with any call of grpc's, a message of another type fails in the marshaller.
      @SuppressWarnings("unchecked")
      Consumer<Object> first = message -> sendMessage((ReqT) message);
      application.runEvent(to -> to.onReopened(dropped.getAsLong(), first));
      driver.input((session, now) -> session.begunAgain());
    }
  }

  private void onEnded(SessionEnd end) {
    context.removeListener(onContextCancelled);
    SessionLog.CLIENT.ended(streams.shared().meters(), this::view, end);
    application.tellEnd(end);
    long stuckBytes = driver.locked(ClientSession::nextUnackedBytes);
    FinalStatus last = ClientStatus.of(end, cancellation, lastStatus, stuckBytes);
    application.call(to -> to.onClose(last.status(), last.trailers()));
  }

  // What attachments tell.

  void input(SessionDriver.Step<ClientSession> step) {
    driver.input(step);
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
    var unused = streams.shared().scheduler().schedule(delay, offloaded);
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
    streams.onPeer(channel, true);
    age.onChange();
    driver.input((session, now) -> session.onWelcome(now, attachment, welcome));
  }

  void onPlain(StreamAttachment attachment, ClientAttachment carrier) {
    streams.onPeer(channel, false);
    int asked =
        driver.locked(
            session -> {
              session.onPlain(driver.nowNanos(), attachment);
              plainCarrier = carrier;
              return demand;
            });
    driver.drive();
    if (asked > 0) {
      carrier.request(asked);
    }
  }

  void onRefused(StreamAttachment attachment, Refusal refusal, Status status) {
    lastCause = refusal.code().name();
    lastStatus = status;
    driver.input((session, now) -> session.onRefused(now, attachment, refusal));
  }

  void onPhysicalEnd(StreamAttachment attachment, PhysicalEnd how, Status status) {
    lastCause = PhysicalCause.of(how, status);
    age.onChange();
    lastStatus = status;
    driver.input((session, now) -> session.onClosed(now, attachment, how));
  }

  /** The current view of the session. */
  SessionView view() {
    ClientAttachment attached = latest;
    return driver.locked(
        session ->
            new SessionView(
                session.id().toString(),
                attached == null ? "" : attached.peer(),
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
      message = Frame.parse(deliver.message(), method::parseResponse);
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
