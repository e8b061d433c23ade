package dev.holdfast.gateway.duplex;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.call.CallListener;
import dev.holdfast.gateway.call.ClusterCallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.cluster.EndpointPreference;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionEnd;
import dev.holdfast.streams.SessionEnd.SessionEndKind;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.ClientSession;
import dev.holdfast.streams.session.MethodKind;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.SessionRules;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.SessionId;
import dev.holdfast.streams.wire.Welcome;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.Http2Headers;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A call that outlives its connections to the upstream: a duplex session, carried by a sequence of
 * {@link DuplexAttachment}s. Confined to one event loop; {@link ClientSession} decides.
 *
 * <p>Until a service has welcomed the session this is one plain call: however that ends, the caller
 * is told, and nothing is repeated. A message counts as processed when the caller's listener has
 * taken it.
 */
final class DuplexCall implements OutgoingCall {
  @Limit(
      of = "bytes of a client's messages that a service with sessions has not processed, by stream",
      then = "the client is not read until it has")
  static final int SEND_BYTES = 524_288;

  /** As many as a session may hold: clients are stopped by bytes. */
  @Limit(
      of = "the same in messages",
      then = "the client is not read; at twice as many the stream ends with RESOURCE_EXHAUSTED")
  static final int SEND_MESSAGES = 65_536;

  @Limit(
      of = "messages that a service with sessions sends ahead of what the gateway keeps, by stream",
      then = "it waits")
  static final int RECEIVE_MESSAGES = 256;

  @Limit(of = "the same in bytes, or buffer-bytes where that is less", then = "it waits")
  static final int MOST_RECEIVE_BYTES = 8_388_608;

  /** The time after which the session ends a call whose attachment was to end it before. */
  private static final Duration DEADLINE_MARGIN = Duration.ofMillis(50);

  private static final SecureRandom SECURE = new SecureRandom();
  private static final RandomGenerator RANDOM = () -> ThreadLocalRandom.current().nextLong();

  private final HttpExchange web;
  private final ForwardingLoop loop;
  private final CallListener listener;
  private final UpstreamSessions sessions;
  private final AttachmentStarter starter;
  private final ClientSession session;
  private final SessionTimer timer;
  private @Nullable DuplexAttachment plainCarrier;
  private @Nullable CallEnd ownEnd;
  private CallEnd lastEnd =
      CallEnd.of(GrpcStatusCode.UNAVAILABLE, "gateway: no instance of the service was reached");
  private int demand;
  private boolean welcomed;
  private boolean hasHeaders;
  private boolean cancelled;
  private boolean running;
  private long countedBytes;

  /**
   * Creates a call that has not begun.
   *
   * @param headers of the request with :path and :authority; become the call's
   */
  DuplexCall(
      HttpExchange web,
      Http2Headers headers,
      CallListener listener,
      ClusterCallTarget target,
      UpstreamSessions sessions) {
    this.web = web;
    this.loop = web.loop();
    this.listener = listener;
    this.sessions = sessions;
    this.starter = new AttachmentStarter(web, headers, target);
    ResumePolicy policy = target.route().options().resume().orElse(ResumePolicy.DEFAULT);
    this.session =
        new ClientSession(
            new SessionId(SECURE.nextLong(), SECURE.nextLong()),
            options(policy),
            SessionRules.STANDARD,
            RANDOM);
    session.useBudget(sessions.budget(target.route(), policy));
    this.timer = new SessionTimer(session, loop.eventLoop(), this::run);
  }

  private static SessionOptions options(ResumePolicy policy) {
    return SessionOptions.DEFAULT
        .withSendBuffer(SEND_MESSAGES, SEND_BYTES)
        .withReceiveBuffer(RECEIVE_MESSAGES, Math.min(MOST_RECEIVE_BYTES, policy.bufferBytes()));
  }

  /** Begins the call. */
  void start(ClientSession.Peer peer, MethodKind kind) {
    long timeoutNanos = starter.timeoutNanos();
    Duration deadline =
        timeoutNanos > 0 ? Duration.ofNanos(timeoutNanos).plus(DEADLINE_MARGIN) : Duration.ZERO;
    session.start(System.nanoTime(), deadline, peer, kind);
    run();
  }

