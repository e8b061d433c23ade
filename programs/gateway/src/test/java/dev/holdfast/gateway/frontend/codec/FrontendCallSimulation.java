package dev.holdfast.gateway.frontend.codec;

import dev.holdfast.gateway.call.CallTarget;
import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.json.HttpJsonCodec;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One schedule of events, made from a seed, against one translated request in a time that stands
 * still: its client, its upstream and the gateway itself act in any order.
 */
final class FrontendCallSimulation {
  /** Rare things that the schedules must reach now and then, or they prove little. */
  enum Marker {
    ANSWERED,
    BODY_TOO_SLOW,
    CLIENT_GONE,
    ENDED_BEFORE_REQUEST,
    LATE_EVENT,
    REFUSED,
    TWO_MESSAGES,
    UNREADABLE_MESSAGE,
    WITHHELD
  }

  /** The shapes of a method, with their requests. */
  enum Shape {
    UNARY("POST", "/v1/hello", false, false),
    SERVER_STREAM("GET", "/v1/hello/x:many", false, true),
    CLIENT_STREAM("POST", "/v1/collect", true, false),
    BIDI("POST", "/v1/chat", true, true);

    private final String method;
    private final String path;
    private final boolean clientStreams;
    private final boolean serverStreams;

    Shape(String method, String path, boolean clientStreams, boolean serverStreams) {
      this.method = method;
      this.path = path;
      this.clientStreams = clientStreams;
      this.serverStreams = serverStreams;
    }

    private String contentType() {
      return clientStreams ? "application/x-ndjson" : "application/json";
    }
  }

  private static final HttpTranscoder METHODS =
      HttpTranscoder.of(ServiceCatalog.of(List.of(GreetProto.getDescriptor().toProto())));
  private static final byte[] REPLY =
      HelloReply.newBuilder().setText("hello").build().toByteArray();
  private static final byte[] UNREADABLE = {(byte) 0xff};

  final Map<Marker, Integer> reached = new EnumMap<>(Marker.class);
  private final SplittableRandom random;
  private final EmbeddedChannel channel;
  private final Shape shape;
  private final SimulatedExchange web;
  private final FrontendCall call;
  private final List<String> trace = new ArrayList<>();
  private @Nullable Upstream upstream;
  private boolean requestEnded;
  private int messages;

  FrontendCallSimulation(
      long seed, EmbeddedChannel channel, ForwardingLoop loop, FrontendEffectFilter filter) {
    this.random = new SplittableRandom(seed);
    this.channel = channel;
    this.shape = Shape.values()[random.nextInt(Shape.values().length)];
    this.web = new SimulatedExchange(this, loop, shape.method, shape.path);
    CallTarget target = (exchange, headers, listener) -> filter.filter(OutgoingCall.class, open());
    this.call =
        new FrontendCall(
            filter.filter(HttpExchange.class, web),
            target,
            new HttpJsonCodec(
                METHODS.open(
                    new HttpRequestHead(shape.method, shape.path, "", shape.contentType(), "*/*"))),
            new DefaultHttp2Headers(),
            CorsPolicy.NONE);
  }

  /** Runs the schedule; a broken invariant is thrown as an {@link AssertionError}. */
  void run() {
    requestEnded = shape == Shape.SERVER_STREAM;
    step("begin", () -> call.begin(requestEnded));
    int events = 2 + random.nextInt(25);
    for (int i = 0; i < events; i++) {
      event();
    }
    step("gone", this::onGone);
    step("time passes", this::onTime);
  }

  boolean chance(int oneIn) {
    return random.nextInt(oneIn) == 0;
  }

