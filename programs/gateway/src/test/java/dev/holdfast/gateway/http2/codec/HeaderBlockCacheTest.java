package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.gateway.headers.ClientIdentity;
import dev.holdfast.gateway.headers.HeaderNames;
import dev.holdfast.gateway.headers.ReceivedHeaders;
import dev.holdfast.gateway.headers.RequestHeaderRewrite;
import dev.holdfast.gateway.tls.ForwardedClientCert;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import io.netty.util.AsciiString;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Headers that came before are known again, and never taken for others. */
class HeaderBlockCacheTest {
  private static final int HEADER_LIST_BYTES = 16_384;
  private static final ClientIdentity CLIENT =
      new ClientIdentity(
          AsciiString.of("192.0.2.7"),
          new ForwardedClientCert(AsciiString.of("Hash=1"), false),
          false);

  @Test
  void whatIsDecodedIsWhatNettyDecodesWhateverCameBefore() throws Http2Exception {
    int known = 0;
    for (long seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      // Some put everything into the table, some hardly anything.
      double secret = random.nextDouble();
      DefaultHttp2HeadersEncoder peer =
          new DefaultHttp2HeadersEncoder((name, value) -> secret(name, value, secret));
      CachingHeadersDecoder ours = new CachingHeadersDecoder(HEADER_LIST_BYTES, 4);
      DefaultHttp2HeadersDecoder theirs = new DefaultHttp2HeadersDecoder(true, HEADER_LIST_BYTES);
      List<Http2Headers> before = new ArrayList<>();
      for (int call = 1; call < 200; call++) {
        if (random.nextInt(40) == 0) {
          peer.maxHeaderTableSize(random.nextInt(5) * 100L);
        }
        ByteBuf block = encode(peer, some(random, 6));
        Http2Headers right = theirs.decodeHeaders(call, block.duplicate());
        Http2Headers got = ours.decodeHeaders(call, block);
        assertThat(got).as("seed %d, call %d", seed, call).isEqualTo(right);
        assertThat(block.isReadable()).as("all of the block was read").isFalse();
        known += before.stream().anyMatch(each -> each == got) ? 1 : 0;
        before.add(got);
      }
    }
    assertThat(known).as("headers that were known again").isGreaterThan(200);
  }

  @Test
  void onlyConnectionsOfEqualClientsShareWhatTheyRemember() throws Http2Exception {
    ClientIdentity other = new ClientIdentity(AsciiString.of("192.0.2.8"), CLIENT.proof(), false);
    ClientIdentity equal = new ClientIdentity(AsciiString.of("192.0.2.7"), CLIENT.proof(), false);
    Http2Headers first = requestOf(CLIENT);
    assertThat(requestOf(equal)).isSameAs(first);
    Http2Headers foreign = requestOf(other);
    assertThat(foreign).isNotSameAs(first).isEqualTo(first);
    assertThat(ReceivedHeaders.forwarded(first, CLIENT, true).get(HeaderNames.X_FORWARDED_FOR))
        .hasToString("192.0.2.7");
    assertThat(ReceivedHeaders.forwarded(foreign, other, true).get(HeaderNames.X_FORWARDED_FOR))
        .hasToString("192.0.2.8");
  }

  @Test
  void blocksThatMeanOtherHeadersOnAnotherConnectionAreNotShared() throws Http2Exception {
    // Both name the first entry of the table; it is not the same.
    assertThat(tabled("one", "again")).isNotEqualTo(tabled("two", "again"));
  }

  /** The second request of a connection whose first one has put a value into the table. */
  private static Http2Headers tabled(String value, String owner) throws Http2Exception {
    CachingHeadersDecoder decoder = new CachingHeadersDecoder(HEADER_LIST_BYTES, 4);
    decoder.owner(owner);
    DefaultHttp2HeadersEncoder peer = new DefaultHttp2HeadersEncoder();
    Http2Headers headers = new DefaultHttp2Headers().method("POST").add("x", value);
    decoder.decodeHeaders(1, encode(peer, headers));
    Http2Headers second = decoder.decodeHeaders(3, encode(peer, headers));
    assertThat(decoder.decodeHeaders(5, encode(peer, headers))).isSameAs(second);
    return second;
  }

  /** A request that is remembered, over a connection of its own. */
  private static Http2Headers requestOf(ClientIdentity clientIdentity) throws Http2Exception {
    CachingHeadersDecoder decoder = new CachingHeadersDecoder(HEADER_LIST_BYTES, 4);
    decoder.owner(clientIdentity);
    DefaultHttp2HeadersEncoder peer = new DefaultHttp2HeadersEncoder((name, value) -> true);
    Http2Headers headers =
        new DefaultHttp2Headers().method("POST").scheme("http").path("/a.B/C").authority("a");
    return decoder.decodeHeaders(1, encode(peer, headers));
  }

