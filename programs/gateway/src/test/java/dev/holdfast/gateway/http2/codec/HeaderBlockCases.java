package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.CONTINUATION;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.HAS_PRIORITY;
import static dev.holdfast.gateway.http2.codec.CaseFrames.HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.PADDED;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.bytes;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.goAway;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.padded;
import static dev.holdfast.gateway.http2.codec.CaseFrames.ping;
import static dev.holdfast.gateway.http2.codec.CaseFrames.priority;
import static dev.holdfast.gateway.http2.codec.CaseFrames.push;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static dev.holdfast.gateway.http2.codec.CaseFrames.windowUpdate;
import static dev.holdfast.gateway.http2.codec.CaseFrames.word;
import static dev.holdfast.gateway.http2.codec.CaseState.HALF_CLOSED_REMOTE;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_HERE;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of HEADERS, CONTINUATION and the state of their compression (4.3, 6.2 and 6.10). */
final class HeaderBlockCases {
  private static final byte[] TRAILERS = block("x-last", "1");
  private static final byte[] FIRST_HALF = {0, 6, 'x', '-', 'l'};
  private static final byte[] SECOND_HALF = {'a', 's', 't', 1, '1'};
  private static final String SEEN_TRAILERS = "seen HEADERS # x-last=1 end";
  private static final String REQUEST = " :method=POST :scheme=http :path=/ :authority=a";

  /** A literal that is added to the dynamic table, and its index there. */
  private static final byte[] ADDED = {0x40, 3, 'x', '-', 'a', 1, 'b'};

  private static final byte[] LAST_ADDED = {(byte) 0xbe};

