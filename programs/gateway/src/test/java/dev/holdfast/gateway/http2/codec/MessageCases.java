package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.DATA;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.padded;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.text;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.REQUESTED;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of how a message is made of frames, and of its content-length (RFC 9113, 8.1). */
final class MessageCases {
  private static final byte[] TRAILERS = block("x-last", "1");
  private static final String REQUEST =
      "seen HEADERS # :method=POST :scheme=http :path=/ :authority=a";
  private static final String RESPONSE = "seen HEADERS # :status=200";
  private static final String LENGTH = "content-length";

  private MessageCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    framing(table);
    responses(table);
    requestLengths(table);
    wrongRequestLengths(table);
    responseLengths(table);
    lengthSyntax(table);
    return table.cases();
  }

  private static void framing(Table table) {
    table
        .section("8.1")
        .server(
            "a whole request",
            IDLE,
            id ->
                join(
                    headers(id, NONE, request()),
                    data(id, NONE, "a"),
                    headers(id, END_STREAM, TRAILERS)),
            all(REQUEST, "seen DATA # a", "seen HEADERS # x-last=1 end"))
        .server(
            "a request of headers",
            IDLE,
            id -> headers(id, END_STREAM, request()),
            REQUEST + " end")
        .both("trailers that end nothing", OPEN, id -> headers(id, NONE, TRAILERS), malformed())
        .server("a second request", OPEN, id -> headers(id, END_STREAM, request()), malformed())
        .client("a second response", OPEN, id -> headers(id, END_STREAM, response()), malformed())
        .both(
            "trailers behind trailers",
            OPEN,
            id -> join(headers(id, END_STREAM, TRAILERS), headers(id, END_STREAM, TRAILERS)),
            all("seen HEADERS # x-last=1 end", resets("STREAM_CLOSED")))
        .server(
            "a request and its reset",
            IDLE,
            id -> join(headers(id, NONE, request()), reset(id, 8)),
            all(REQUEST, "seen RST_STREAM # CANCEL"));
  }

  private static void responses(Table table) {
    byte[] informational = block(":status", "100");
    table
        .section("8.1")
        .client("a response", REQUESTED, id -> headers(id, NONE, response()), RESPONSE)
        .client(
            "a response of headers",
            REQUESTED,
            id -> headers(id, END_STREAM, response()),
            RESPONSE + " end")
        .client(
            "an informational response",
            REQUESTED,
            id ->
                join(
                    headers(id, NONE, informational),
                    headers(id, NONE, block(":status", "103")),
                    headers(id, NONE, response())),
            all("seen HEADERS # :status=100", "seen HEADERS # :status=103", RESPONSE))
        .client(
            "an informational response that ends the stream",
            REQUESTED,
            id -> headers(id, END_STREAM, informational),
            "seen #: malformed response end")
        .client(
            "an informational response behind the final one",
            OPEN,
            id -> headers(id, NONE, informational),
            malformed())
        // The codec passes DATA on; a call takes none before it has seen a response.
        .client("DATA before the response", REQUESTED, id -> data(id, NONE, "a"), "seen DATA # a")
        .client(
            "DATA behind an informational response",
            REQUESTED,
            id -> join(headers(id, NONE, informational), data(id, NONE, "a")),
            all("seen HEADERS # :status=100", "seen DATA # a"))
        .client(
            "trailers before the response",
            REQUESTED,
            id -> headers(id, END_STREAM, TRAILERS),
            malformed())
        .section("8.6")
        .client(
            "101 (Switching Protocols)",
            REQUESTED,
            id -> headers(id, NONE, block(":status", "101")),
            "seen #: malformed response");
  }

  private static byte[] requestOf(int id, int flags, String length) {
    return headers(id, flags, request(LENGTH, length));
  }

  private static void requestLengths(Table table) {
    String head = REQUEST + " content-length=3";
    table
        .section("8.1.1")
        .server(
            "as many bytes",
            IDLE,
            id -> join(requestOf(id, NONE, "3"), data(id, END_STREAM, "abc")),
            all(head, "seen DATA # abc end"))
        .server(
            "as many in several frames",
            IDLE,
            id ->
                join(
                    requestOf(id, NONE, "3"),
                    data(id, NONE, "ab"),
                    data(id, NONE, "c"),
                    data(id, END_STREAM, "")),
            all(head, "seen DATA # abc end"))
        .server(
            "as many, and trailers",
            IDLE,
            id ->
                join(
                    requestOf(id, NONE, "3"),
                    data(id, NONE, "abc"),
                    headers(id, END_STREAM, TRAILERS)),
            all(head, "seen DATA # abc", "seen HEADERS # x-last=1 end"))
        .server(
            "as many with padding",
            IDLE,
            id -> join(requestOf(id, NONE, "3"), padded(DATA, END_STREAM, id, 7, text("abc"))),
            all(head, "seen DATA # abc end"));
  }

  private static void wrongRequestLengths(Table table) {
    String head = REQUEST + " content-length=3";
    table
        .section("8.1.1")
        .server(
            "fewer",
            IDLE,
            id -> join(requestOf(id, NONE, "3"), data(id, END_STREAM, "ab")),
            all(head, malformed()))
        .server(
            "fewer, and trailers",
            IDLE,
            id ->
                join(
                    requestOf(id, NONE, "3"),
                    data(id, NONE, "ab"),
                    headers(id, END_STREAM, TRAILERS)),
            all(head, "seen DATA # ab", malformed()))
        .server(
            "more",
            IDLE,
            id -> join(requestOf(id, NONE, "3"), data(id, NONE, "abcd")),
            all(head, malformed()))
        .server(
            "more in a second frame",
            IDLE,
            id ->
                join(
                    requestOf(id, NONE, "3"),
                    padded(DATA, NONE, id, 0, text("abc")),
                    padded(DATA, NONE, id, 0, text("d"))),
            all(head, "seen DATA # abc", malformed()))
        .server("none", IDLE, id -> requestOf(id, END_STREAM, "3"), malformed())
        .server(
            "none, by an empty DATA",
            IDLE,
            id -> join(requestOf(id, NONE, "3"), data(id, END_STREAM, "")),
            all(head, malformed()))
        .server(
            "0 of 0", IDLE, id -> requestOf(id, END_STREAM, "0"), REQUEST + " content-length=0 end")
        .server(
            "1 of 0",
            IDLE,
            id -> join(requestOf(id, NONE, "0"), data(id, NONE, "a")),
            all(REQUEST + " content-length=0", malformed()));
  }

  private static byte[] responseOf(int id, int flags, String status, String length) {
    return headers(id, flags, block(":status", status, LENGTH, length));
  }

  /** A response without content may tell of a length: that of HEAD, or 304 (Not Modified). */
  private static void responseLengths(Table table) {
    String head = RESPONSE + " content-length=3";
    table
        .section("8.1.1")
        .client(
            "as many bytes",
            REQUESTED,
            id -> join(responseOf(id, NONE, "200", "3"), data(id, END_STREAM, "abc")),
            all(head, "seen DATA # abc end"))
        .client(
            "fewer",
            REQUESTED,
            id -> join(responseOf(id, NONE, "200", "3"), data(id, END_STREAM, "a")),
            all(head, malformed()))
        .client(
            "more",
            REQUESTED,
            id -> join(responseOf(id, NONE, "200", "3"), data(id, NONE, "abcd")),
            all(head, malformed()))
        .client(
            "fewer, and trailers",
            REQUESTED,
            id ->
                join(
                    responseOf(id, NONE, "200", "3"),
                    data(id, NONE, "a"),
                    headers(id, END_STREAM, TRAILERS)),
            all(head, "seen DATA # a", malformed()))
        .client(
            "none, as to HEAD",
            REQUESTED,
            id -> responseOf(id, END_STREAM, "200", "3"),
            head + " end")
        .client(
            "none, with 304",
            REQUESTED,
            id -> responseOf(id, END_STREAM, "304", "3"),
            "seen HEADERS # :status=304 content-length=3 end");
  }

  private static void lengthSyntax(Table table) {
    table.section("8.1.1 (RFC 9110, 8.6)");
    for (String wrong : List.of("x", "", "-1", "+1", "1 2", "0x1", "1,2", "99999999999999999999")) {
      table
          .server(
              "a length of '" + wrong + "'", IDLE, id -> requestOf(id, NONE, wrong), malformed())
          .client(
              "a length of '" + wrong + "'",
              REQUESTED,
              id -> responseOf(id, NONE, "200", wrong),
              malformed());
    }
    table
        .server(
            "two lengths",
            IDLE,
            id -> headers(id, NONE, request(LENGTH, "3", LENGTH, "4")),
            malformed())
        .client(
            "two lengths",
            REQUESTED,
            id -> headers(id, NONE, response(LENGTH, "3", LENGTH, "4")),
            malformed())
        .server(
            "a length with zeros before it",
            IDLE,
            id -> join(requestOf(id, NONE, "003"), data(id, END_STREAM, "abc")),
            all(REQUEST + " content-length=3", "seen DATA # abc end"));
  }

  /** The events of a malformed message: a stream error (8.1.1). */
  private static String malformed() {
    return resets("PROTOCOL_ERROR");
  }
}