  @Test
  void whatIsEncodedIsReadAsWhatWasMeantWhateverCameBefore() throws Http2Exception {
    int copied = 0;
    for (long seed = 0; seed < 50; seed++) {
      Random random = new Random(seed);
      CachingHeadersEncoder ours = new CachingHeadersEncoder(seed % 2 == 0);
      DefaultHttp2HeadersDecoder peer = new DefaultHttp2HeadersDecoder(true, HEADER_LIST_BYTES);
      List<Http2Headers> remembered = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        remembered.add(head(some(random, 12)));
      }
      for (int call = 1; call < 200; call++) {
        if (random.nextInt(40) == 0) {
          ours.maxHeaderTableSize(random.nextInt(5) * 100L);
        }
        Http2Headers meant =
            random.nextInt(4) == 0 ? some(random, 12) : remembered.get(random.nextInt(12));
        ByteBuf block = encode(ours, meant);
        copied += HeaderBlock.keepsDynamicTable(block, 0, block.writerIndex()) ? 1 : 0;
        assertThat(peer.decodeHeaders(call, block))
            .as("seed %d, call %d", seed, call)
            .isEqualTo(meant);
      }
    }
    assertThat(copied).as("blocks that may be copied").isGreaterThan(200);
  }

  @Test
  void oneRequestIsRightForEveryUpstream() throws Http2Exception {
    Random random = new Random(1);
    List<CachingHeadersEncoder> encoders = new ArrayList<>();
    List<DefaultHttp2HeadersDecoder> peers = new ArrayList<>();
    for (int i = 0; i < ReceivedHeaders.ENCODED_FORMS + 4; i++) {
      encoders.add(new CachingHeadersEncoder(false));
      peers.add(new DefaultHttp2HeadersDecoder(true, HEADER_LIST_BYTES));
    }
    List<ReceivedHeaders> requests = List.of(head(some(random, 12)), head(some(random, 12)));
    for (int call = 0; call < 2_000; call++) {
      int to = random.nextInt(encoders.size());
      Http2Headers meant = requests.get(random.nextInt(2));
      ByteBuf block = encode(encoders.get(to), meant);
      assertThat(peers.get(to).decodeHeaders(1, block)).as("call %d", call).isEqualTo(meant);
    }
  }

  @Test
  void equalBytesAreOtherHeadersOnceTheTableHasChanged() throws Http2Exception {
    CachingHeadersDecoder decoder = new CachingHeadersDecoder(HEADER_LIST_BYTES, 4);
    byte[] newest = {(byte) 0xbe};
    decoder.decodeHeaders(1, added("first"));
    Http2Headers first = decoder.decodeHeaders(3, Unpooled.wrappedBuffer(newest));
    assertThat(decoder.decodeHeaders(5, Unpooled.wrappedBuffer(newest))).isSameAs(first);
    decoder.decodeHeaders(7, added("other"));
    assertThat(decoder.decodeHeaders(9, Unpooled.wrappedBuffer(newest)).get("a"))
        .hasToString("other");
  }

  @Test
  void whatTheGatewayAddsIsNotSeenByTheNextRequestsRoute() {
    Http2Headers request = head(new DefaultHttp2Headers().scheme("http").path("/p.S/M"));
    Http2Headers sent = ReceivedHeaders.forwarded(request, CLIENT, true);
    assertThat(request.contains(HeaderNames.X_FORWARDED_FOR)).isFalse();
    assertThat(sent.get(HeaderNames.X_FORWARDED_FOR)).isEqualTo(CLIENT.address());
    assertThat(sent.get(HeaderNames.X_FORWARDED_CLIENT_CERT)).isEqualTo(CLIENT.proof().element());
    assertThat(HeaderNames.NEVER_INDEXED.isSensitive(HeaderNames.X_FORWARDED_CLIENT_CERT, ""))
        .isTrue();
    assertThat(ReceivedHeaders.forwarded(request, CLIENT, true)).isSameAs(sent);
    Http2Headers second = RequestHeaderRewrite.withTimeout(sent, 5_000_000_000L, 2_000_000_000L);
    assertThat(second.get(HeaderNames.GRPC_TIMEOUT)).isNotNull();
    assertThat(sent.contains(HeaderNames.GRPC_TIMEOUT)).isFalse();
  }

  /** Enough lists that some come again, few enough values that tables overflow. */
  private static Http2Headers some(Random random, int kinds) {
    Random kind = new Random(random.nextInt(kinds));
    Http2Headers headers = new DefaultHttp2Headers().method("POST").path("/p.S/M" + kind.nextInt());
    for (int i = kind.nextInt(5); i >= 0; i--) {
      headers.add("name-" + kind.nextInt(4), "value " + kind.nextInt(1_000_000));
    }
    return random.nextInt(8) == 0 ? headers.add("once", "v" + random.nextLong()) : headers;
  }

  private static boolean secret(CharSequence name, CharSequence value, double share) {
    return (name.hashCode() + value.hashCode() & 0xff) < share * 256;
  }

  private static ReceivedHeaders head(Http2Headers headers) {
    ReceivedHeaders receivedHeaders = new ReceivedHeaders(true, true, 8);
    receivedHeaders.add(headers);
    receivedHeaders.markCached();
    return receivedHeaders;
  }

  private static ByteBuf encode(Http2HeadersEncoder encoder, Http2Headers headers)
      throws Http2Exception {
    ByteBuf block = Unpooled.buffer();
    encoder.encodeHeaders(1, headers, block);
    return block;
  }

  /** Adds "a" to the table. */
  private static ByteBuf added(String value) {
    ByteBuf block = Unpooled.buffer().writeByte(0x40).writeByte(1).writeByte('a');
    return block.writeByte(value.length()).writeBytes(AsciiString.of(value).toByteArray());
  }
}
