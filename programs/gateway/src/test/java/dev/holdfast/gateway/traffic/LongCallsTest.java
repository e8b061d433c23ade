package dev.holdfast.gateway.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.transcoding.http.StatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of calls and connections before their end. */
class LongCallsTest {
  private static final long MINUTE = LoopTraffic.LONG_CALL.toNanos();

  private final List<String> told = new ArrayList<>();

  @Test
  void whatGoesOnIsToldOfEachMinuteAndOnceAtItsEnd() {
    Traffic traffic = new Traffic();
    traffic.tell(
        new CallSink() {
          @Override
          public void onCall(CallTrace call) {
            told.add("call " + call.status());
          }

          @Override
          public void onConnection(ConnectionTrace connection) {
            told.add("connection " + connection.end());
          }
        });
    LoopTraffic loop = traffic.open();
    CallTrace call = loop.begin(new DefaultHttp2Headers().path("/a.B/C"), true);
    ConnectionTrace connection = loop.connection("db", AsciiString.of("192.0.2.7"));
    long now = System.nanoTime();

    loop.tellOfLongCalls(now + MINUTE / 2);
    assertThat(told).isEmpty();
    loop.tellOfLongCalls(now + MINUTE);
    loop.tellOfLongCalls(now + MINUTE + MINUTE / 2);
    assertThat(told).containsExactly("call null", "connection ");
    loop.tellOfLongCalls(now + 2 * MINUTE);
    assertThat(told).hasSize(4);
    call.onEnd(Reason.CLIENT_LEFT, StatusCode.CANCELLED);
    connection.onEnd("idle");
    connection.onEnd("closed");
    loop.tellOfLongCalls(now + 9 * MINUTE);
    assertThat(told).hasSize(6).endsWith("call CANCELLED", "connection idle");
  }
}
