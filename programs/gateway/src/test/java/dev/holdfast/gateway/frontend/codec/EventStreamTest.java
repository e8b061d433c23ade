package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.call.HttpExchange;
import dev.holdfast.gateway.call.OutgoingCall;
import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.json.HttpJsonCodec;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.limits.MemoryAccount;
import dev.holdfast.gateway.loop.ForwardingLoop;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Server-sent events of a method that streams both ways, in a time that stands still. */
class EventStreamTest {
  private static final String PING = ": ping\n\n";
  private static final long PING_NANOS = FrontendResponseWriter.PING_TIME.toNanos();

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final Events web = new Events(channel);
  private final FrontendCall call =
      new FrontendCall(
          web,
          (exchange, headers, listener) -> new Silence(),
          new HttpJsonCodec(
              HttpTranscoder.of(ServiceCatalog.of(List.of(GreetProto.getDescriptor().toProto())))
                  .open(
                      new HttpRequestHead(
                          "POST", "/v1/chat", "", "application/x-ndjson", "text/event-stream"))),
          new DefaultHttp2Headers(),
          CorsPolicy.NONE);

  @BeforeEach
  void begin() {
    channel.freezeTime();
    call.begin(false);
    say("{\"name\":\"a\"}\n", false);
    byte[] reply = HelloReply.newBuilder().setText("b").build().toByteArray();
    call.onMessage(reply, 0, reply.length);
    assertThat(web.written()).containsExactly("data: {\"text\":\"b\"}\n\n");
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void goesOnBeingKeptOpenWhenTheRequestHasEnded() {
    passes(PING_NANOS);
    assertThat(web.written()).containsExactly(PING);

    say("", true);
    passes(PING_NANOS);
    assertThat(web.written()).containsExactly(PING);
    passes(PING_NANOS);
    assertThat(web.written()).containsExactly(PING);
  }

  @Test
  void isSilentUntilItIsTimeAndOnceItIsOver() {
    say("", true);
    passes(PING_NANOS - 1);
    assertThat(web.written()).isEmpty();

    call.onEnd(CallEnd.of(GrpcStatusCode.OK, ""));
    assertThat(web.written()).containsExactly("event: end\ndata: {}\n\n");
    assertThat(channel.runScheduledPendingTasks()).as("time to the next task").isGreaterThan(1);
    passes(2 * PING_NANOS);
    assertThat(web.written()).isEmpty();
  }

  private void say(String text, boolean end) {
    ByteBuf data = Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    call.onData(data, data.readableBytes(), end);
    data.release();
  }

  private void passes(long nanos) {
    channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  /** Takes all and says nothing. */
  static final class Silence implements OutgoingCall {
    @Override
    public void send(byte[] bytes, int offset, int length, boolean last) {}

    @Override
    public void halfClose() {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel() {}
  }

  /** Keeps what is answered. */
  static final class Events implements HttpExchange {
    private final Http2Headers headers = new DefaultHttp2Headers().method("POST").path("/v1/chat");
    private final List<String> written = new ArrayList<>();
    private final ForwardingLoop loop;

    Events(EmbeddedChannel channel) {
      loop = EmbeddedForwardingLoop.of(channel);
    }

    /** What came since it was asked for. */
    List<String> written() {
      List<String> since = List.copyOf(written);
      written.clear();
      return since;
    }

    @Override
    public Http2Headers headers() {
      return headers;
    }

    @Override
    public ForwardingLoop loop() {
      return loop;
    }

    @Override
    public ClientIdentity clientIdentity() {
      throw new UnsupportedOperationException();
    }

    @Override
    public MemoryAccount memory() {
      return loop.memory().ownAccount();
    }

    @Override
    public boolean isDuplex() {
      return true;
    }

    @Override
    public void giveBack(int bytes) {}

    @Override
    public void answer(Http2Headers head, byte[] body) {
      throw new AssertionError("all at once: " + head);
    }

    @Override
    public void begin(Http2Headers head) {}

    @Override
    public void write(byte[] body, boolean last) {
      written.add(new String(body, StandardCharsets.UTF_8));
    }

    @Override
    public boolean isWritable() {
      return true;
    }

    @Override
    public void abort() {
      throw new AssertionError("broken off");
    }

    @Override
    public CharSequence path() {
      return "/v1/chat";
    }

    @Override
    public CharSequence authority() {
      return "x";
    }

    @Override
    public @Nullable CharSequence header(CharSequence name) {
      return null;
    }
  }
}
