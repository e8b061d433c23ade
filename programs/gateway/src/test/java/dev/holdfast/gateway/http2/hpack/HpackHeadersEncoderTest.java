package dev.holdfast.gateway.http2.hpack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HpackHeadersEncoderTest {
  private static final long HEADER_LIST_BYTES = 1_000_000;

  private final HpackHeadersEncoder encoder = new HpackHeadersEncoder(true);

  @Test
  void everyDecoderReadsWhatWasMeantWhateverCameBefore() throws Http2Exception {
    long seed = System.nanoTime();
    int indexed = 0;
    for (int connection = 0; connection < 300; connection++) {
      Random random = new Random(seed + connection);
      HpackHeadersEncoder ours = new HpackHeadersEncoder(random.nextBoolean());
      Http2HeadersDecoder netty = new DefaultHttp2HeadersDecoder(false, HEADER_LIST_BYTES);
      Http2HeadersDecoder own = decoder();
      for (int call = 1; call < 150; call++) {
        for (int change = random.nextInt(40); change < 3; change++) {
          long capacity = capacity(random);
          ours.maxHeaderTableSize(capacity);
          netty.configuration().maxHeaderTableSize(capacity);
          own.configuration().maxHeaderTableSize(capacity);
        }
        Http2Headers meant = headers(random);
        ByteBuf block = Unpooled.buffer();
        ours.encodeHeaders(1, meant, block);
        indexed += block.readableBytes() < 30 ? 1 : 0;
        String as = "seed " + (seed + connection) + ", call " + call + ": ";
        assertThat(fields(netty.decodeHeaders(1, block.duplicate())))
            .as(as + ByteBufUtil.hexDump(block))
            .isEqualTo(fields(meant));
        assertThat(fields(own.decodeHeaders(1, block)))
            .as(as + "own decoder")
            .isEqualTo(fields(meant));
      }
    }
    assertThat(indexed).as("blocks of indexes").isGreaterThan(1_000);
  }

  @Test
  void aFieldIsIndexedFromItsSecondOccurrenceOn() throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers().add("a", "b");
    assertThat(hex(headers)).isEqualTo("0001610162");
    assertThat(hex(headers)).isEqualTo("4001610162");
    assertThat(hex(headers)).isEqualTo("be");
  }

  @Test
  void fieldsOfTheStaticTableAreIndexesAndNamesOfItAreNotRepeated() throws Http2Exception {
    Http2Headers headers =
        new DefaultHttp2Headers().method("POST").scheme("https").path("/p").add("accept", "");
    assertThat(hex(headers)).isEqualTo("83" + "87" + "04022f70" + "0f0400");
    assertThat(hex(new DefaultHttp2Headers().status("404"))).isEqualTo("8d");
    assertThat(hex(new DefaultHttp2Headers().status("299"))).isEqualTo("0803323939");
  }

  @Test
  void aSecretNeverEntersATable() throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers().add("authorization", "x");
    for (int i = 0; i < 3; i++) {
      assertThat(hex(headers)).isEqualTo("1f080178");
    }
  }

  @Test
  void aSmallerTableIsAnnouncedOnceAndWithTheSmallestThatWasAskedFor() throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers().status("200");
    encoder.maxHeaderTableSize(100);
    assertThat(hex(headers)).isEqualTo("3f45" + "88");
    assertThat(hex(headers)).isEqualTo("88");
    encoder.maxHeaderTableSize(0);
    encoder.maxHeaderTableSize(60);
    assertThat(hex(headers)).isEqualTo("20" + "3f1d" + "88");
    encoder.maxHeaderTableSize(1_000_000);
    assertThat(hex(headers)).isEqualTo("3fe11f" + "88");
    encoder.maxHeaderTableSize(2_000_000);
    assertThat(hex(headers)).isEqualTo("88");
  }

  @Test
  void longTextIsWrittenWhole() throws Http2Exception {
    Http2Headers meant = new DefaultHttp2Headers().add("x".repeat(200), "v".repeat(70_000));
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(1, meant, block);
    assertThat(fields(decoder().decodeHeaders(1, block))).isEqualTo(fields(meant));
  }

  @Test
  void headersBeyondTheLimitOfAServerAreRefusedAndChangeNothing() throws Http2Exception {
    HpackHeadersEncoder toServer = new HpackHeadersEncoder(false);
    toServer.maxHeaderListSize(40);
    ByteBuf block = Unpooled.buffer();
    Http2Headers headers = new DefaultHttp2Headers().add("name", "12345");
    assertThatThrownBy(() -> toServer.encodeHeaders(3, headers, block))
        .isInstanceOf(Http2Exception.HeaderListSizeException.class);
    assertThat(block.isReadable()).isFalse();
    toServer.encodeHeaders(3, new DefaultHttp2Headers().add("name", "1234"), block);
    assertThat(block.isReadable()).isTrue();
  }

  private String hex(Http2Headers headers) throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(1, headers, block);
    return ByteBufUtil.hexDump(block);
  }

  private static long capacity(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> random.nextInt(200);
      case 2 -> random.nextInt(5_000);
      default -> 1L << random.nextInt(32);
    };
  }

  /** Few enough fields that they come again, some that overflow the table, some that never do. */
  private static Http2Headers headers(Random random) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    if (random.nextBoolean()) {
      headers.method("POST").path("/p.S/M" + random.nextInt(9)).scheme("http").authority("a");
    }
    for (int i = random.nextInt(8); i > 0; i--) {
      int kind = random.nextInt(20);
      switch (random.nextInt(6)) {
        case 0 -> headers.add("content-type", "application/grpc");
        case 1 -> headers.add("x-once", Long.toHexString(random.nextLong()));
        case 2 -> headers.add("cookie", "c=" + kind);
        case 3 -> headers.add("x-long-" + kind, "v".repeat(40 * kind));
        default -> headers.add("x-" + kind, "v" + random.nextInt(3));
      }
    }
    return headers;
  }

  private static List<String> fields(Http2Headers headers) {
    List<String> fields = new ArrayList<>();
    headers.forEach(each -> fields.add(each.getKey() + "=" + each.getValue()));
    return fields;
  }

  private static HpackHeadersDecoder decoder() {
    return new HpackHeadersDecoder(HEADER_LIST_BYTES, HEADER_LIST_BYTES) {
      @Override
      protected ReceivedHeaders newHeaders(int sizeHint) {
        return new ReceivedHeaders(false, false, sizeHint);
      }
    };
  }
}