  private HeaderBlockCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    compression(table);
    headersFrames(table);
    continuations(table);
    misplacedContinuations(table);
    between(table);
    return table.cases();
  }

  private static void compression(Table table) {
    String broken = closes("COMPRESSION_ERROR");
    table
        .section("4.3")
        .both(
            "a block that is no HPACK",
            OPEN,
            id -> headers(id, END_STREAM, bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)),
            broken)
        .both("a block that is cut off", OPEN, id -> headers(id, END_STREAM, FIRST_HALF), broken)
        .server(
            "a request that is refused changes the table",
            IDLE,
            id ->
                join(
                    headers(id, NONE, join(block("A", "b"), ADDED)),
                    headers(id + 2, NONE, join(request(), LAST_ADDED))),
            all(resets("PROTOCOL_ERROR"), "seen HEADERS 5" + REQUEST + " x-a=b"))
        .server(
            "a request beyond the allowed ones changes the table",
            OPEN,
            id ->
                join(
                    headers(id + 2, NONE, request()),
                    headers(id + 4, NONE, join(request(), ADDED)),
                    reset(id, 8),
                    headers(id + 6, NONE, join(request(), LAST_ADDED))),
            all(
                "seen HEADERS 5" + REQUEST,
                "sent RST_STREAM 7 REFUSED_STREAM",
                "seen RST_STREAM # CANCEL",
                "seen HEADERS 9" + REQUEST + " x-a=b"))
        .server(
            "trailers of a stream that was reset change the table",
            RESET_HERE,
            id ->
                join(
                    headers(id, END_STREAM, ADDED),
                    headers(id + 2, NONE, join(request(), LAST_ADDED))),
            "seen HEADERS 5" + REQUEST + " x-a=b")
        .client(
            "a response to a stream that was reset changes the table",
            RESET_HERE,
            id ->
                join(
                    headers(id, END_STREAM, ADDED),
                    headers(id + 2, NONE, join(response(), LAST_ADDED))),
            "seen HEADERS 5 :status=200 x-a=b")
        .client(
            "trailers that are refused change the table",
            HALF_CLOSED_REMOTE,
            id -> join(headers(id, END_STREAM, ADDED), headers(id, END_STREAM, LAST_ADDED)),
            resets("STREAM_CLOSED"))
        .server(
            "trailers that are refused change the table",
            HALF_CLOSED_REMOTE,
            id -> join(headers(id, END_STREAM, ADDED), headers(id, END_STREAM, LAST_ADDED)),
            all(resets("STREAM_CLOSED"), closes("STREAM_CLOSED")));
  }

  private static void headersFrames(Table table) {
    byte[] priority = join(word(0), bytes(15));
    table
        .section("6.2")
        .both("on stream 0", OPEN, id -> headers(0, END_STREAM, TRAILERS), protocolError())
        .both("padding", OPEN, id -> with(0, id, padding(9, TRAILERS, 9)), SEEN_TRAILERS)
        .both(
            "padding of no bytes", OPEN, id -> with(0, id, padding(0, TRAILERS, 0)), SEEN_TRAILERS)
        .both(
            "padding and a priority",
            OPEN,
            id -> with(HAS_PRIORITY, id, padding(9, join(priority, TRAILERS), 9)),
            SEEN_TRAILERS)
        .both(
            "a priority",
            OPEN,
            id -> headers(id, END_STREAM | HAS_PRIORITY, join(priority, TRAILERS)),
            SEEN_TRAILERS)
        .both(
            "undefined flags", OPEN, id -> headers(id, END_STREAM | 0xd2, TRAILERS), SEEN_TRAILERS)
        .both(
            "padding as long as the block",
            OPEN,
            id -> with(0, id, bytes(3, 0, 0)),
            protocolError())
        .both(
            "padding longer than the block", OPEN, id -> with(0, id, bytes(9, 0)), protocolError())
        .both(
            "padding that reaches into the priority",
            OPEN,
            id -> with(HAS_PRIORITY, id, join(bytes(3), priority)),
            protocolError())
        .both(
            "a padded frame without a length of it",
            OPEN,
            id -> with(0, id, new byte[0]),
            closes("FRAME_SIZE_ERROR"))
        .both(
            "half a priority",
            OPEN,
            id -> headers(id, END_STREAM | HAS_PRIORITY, new byte[4]),
            closes("FRAME_SIZE_ERROR"))
        .both(
            "an empty block",
            OPEN,
            id -> headers(id, END_STREAM, new byte[0]),
            "seen HEADERS # end");
  }

  private static byte[] with(int flags, int id, byte[] padded) {
    return headers(id, END_STREAM | PADDED | flags, padded);
  }

  private static byte[] padding(int said, byte[] payload, int there) {
    return join(bytes(said), payload, new byte[there]);
  }

  private static void continuations(Table table) {
    table
        .section("6.10")
        .both(
            "one",
            OPEN,
            id -> join(begun(id), continued(END_HEADERS, id, SECOND_HALF)),
            SEEN_TRAILERS)
        .both(
            "three, some of them empty",
            OPEN,
            id ->
                join(
                    begun(id),
                    continued(NONE, id, new byte[0]),
                    continued(NONE, id, SECOND_HALF),
                    continued(END_HEADERS, id, new byte[0])),
            SEEN_TRAILERS)
        .both(
            "behind an empty HEADERS",
            OPEN,
            id -> join(frame(HEADERS, END_STREAM, id), continued(END_HEADERS, id, TRAILERS)),
            SEEN_TRAILERS)
        .both(
            "behind a padded HEADERS",
            OPEN,
            id ->
                join(
                    padded(HEADERS, END_STREAM, id, 5, FIRST_HALF),
                    continued(END_HEADERS, id, SECOND_HALF)),
            SEEN_TRAILERS)
        .both(
            "with flags of other frames",
            OPEN,
            id -> join(begun(id), continued(END_HEADERS | 0xfb, id, SECOND_HALF)),
            SEEN_TRAILERS);
  }

  private static void misplacedContinuations(Table table) {
    table
        .section("6.10")
        .both(
            "on stream 0",
            OPEN,
            id -> join(begun(id), continued(END_HEADERS, 0, SECOND_HALF)),
            protocolError())
        .both(
            "of another stream",
            OPEN,
            id -> join(begun(id), continued(END_HEADERS, id + 2, SECOND_HALF)),
            protocolError())
        .both(
            "behind a whole HEADERS",
            OPEN,
            id ->
                join(
                    headers(id, NONE | END_STREAM, TRAILERS), continued(END_HEADERS, id, TRAILERS)),
            all(SEEN_TRAILERS, protocolError()))
        .both(
            "behind the last CONTINUATION",
            OPEN,
            id ->
                join(
                    begun(id),
                    continued(END_HEADERS, id, SECOND_HALF),
                    continued(END_HEADERS, id, TRAILERS)),
            all(SEEN_TRAILERS, protocolError()))
        .both(
            "behind DATA",
            OPEN,
            id -> join(data(id, NONE, "a"), continued(END_HEADERS, id, TRAILERS)),
            all("seen DATA # a", protocolError()))
        .section("10.5.1")
        .both("a flood of them", OPEN, HeaderBlockCases::flood, closes("ENHANCE_YOUR_CALM"));
  }

  private static byte[] flood(int id) {
    byte[] flood = begun(id);
    for (int i = 0; i <= Http2Codec.MAX_SMALL_CONTINUATIONS; i++) {
      flood = join(flood, continued(NONE, id, new byte[0]));
    }
    return flood;
  }

  private static byte[] begun(int id) {
    return frame(HEADERS, END_STREAM, id, FIRST_HALF);
  }

  private static byte[] continued(int flags, int id, byte[] part) {
    return frame(CONTINUATION, flags, id, part);
  }

  /** No frame but CONTINUATION may come within a header block. */
  private static void between(Table table) {
    table
        .section("6.10")
        .both(
            "DATA within a block",
            OPEN,
            id -> join(begun(id), data(id, NONE, "a")),
            protocolError())
        .both(
            "an empty DATA within a block",
            OPEN,
            id -> join(begun(id), data(id, END_STREAM, "")),
            protocolError())
        .both(
            "HEADERS within a block",
            OPEN,
            id -> join(begun(id), headers(id, END_STREAM, TRAILERS)),
            protocolError())
        .server(
            "another's HEADERS within a block",
            OPEN,
            id -> join(begun(id), headers(id + 2, NONE, request())),
            protocolError())
        .both(
            "PRIORITY within a block",
            OPEN,
            id -> join(begun(id), priority(id, 0)),
            protocolError())
        .both(
            "RST_STREAM within a block", OPEN, id -> join(begun(id), reset(id, 8)), protocolError())
        .both("SETTINGS within a block", OPEN, id -> join(begun(id), settings()), protocolError())
        .both("PING within a block", OPEN, id -> join(begun(id), ping(1)), protocolError())
        .both("GOAWAY within a block", OPEN, id -> join(begun(id), goAway(0, 0)), protocolError())
        .both(
            "WINDOW_UPDATE within a block",
            OPEN,
            id -> join(begun(id), windowUpdate(0, 1)),
            protocolError())
        .both(
            "PUSH_PROMISE within a block",
            OPEN,
            id -> join(begun(id), push(id, 2, request())),
            protocolError());
  }

  private static String protocolError() {
    return closes("PROTOCOL_ERROR");
  }
}
