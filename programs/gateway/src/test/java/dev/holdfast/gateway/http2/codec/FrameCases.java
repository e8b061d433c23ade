package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.DATA;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.GOAWAY;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.PADDED;
import static dev.holdfast.gateway.http2.codec.CaseFrames.PRIORITY;
import static dev.holdfast.gateway.http2.codec.CaseFrames.PUSH_PROMISE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.RST_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.bytes;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.goAway;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.padded;
import static dev.holdfast.gateway.http2.codec.CaseFrames.priority;
import static dev.holdfast.gateway.http2.codec.CaseFrames.push;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.text;
import static dev.holdfast.gateway.http2.codec.CaseFrames.word;
import static dev.holdfast.gateway.http2.codec.CaseState.ENDED;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_HERE;
import static dev.holdfast.gateway.http2.codec.CodecCase.SILENCE;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of DATA, PRIORITY, RST_STREAM, PUSH_PROMISE and GOAWAY (RFC 9113, 6 and 8.4). */
final class FrameCases {
  private FrameCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    dataFrames(table);
    padding(table);
    priorities(table);
    resetFrames(table);
    promises(table);
    goAways(table);
    return table.cases();
  }

  private static void dataFrames(Table table) {
    table
        .section("6.1")
        .both("DATA on stream 0", OPEN, id -> data(0, NONE, "a"), protocolError())
        .both("DATA", OPEN, id -> data(id, NONE, "abc"), "seen DATA # abc")
        .both(
            "two frames of DATA",
            OPEN,
            id -> join(data(id, NONE, "ab"), data(id, END_STREAM, "c")),
            "seen DATA # abc end")
        .both("an empty last DATA", OPEN, id -> data(id, END_STREAM, ""), "seen DATA #  end")
        .both(
            "DATA behind the last",
            OPEN,
            id -> join(data(id, END_STREAM, "a"), data(id, NONE, "b")),
            all("seen DATA # a end", resets("STREAM_CLOSED")));
  }

  private static void padding(Table table) {
    table
        .both("padding", OPEN, id -> padded(DATA, NONE, id, 9, text("abc")), "seen DATA # abc")
        .both(
            "padding of the last DATA",
            OPEN,
            id -> padded(DATA, END_STREAM, id, 9, text("abc")),
            "seen DATA # abc end")
        .both(
            "padding of no bytes",
            OPEN,
            id -> padded(DATA, NONE, id, 0, text("a")),
            "seen DATA # a")
        .both(
            "nothing but padding",
            OPEN,
            id -> padded(DATA, NONE, id, 255, text("")),
            "seen DATA # ")
        .both(
            "nothing but its length",
            OPEN,
            id -> padded(DATA, NONE, id, 0, text("")),
            "seen DATA # ")
        // An endpoint may, but need not, look at the bytes of the padding.
        .both(
            "padding that is not zero",
            OPEN,
            id -> frame(DATA, PADDED, id, bytes(2, 'a', 7, 7)),
            "seen DATA # a")
        .both(
            "padding as long as the payload",
            OPEN,
            id -> frame(DATA, PADDED, id, bytes(3, 0, 0)),
            protocolError())
        .both(
            "padding longer than the payload",
            OPEN,
            id -> frame(DATA, PADDED, id, bytes(200, 0)),
            protocolError())
        .both(
            "a padded frame without a length of it",
            OPEN,
            id -> frame(DATA, PADDED, id),
            resets("FRAME_SIZE_ERROR"));
  }

  private static void priorities(Table table) {
    String size = resets("FRAME_SIZE_ERROR");
    table
        .section("6.3")
        .both("PRIORITY on stream 0", OPEN, id -> priority(0, 1), protocolError())
        .both("PRIORITY of 4 bytes", OPEN, id -> frame(PRIORITY, NONE, id, word(0)), size)
        .both("PRIORITY of 6 bytes", OPEN, id -> frame(PRIORITY, NONE, id, new byte[6]), size)
        .both("PRIORITY, exclusive", OPEN, id -> priority(id, Integer.MIN_VALUE), SILENCE);
  }

  private static void resetFrames(Table table) {
    table
        .section("6.4")
        .both("RST_STREAM on stream 0", OPEN, id -> reset(0, 8), protocolError())
        .both(
            "RST_STREAM of 3 bytes",
            OPEN,
            id -> frame(RST_STREAM, NONE, id, new byte[3]),
            sizeError())
        .both(
            "RST_STREAM of 5 bytes",
            OPEN,
            id -> frame(RST_STREAM, NONE, id, new byte[5]),
            sizeError())
        .both("RST_STREAM", OPEN, id -> reset(id, 0), "seen RST_STREAM # NO_ERROR");
  }

  /** Push is switched off by a client's SETTINGS, and no client may push. */
  private static void promises(Table table) {
    table
        .section("8.4")
        .both("a promise", OPEN, id -> push(id, 2, request()), protocolError())
        .section("6.6")
        .both("a promise on stream 0", OPEN, id -> push(0, 2, request()), protocolError())
        .both("a promise of an odd number", OPEN, id -> push(id, 5, request()), protocolError())
        .both("a promise on an idle stream", IDLE, id -> push(id, 2, request()), protocolError())
        .both("a promise on an ended stream", ENDED, id -> push(id, 2, request()), protocolError())
        .both(
            "a promise on a stream that was reset here",
            RESET_HERE,
            id -> push(id, 2, request()),
            protocolError())
        .both(
            "a promise without a number",
            OPEN,
            id -> frame(PUSH_PROMISE, END_HEADERS, id, new byte[3]),
            protocolError());
  }

  private static void goAways(Table table) {
    table
        .section("6.8")
        .both("GOAWAY", OPEN, id -> goAway(id, 0), "seen GOAWAY NO_ERROR after #")
        .both(
            "GOAWAY with words",
            OPEN,
            id -> frame(GOAWAY, NONE, 0, word(id), word(2), text("why")),
            "seen GOAWAY INTERNAL_ERROR after #")
        .both(
            "GOAWAY with the reserved bit",
            OPEN,
            id -> goAway(Integer.MIN_VALUE | id, 0),
            "seen GOAWAY NO_ERROR after #")
        .both(
            "GOAWAY on a stream", OPEN, id -> frame(GOAWAY, NONE, id, new byte[8]), protocolError())
        .both("GOAWAY of 7 bytes", OPEN, id -> frame(GOAWAY, NONE, 0, new byte[7]), sizeError())
        .both(
            "a second GOAWAY with a lower number",
            OPEN,
            id -> join(goAway(Integer.MAX_VALUE, 0), goAway(id, 0)),
            all("seen GOAWAY NO_ERROR after 2147483647", "seen GOAWAY NO_ERROR after #"))
        .both(
            "a second GOAWAY with a higher number",
            OPEN,
            id -> join(goAway(0, 0), goAway(2, 0)),
            all("seen GOAWAY NO_ERROR after 0", "seen GOAWAY NO_ERROR after 2", protocolError()))
        .client(
            "DATA of a stream that GOAWAY spares",
            OPEN,
            id -> join(goAway(id, 0), data(id, END_STREAM, "a")),
            all("seen GOAWAY NO_ERROR after #", "seen DATA # a end"))
        .client(
            "DATA of a stream that GOAWAY refuses",
            OPEN,
            id -> join(goAway(1, 0), data(id, END_STREAM, "a")),
            "seen GOAWAY NO_ERROR after 1")
        .server(
            "a request after the client's GOAWAY",
            OPEN,
            id -> join(goAway(0, 0), headers(id + 2, END_STREAM, request())),
            all(
                "seen GOAWAY NO_ERROR after 0",
                "seen HEADERS 5 :method=POST :scheme=http :path=/ :authority=a end"));
  }

  private static String protocolError() {
    return closes("PROTOCOL_ERROR");
  }

  private static String sizeError() {
    return closes("FRAME_SIZE_ERROR");
  }
}