  @Override
  public void send(byte[] bytes, int offset, int length, boolean last) {
    byte[] copy = Arrays.copyOfRange(bytes, offset, offset + length);
    if (session.offer(Payload.of(copy))) {
      if (last) {
        session.halfClose();
      }
      run();
    } else if (session.end() == null) {
      giveUp(
          CallEnd.of(
              GrpcStatusCode.RESOURCE_EXHAUSTED,
              "gateway: more messages wait for the service than a stream may hold"));
    }
  }

  @Override
  public void halfClose() {
    session.halfClose();
    run();
  }

  @Override
  public boolean isReady() {
    return session.isReady();
  }

  @Override
  public void request(int messages) {
    session.request(messages);
    demand += messages;
    DuplexAttachment plain = plainCarrier;
    if (plain != null) {
      plain.request(messages);
    }
    run();
  }

  @Override
  public void cancel() {
    cancelled = true;
    session.cancel(System.nanoTime());
    run();
  }

  // What attachments tell.

  HttpExchange web() {
    return web;
  }

  ClientSession session() {
    return session;
  }

  void later(Duration delay, Runnable task) {
    var unused = loop.eventLoop().schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  void onHelloSent(DuplexAttachment from) {
    session.onHelloSent(System.nanoTime(), from.attachment());
    if (!running) {
      // Later: the call is opening its stream, and the session may want to end it.
      loop.eventLoop().execute(this::run);
    }
  }

  void onHeaders(Http2Headers headers) {
    if (!hasHeaders && !cancelled) {
      hasHeaders = true;
      listener.onHeaders(headers);
    }
  }

  void onWelcome(DuplexAttachment from, Welcome welcome) {
    count(welcomed ? "resumed" : "opened");
    welcomed = true;
    long nowNanos = System.nanoTime();
    sessions.onAnswer(starter.method(), true, nowNanos);
    starter.onWelcome(from.endpoint());
    session.onWelcome(nowNanos, from.attachment(), welcome);
    run();
  }

  void onPlain(DuplexAttachment from) {
    long nowNanos = System.nanoTime();
    if (!welcomed) {
      sessions.onAnswer(starter.method(), false, nowNanos);
    }
    session.onPlainHeaders(nowNanos, from.attachment());
    plainCarrier = from;
    run();
    if (demand > 0) {
      from.request(demand);
    }
  }

  void onFrame(DuplexAttachment from, @Nullable FrameHeader header, Payload body) {
    session.onFrame(System.nanoTime(), from.attachment(), header, body);
    run();
  }

  void onWritable(DuplexAttachment from) {
    session.onWritable(from.attachment(), true);
    run();
  }

  void onGivenUp(boolean attempted) {
    if (session.end() == null) {
      listener.onGivenUp(attempted);
    }
  }

  void onRefused(DuplexAttachment from, HandshakeRefusal refusal, CallEnd end) {
    lastEnd = end;
    session.onRefused(System.nanoTime(), from.attachment(), refusal);
    run();
  }

  void onClosed(DuplexAttachment from, CallClosure how, CallEnd end) {
    lastEnd = end;
    boolean answered = how.kind() == CallClosure.ClosureScope.STATUS;
    if (session.end() == null && (from.isGatewaysOwnEnd() || !(welcomed || answered))) {
      giveUp(end);
      return;
    }
    long nowNanos = System.nanoTime();
    if (answered && !hasHeaders && end.isOk()) {
      // An empty response has no headers, and one with sessions would have had a welcome.
      sessions.onAnswer(starter.method(), false, nowNanos);
    }
    session.onClosed(nowNanos, from.attachment(), how);
    run();
  }

  // What the session wants.

  /** Carries out what the session has decided. */
  private void run() {
    loop.assertInLoop();
    if (running) {
      return;
    }
    running = true;
    try {
      long nowNanos = System.nanoTime();
      for (SessionOutput next = session.poll(nowNanos);
          next != null;
          next = session.poll(nowNanos)) {
        act(next);
      }
    } finally {
      running = false;
      countBytes();
      timer.arm();
    }
  }

  private void act(SessionOutput output) {
    if (output instanceof SessionOutput.Send send) {
      carrier(send.attachment()).send(send.header(), send.body());
    } else if (output instanceof SessionOutput.Deliver deliver) {
      deliver(deliver);
    } else if (output instanceof SessionOutput.Request request) {
      carrier(request.attachment()).request(1);
    } else if (output instanceof SessionOutput.StartCall startCall) {
      open(startCall);
    } else if (output instanceof SessionOutput.HalfClose halfClose) {
      carrier(halfClose.attachment()).halfClose();
    } else if (output instanceof SessionOutput.EndCall endCall) {
      // One that had nowhere to go has no call.
      if (endCall.attachment().carrier() instanceof DuplexAttachment carrying) {
        carrying.close(endCall.why());
      }
    } else if (output instanceof SessionOutput.Ready) {
      if (!cancelled) {
        listener.onReady();
      }
    } else if (output instanceof SessionOutput.Ended ended) {
      onEnded(ended.end());
    } else if (!(output instanceof SessionOutput.Waiting
        || output instanceof SessionOutput.Resumed)) {
      throw new IllegalStateException("output that a gateway has not asked for: " + output);
    }
  }

  private void deliver(SessionOutput.Deliver deliver) {
    demand--;
    if (!cancelled) {
      byte[] message = deliver.message().toByteArray();
      listener.onMessage(message, 0, message.length);
    }
    session.processed(System.nanoTime(), deliver.seq());
  }

  private void open(SessionOutput.StartCall startCall) {
    StreamAttachment attachment = startCall.attachment();
    boolean over = session.end() != null;
    EndpointPreference preference = starter.preference(startCall);
    if (isOwnerGone(startCall, preference.wanted())) {
      if (over || session.isHandedOver()) {
        session.onClosed(System.nanoTime(), attachment, CallClosure.unreached());
      } else {
        count("lost");
        ownEnd = lastEnd;
        session.abandon();
      }
      return;
    }
    DuplexAttachment attached =
        new DuplexAttachment(this, attachment, starter.headers(startCall, over));
    attachment.attach(attached);
    session.onHelloUnsent(attachment);
    attached.call().prefer(preference);
    if (attachment.number() == 1) {
      web.onCall(attached.call().trace());
    }
    starter.start(attached, over);
  }

  /**
   * Whether the instance that has the session has left the cluster's list of endpoints, so that
   * nothing can come of another attachment.
   */
  private boolean isOwnerGone(SessionOutput.StartCall startCall, @Nullable HostPort wanted) {
    return wanted == null
        && welcomed
        && startCall.attachment().replaced() == null
        && !startCall.hello().token().isNone();
  }

  private void onEnded(SessionEnd end) {
    if (welcomed && end.kind().isLost()) {
      count("lost");
    } else if (end.kind() == SessionEndKind.MOVED) {
      count("moved");
    }
    if (!cancelled) {
      CallEnd own = ownEnd;
      listener.onEnd(own == null ? callEnd(end) : own);
    }
  }

  private CallEnd callEnd(SessionEnd end) {
    return switch (end.kind()) {
      case FINISHED -> FinalStatusReader.read(end.status(), end.trailers());
      case PLAIN -> end.trailers() instanceof CallEndPayload known ? known.end() : lastEnd;
      case DEADLINE ->
          CallEnd.of(
              GrpcStatusCode.DEADLINE_EXCEEDED,
              "gateway: the deadline passed while no instance of the service was reached");
      case LOST_REFUSED -> lastEnd;
      case MOVED ->
          CallEnd.of(
              GrpcStatusCode.UNAVAILABLE,
              "gateway: the instance of the service drains (MOVED), after message "
                  + end.processedHere());
      default ->
          CallEnd.of(
              GrpcStatusCode.UNAVAILABLE,
              "gateway: the service lost the stream (%s), after message %d"
                  .formatted(end.kind(), end.processedHere()));
    };
  }

  /** Ends the call with an end that is not the session's. */
  private void giveUp(CallEnd end) {
    ownEnd = end;
    if (welcomed) {
      session.cancel(System.nanoTime());
    } else {
      session.abandon();
    }
    run();
  }

  private void count(String event) {
    loop.meters().resume().upstream(event);
  }

  private void countBytes() {
    long held = session.heldBytes();
    long more = held - countedBytes;
    countedBytes = held;
    if (more > 0) {
      web.memory().charge(more);
    } else if (more < 0) {
      web.memory().credit(-more);
    }
  }

  private static DuplexAttachment carrier(StreamAttachment attachment) {
    return (DuplexAttachment) Objects.requireNonNull(attachment.carrier());
  }
}
