package dev.holdfast.gateway.frontend.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.cors.CorsPolicy;
import dev.holdfast.gateway.frontend.websocket.WebSocketCallCodec;
import dev.holdfast.gateway.greet.GreetProto;
import dev.holdfast.gateway.headers.CallEnd;
import dev.holdfast.transcoding.http.HttpRequestHead;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The heartbeats of a WebSocket, in virtual time: a page sees no PING. */
class SocketHeartbeatTest {
  private static final String HEARTBEAT = "{\"@heartbeat\":{}}";
  private static final long INTERVAL_NANOS = FrontendResponseWriter.PING_TIME.toNanos();

  private final EmbeddedChannel channel = new EmbeddedChannel();
  private final EventStreamTest.Events web = new EventStreamTest.Events(channel);

  @BeforeEach
  void freeze() {
    channel.freezeTime();
  }

  @AfterEach
  void close() {
    channel.finishAndReleaseAll();
  }

  @Test
  void aHeartbeatComesInEachIntervalUntilTheCallEnds() {
    FrontendCall call = begin("grpc-heartbeat+json");
    for (int i = 0; i < 3; i++) {
      passes(INTERVAL_NANOS - 1);
      assertThat(web.written()).isEmpty();
      passes(1);
      assertThat(web.written()).containsExactly(HEARTBEAT);
    }

    call.onEnd(CallEnd.of(GrpcStatusCode.OK, ""));
    assertThat(web.written()).hasSize(1).first().asString().startsWith("{\"@status\":");
    passes(3 * INTERVAL_NANOS);
    assertThat(web.written()).isEmpty();
  }

  @Test
  void aClientThatDidNotAskForHeartbeatsGetsNone() {
    var unused = begin("grpc+json");
    passes(10 * INTERVAL_NANOS);
    assertThat(web.written()).isEmpty();
  }

  private FrontendCall begin(String protocol) {
    HttpTranscoder transcoder =
        HttpTranscoder.of(ServiceCatalog.of(List.of(GreetProto.getDescriptor().toProto())));
    HttpRequestHead head = new HttpRequestHead("POST", "/test.greet.Greeter/Chat", "", "", "");
    FrontendCall call =
        new FrontendCall(
            web,
            (exchange, headers, listener) -> new EventStreamTest.Silence(),
            WebSocketCallCodec.json(transcoder.open(head), protocol),
            new DefaultHttp2Headers(),
            CorsPolicy.NONE);
    call.begin(false);
    return call;
  }

  private void passes(long nanos) {
    channel.advanceTimeBy(nanos, TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }
}
