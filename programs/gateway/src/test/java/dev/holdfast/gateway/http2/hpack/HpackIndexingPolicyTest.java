package dev.holdfast.gateway.http2.hpack;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import org.junit.jupiter.api.Test;

class HpackIndexingPolicyTest {
  private final HpackIndexingPolicy detector = new HpackIndexingPolicy();

  @Test
  void headersAreIndexedWhenTheyComeASecondTime() {
    assertThat(detector.isSensitive("x-tenant", "t1")).isTrue();
    assertThat(detector.isSensitive("x-tenant", "t1")).isFalse();
    assertThat(detector.isSensitive("x-tenant", "t2")).isTrue();
  }

  @Test
  void secretsAreNeverIndexed() {
    for (int i = 0; i < 3; i++) {
      assertThat(detector.isSensitive("authorization", "Bearer 1")).isTrue();
      assertThat(detector.isSensitive("cookie", "a=b")).isTrue();
    }
  }

  @Test
  void whatRepeatsStaysSmallBetweenHeadersThatAreAlwaysNew() throws Exception {
    HpackHeadersEncoder encoder = new HpackHeadersEncoder(false);
    // Sent once, then indexed; from then on an index beside 55 bytes that are new.
    assertThat(bytes(encoder, 0)).isGreaterThan(400);
    int unused = bytes(encoder, 1);
    for (int i = 2; i <= 200; i++) {
      assertThat(bytes(encoder, i)).isLessThan(100);
    }
  }

  private static int bytes(HpackHeadersEncoder encoder, int number) throws Http2Exception {
    Http2Headers headers =
        new DefaultHttp2Headers()
            .add("x-long", "v".repeat(400))
            .add("traceparent", "00-" + String.format("%032x", number * 7_919L) + "-01");
    ByteBuf out = Unpooled.buffer();
    try {
      encoder.encodeHeaders(1, headers, out);
      return out.readableBytes();
    } finally {
      out.release();
    }
  }
}