  void require(FrontendGuarantee guarantee, boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(
          "guarantee "
              + guarantee
              + " broken: "
              + shape
              + ": "
              + otherwise
              + "\n  "
              + String.join("\n  ", trace));
    }
  }

  private void mark(Marker marker) {
    reached.merge(marker, 1, Integer::sum);
  }

  private void step(String what, Runnable task) {
    boolean wasOver = web.ended || web.gone;
    trace.add(what);
    try {
      task.run();
    } catch (IllegalStateException e) {
      require(FrontendGuarantee.FRONTEND_ENDS_ONCE, false, String.valueOf(e.getMessage()));
    }
    boolean over = web.ended || web.gone;
    if (over && !wasOver && !web.gone) {
      mark(requestEnded ? Marker.ANSWERED : Marker.ENDED_BEFORE_REQUEST);
    }
    check(over);
  }

  private void check(boolean over) {
    Upstream known = upstream;
    if (over) {
      require(
          FrontendGuarantee.FRONTEND_RELEASES_ALL,
          web.memory().bytes() == 0,
          "memory is held: " + web.memory().bytes());
      require(
          FrontendGuarantee.FRONTEND_RELEASES_ALL,
          web.owedBytes == 0,
          "bytes are owed: " + web.owedBytes);
      require(
          FrontendGuarantee.FRONTEND_RELEASES_ALL,
          known == null || known.cancelled || known.ended,
          "the call goes on");
      return;
    }
    boolean room = known == null || known.ready;
    require(
        FrontendGuarantee.FRONTEND_GOES_ON,
        !room || web.owedBytes == 0,
        "bytes are owed though there is room: " + web.owedBytes);
    require(
        FrontendGuarantee.FRONTEND_ENDS_ONCE,
        known == null || !known.ended,
        "the call has ended, the response has not");
    if (known != null) {
      boolean withheld = shape.serverStreams && !web.writable;
      require(
          FrontendGuarantee.FRONTEND_GOES_ON,
          withheld || known.wanted > 0,
          "no message is requested");
      require(
          FrontendGuarantee.FRONTEND_ENDS_ONCE,
          requestEnded || !known.halfClosed,
          "half-closed before the end");
      require(
          FrontendGuarantee.FRONTEND_GOES_ON,
          !requestEnded || known.halfClosed,
          "the request has ended, the call has not");
    }
  }

  private void event() {
    switch (random.nextInt(24)) {
      case 0 -> step("gone", this::onGone);
      case 1 -> step("leave", this::onLeave);
      case 2 -> step("overload", this::onOverload);
      case 3 -> step("time passes", this::onTime);
      case 4, 5, 6, 7, 8, 9, 10 -> onBody();
      case 11, 12, 13 -> step("writable", this::onWritable);
      default -> onUpstream();
    }
  }

  private void onGone() {
    if (!web.ended && !web.gone) {
      mark(Marker.CLIENT_GONE);
    }
    web.gone = true;
    call.onGone();
  }

  private void onLeave() {
    if (!web.gone) {
      call.onLeave();
    }
  }

  private void onOverload() {
    if (!web.gone) {
      call.onOverload();
    }
  }

  private void onTime() {
    boolean wasOver = web.ended || web.gone;
    channel.advanceTimeBy(FrontendCall.BODY_TIME.toNanos() + 1, TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
    if (web.ended && !wasOver) {
      mark(Marker.BODY_TOO_SLOW);
    }
  }

  private void onWritable() {
    web.writable = true;
    call.onWritable();
  }

  private void onBody() {
    if (requestEnded || web.gone) {
      return;
    }
    boolean last = chance(shape.clientStreams ? 4 : 2);
    boolean malformed = chance(12);
    String text = malformed ? "}" : shape.clientStreams || last ? "{\"name\":\"a\"}\n" : " ";
    requestEnded = last;
    boolean wasOver = web.ended;
    step(
        "body " + text.strip() + " last=" + last,
        () -> {
          ByteBuf data = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
          web.owedBytes += data.readableBytes();
          call.onData(data, data.readableBytes(), last);
          data.release();
        });
    if (malformed && web.ended && !wasOver) {
      mark(Marker.REFUSED);
    }
  }

  private void onUpstream() {
    Upstream known = upstream;
    if (known == null) {
      return;
    }
    boolean late = known.ended || known.cancelled;
    if (late) {
      mark(Marker.LATE_EVENT);
    }
    switch (random.nextInt(8)) {
      case 0 -> step("headers", () -> call.onHeaders(new DefaultHttp2Headers()));
      case 1 -> {
        if (!known.ended) {
          known.ended = true;
          GrpcStatusCode status = chance(2) ? GrpcStatusCode.OK : GrpcStatusCode.UNAVAILABLE;
          step("end " + status, () -> call.onEnd(CallEnd.of(status, "")));
        }
      }
      case 2, 3 -> {
        known.ready = true;
        step("ready", call::onReady);
      }
      default -> {
        if (known.wanted > 0 && !known.ended) {
          known.wanted--;
          onMessage(late);
        }
      }
    }
  }

  private void onMessage(boolean late) {
    boolean unreadable = chance(15);
    byte[] bytes = unreadable ? UNREADABLE : REPLY;
    messages++;
    step("message unreadable=" + unreadable, () -> call.onMessage(bytes, 0, bytes.length));
    if (unreadable && !late) {
      mark(Marker.UNREADABLE_MESSAGE);
    }
    if (messages == 2 && !shape.serverStreams && !late) {
      mark(Marker.TWO_MESSAGES);
    }
    if (shape.serverStreams && !web.writable) {
      mark(Marker.WITHHELD);
    }
  }

  private OutgoingCall open() {
    require(FrontendGuarantee.FRONTEND_ENDS_ONCE, upstream == null, "calls twice");
    Upstream opened = new Upstream();
    upstream = opened;
    return opened;
  }

  /** The call that the request is translated to. */
  private final class Upstream implements OutgoingCall {
    boolean ready = true;
    boolean halfClosed;
    boolean cancelled;
    boolean ended;
    int wanted;

    @Override
    public void send(byte[] bytes, int offset, int length, boolean last) {
      requireOpen("sends");
      halfClosed = last;
      if (chance(4)) {
        ready = false;
      }
    }

    @Override
    public void halfClose() {
      requireOpen("half-closes");
      halfClosed = true;
    }

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void request(int more) {
      require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !cancelled, "requests after the cancel");
      wanted += more;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    private void requireOpen(String what) {
      require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !cancelled, what + " after the cancel");
      require(FrontendGuarantee.FRONTEND_ENDS_ONCE, !halfClosed, what + " after the half-close");
    }
  }
}
