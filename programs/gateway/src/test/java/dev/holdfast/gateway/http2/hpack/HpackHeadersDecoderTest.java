package dev.holdfast.gateway.http2.hpack;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.headers.ReceivedHeaders;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IllegalFormatException;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What {@link HpackHeadersDecoder} finds in a block is what Netty's decoder finds. */
class HpackHeadersDecoderTest {
  private static final int HEADER_LIST_BYTES = 600;
  private static final int GO_AWAY_BYTES = 16_384;

  /** Netty takes what it says of a malformed name for a format, which the name may break. */
  private static final String FORMAT_FAULT = "format";

  private static final List<String> NAMES =
      List.of(
          ":method",
          ":path",
          ":scheme",
          ":authority",
          ":status",
          ":unknown",
          "te",
          "connection",
          "x-metadata",
          "content-type",
          "grpc-timeout",
          "traceparent",
          "Upper",
          "b ad",
          "x");
  private static final List<String> VALUES =
      List.of(
          "POST",
          "/p.S/M",
          "trailers",
          " trailers",
          "",
          " ",
          "application/grpc",
          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
          "two words",
          "a\u0001b",
          "\u00e9t\u00e9",
          "\ttab\t");

  @Test
  void blocksOfManyConnectionsWellFormedAndMutated() {
    long seed = System.nanoTime();
    Map<String, Integer> outcomes = new HashMap<>();
    for (int connection = 0; connection < 4_000; connection++) {
      compare(seed + connection, outcomes);
    }
    assertThat(outcomes.keySet())
        .as("seed %d", seed)
        .contains("headers", "PROTOCOL_ERROR stream", "PROTOCOL_ERROR list", "COMPRESSION_ERROR");
    assertThat(outcomes).allSatisfy((outcome, times) -> assertThat(times).isGreaterThan(100));
  }

  /** With Netty's decoder it was an error of the connection, which ended the calls of others. */
  @Test
  void aMalformedNameWithPercentSignsIsAnErrorOfItsStreamOnly() {
    ByteBuf block = Unpooled.copiedBuffer("\u0000\u0005A%d%P\u0001v", StandardCharsets.ISO_8859_1);
    assertThat(outcome(decoder(), block)).isEqualTo("PROTOCOL_ERROR stream");
  }

  /** Gives both decoders the blocks of one connection, until one is a connection error. */
  private static void compare(long seed, Map<String, Integer> outcomes) {
    Random random = new Random(seed);
    DefaultHttp2HeadersEncoder peer =
        new DefaultHttp2HeadersEncoder(
            (name, value) -> random.nextInt(3) == 0, true, 64, random.nextInt(2) * 512);
    HpackHeadersDecoder ours = decoder();
    Http2HeadersDecoder theirs = nettys();
    for (int i = 1; i < 40; i++) {
      ByteBuf block = block(random, peer);
      String hex = ByteBufUtil.hexDump(block);
      String expected = outcome(theirs, block.duplicate());
      if (expected.equals(FORMAT_FAULT)) {
        return;
      }
      String got = outcome(ours, block);
      assertThat(got).as("seed %d, block %d: %s", seed, i, hex).isEqualTo(expected);
      String kind = expected.startsWith("headers") ? "headers" : expected;
      outcomes.merge(kind, 1, Integer::sum);
      if (kind.equals("COMPRESSION_ERROR")) {
        return;
      }
    }
  }

  private static ByteBuf block(Random random, DefaultHttp2HeadersEncoder peer) {
    Http2Headers headers = headers(random);
    ByteBuf block = Unpooled.buffer();
    try {
      if (random.nextInt(20) == 0) {
        peer.maxHeaderTableSize(random.nextInt(5) * 100L);
      }
      peer.encodeHeaders(1, headers, block);
    } catch (Http2Exception e) {
      throw new IllegalStateException(e);
    }
    if (random.nextInt(12) == 0 && block.isReadable()) {
      int at = random.nextInt(block.writerIndex());
      block.setByte(at, block.getByte(at) ^ 1 << random.nextInt(8));
    }
    if (random.nextInt(60) == 0 && block.isReadable()) {
      block.writerIndex(random.nextInt(block.writerIndex()));
    }
    return block;
  }

  private static String outcome(Http2HeadersDecoder decoder, ByteBuf block) {
    try {
      List<String> fields = new ArrayList<>();
      decoder
          .decodeHeaders(3, block)
          .forEach(each -> fields.add(each.getKey() + "=" + each.getValue().toString().strip()));
      return "headers " + fields;
    } catch (Http2Exception.HeaderListSizeException e) {
      return e.error() + " list";
    } catch (Http2Exception.StreamException e) {
      return e.error() + " stream";
    } catch (Http2Exception e) {
      return e.getCause() instanceof IllegalFormatException ? FORMAT_FAULT : e.error().name();
    }
  }

  private static Http2HeadersDecoder nettys() {
    return new DefaultHttp2HeadersDecoder(true, HEADER_LIST_BYTES) {
      @Override
      protected Http2Headers newHeaders() {
        return new ReceivedHeaders(true, true, numberOfHeadersGuess());
      }
    };
  }

  private static HpackHeadersDecoder decoder() {
    return new HpackHeadersDecoder(HEADER_LIST_BYTES, GO_AWAY_BYTES) {
      @Override
      protected ReceivedHeaders newHeaders(int sizeHint) {
        return new ReceivedHeaders(false, false, sizeHint);
      }
    };
  }

  /** Headers of which most are well-formed requests, and some are anything. */
  private static Http2Headers headers(Random random) {
    Http2Headers headers = new DefaultHttp2Headers(false);
    boolean wellFormed = random.nextInt(3) > 0;
    int fields = random.nextInt(wellFormed ? 9 : 14);
    if (wellFormed) {
      headers.method("POST").path("/p.S/M" + random.nextInt(9)).scheme("http").authority("a");
    }
    for (int i = 0; i < fields; i++) {
      boolean usual = wellFormed && random.nextInt(60) > 0;
      headers.add(
          usual ? "x-" + random.nextInt(30) : NAMES.get(random.nextInt(NAMES.size())),
          usual ? "v" + random.nextInt(5) : VALUES.get(random.nextInt(VALUES.size())));
    }
    return headers;
  }
}
