package dev.holdfast.gateway.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of calls and connections before their end. */
class LongCallsTest {
  private static final long MINUTE = LoopCallStatistics.LONG_CALL.toNanos();

  private final List<String> told = new ArrayList<>();

  @Test
  void whatGoesOnIsToldOfEachMinuteAndOnceAtItsEnd() {
    CallStatistics callStatistics = new CallStatistics();
    callStatistics.setSink(
        new CallSink() {
          @Override
          public void onCall(CallRecord call) {
            told.add("call " + call.status());
          }

          @Override
          public void onConnection(ConnectionRecord connection) {
            told.add("connection " + connection.end());
          }
        });
    LoopCallStatistics loop = callStatistics.open();
    CallRecord call = loop.begin(new DefaultHttp2Headers().path("/a.B/C"), true);
    ConnectionRecord connection = loop.connection("db", AsciiString.of("192.0.2.7"));
    long now = System.nanoTime();

    loop.reportLongCalls(now + MINUTE / 2);
    assertThat(told).isEmpty();
    loop.reportLongCalls(now + MINUTE);
    loop.reportLongCalls(now + MINUTE + MINUTE / 2);
    assertThat(told).containsExactly("call null", "connection ");
    loop.reportLongCalls(now + 2 * MINUTE);
    assertThat(told).hasSize(4);
    call.onEnd(CallEndReason.CLIENT_LEFT, GrpcStatusCode.CANCELLED);
    connection.onEnd("idle");
    connection.onEnd("closed");
    loop.reportLongCalls(now + 9 * MINUTE);
    assertThat(told).hasSize(6).endsWith("call CANCELLED", "connection idle");
  }
}
