package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.CONTINUATION;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.HAS_PRIORITY;
import static dev.holdfast.gateway.http2.codec.CaseFrames.HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.bytes;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.priority;
import static dev.holdfast.gateway.http2.codec.CaseFrames.push;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.windowUpdate;
import static dev.holdfast.gateway.http2.codec.CaseFrames.word;
import static dev.holdfast.gateway.http2.codec.CaseState.ENDED;
import static dev.holdfast.gateway.http2.codec.CaseState.HALF_CLOSED_LOCAL;
import static dev.holdfast.gateway.http2.codec.CaseState.HALF_CLOSED_REMOTE;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_BY_PEER;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_HERE;
import static dev.holdfast.gateway.http2.codec.CodecCase.SILENCE;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of each frame in each state of a stream, of its number and of their count (5.1). */
final class StreamStateCases {
  private static final byte[] TRAILERS = block("x-last", "1");
  private static final String REQUEST = " :method=POST :scheme=http :path=/ :authority=a";

  private StreamStateCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    idle(table);
    open(table);
    halfClosedRemote(table);
    closed(table);
    numbers(table);
    concurrency(table);
    priorities(table);
    return table.cases();
  }

  private static void idle(Table table) {
    String broken = closes("PROTOCOL_ERROR");
    table
        .section("5.1, idle")
        .server("HEADERS", IDLE, id -> headers(id, NONE, request()), "seen HEADERS #" + REQUEST)
        .client("HEADERS", IDLE, id -> headers(id, NONE, response()), broken)
        .both("DATA", IDLE, id -> data(id, NONE, "a"), broken)
        .both("RST_STREAM", IDLE, id -> reset(id, 8), broken)
        .both("WINDOW_UPDATE", IDLE, id -> windowUpdate(id, 1), broken)
        .both("CONTINUATION", IDLE, id -> frame(CONTINUATION, END_HEADERS, id, TRAILERS), broken)
        .both("PUSH_PROMISE", IDLE, id -> push(id, 2, request()), broken)
        .both("PRIORITY", IDLE, id -> priority(id, 0), SILENCE)
        .both("DATA on an even number", IDLE, id -> data(2, NONE, "a"), broken)
        .both("RST_STREAM on an even number", IDLE, id -> reset(2, 8), broken)
        .both("WINDOW_UPDATE on an even number", IDLE, id -> windowUpdate(2, 1), broken)
        .both("PRIORITY on an even number", IDLE, id -> priority(2, 0), SILENCE);
  }

  /** The peer's half is open. */
  private static void open(Table table) {
    for (CaseState state : List.of(OPEN, HALF_CLOSED_LOCAL)) {
      table
          .section(state == OPEN ? "5.1, open" : "5.1, half-closed (local)")
          .both("DATA", state, id -> data(id, NONE, "a"), "seen DATA # a")
          .both("DATA, the last", state, id -> data(id, END_STREAM, "a"), "seen DATA # a end")
          .both(
              "trailers",
              state,
              id -> headers(id, END_STREAM, TRAILERS),
              "seen HEADERS # x-last=1 end")
          .both("RST_STREAM", state, id -> reset(id, 8), "seen RST_STREAM # CANCEL")
          .both("WINDOW_UPDATE", state, id -> windowUpdate(id, 1), SILENCE)
          .both("PRIORITY", state, id -> priority(id, 0), SILENCE)
          .both(
              "CONTINUATION",
              state,
              id -> frame(CONTINUATION, END_HEADERS, id, TRAILERS),
              closes("PROTOCOL_ERROR"));
    }
  }

  private static void halfClosedRemote(Table table) {
    CaseState state = HALF_CLOSED_REMOTE;
    table
        .section("5.1, half-closed (remote)")
        .both("DATA", state, id -> data(id, NONE, "a"), resets("STREAM_CLOSED"))
        .both("an empty DATA", state, id -> data(id, NONE, ""), resets("STREAM_CLOSED"))
        .both("DATA, the last", state, id -> data(id, END_STREAM, ""), resets("STREAM_CLOSED"))
        .both("trailers", state, id -> headers(id, END_STREAM, TRAILERS), resets("STREAM_CLOSED"))
        .both(
            "CONTINUATION",
            state,
            id -> frame(CONTINUATION, END_HEADERS, id, TRAILERS),
            closes("PROTOCOL_ERROR"))
        .both("RST_STREAM", state, id -> reset(id, 8), "seen RST_STREAM # CANCEL")
        .both("WINDOW_UPDATE", state, id -> windowUpdate(id, 1), SILENCE)
        .both("PRIORITY", state, id -> priority(id, 0), SILENCE);
  }

  /**
   * RFC 9113 allows to drop all frames of closed streams. A server's connection judges the late
   * ones; a client's drops them: what a response's rest is worth, its call has decided already.
   */
  private static void closed(Table table) {
    for (CaseState state : List.of(ENDED, RESET_BY_PEER, RESET_HERE)) {
      String judged =
          switch (state) {
            case ENDED -> closes("STREAM_CLOSED");
            case RESET_BY_PEER -> resets("STREAM_CLOSED");
            default -> SILENCE;
          };
      table
          .section("5.1, closed")
          .server("DATA", state, id -> data(id, NONE, "a"), judged)
          .server("trailers", state, id -> headers(id, END_STREAM, TRAILERS), judged)
          .client("DATA", state, id -> data(id, NONE, "a"), SILENCE)
          .client("trailers", state, id -> headers(id, END_STREAM, TRAILERS), SILENCE)
          .both("RST_STREAM", state, id -> reset(id, 8), SILENCE)
          .both("WINDOW_UPDATE", state, id -> windowUpdate(id, 1), SILENCE)
          .both("PRIORITY", state, id -> priority(id, 0), SILENCE)
          .both(
              "CONTINUATION",
              state,
              id -> frame(CONTINUATION, END_HEADERS, id, TRAILERS),
              closes("PROTOCOL_ERROR"));
    }
  }

  private static void numbers(Table table) {
    String broken = closes("PROTOCOL_ERROR");
    table
        .section("5.1.1")
        .server("HEADERS on an even number", IDLE, id -> headers(2, NONE, request()), broken)
        .client("HEADERS on an even number", IDLE, id -> headers(2, NONE, response()), broken)
        .both("HEADERS on stream 0", IDLE, id -> headers(0, NONE, request()), broken)
        .server(
            "the first number", IDLE, id -> headers(1, NONE, request()), "seen HEADERS 1" + REQUEST)
        .server(
            "the last number",
            IDLE,
            id -> headers(Integer.MAX_VALUE, NONE, request()),
            "seen HEADERS 2147483647" + REQUEST)
        .server(
            "a number that was skipped",
            OPEN,
            id -> join(headers(id + 4, NONE, request()), headers(id + 2, NONE, request())),
            all("seen HEADERS 7" + REQUEST, broken))
        .server(
            "DATA on a number that was skipped",
            OPEN,
            id -> join(headers(id + 4, NONE, request()), data(id + 2, NONE, "a")),
            all("seen HEADERS 7" + REQUEST, broken))
        .server(
            "the number of an ended stream",
            ENDED,
            id -> headers(id, NONE, request()),
            closes("STREAM_CLOSED"));
  }

  private static void concurrency(Table table) {
    byte[] second = headers(5, NONE, request());
    byte[] third = headers(7, NONE, request());
    String refused = "sent RST_STREAM 7 REFUSED_STREAM";
    table
        .section("5.1.2")
        .server("as many streams as allowed", OPEN, id -> second, "seen HEADERS 5" + REQUEST)
        .server(
            "one stream more than allowed",
            OPEN,
            id -> join(second, third),
            all("seen HEADERS 5" + REQUEST, refused))
        .server(
            "half-closed streams count",
            HALF_CLOSED_REMOTE,
            id -> join(second, third),
            all("seen HEADERS 5" + REQUEST, refused))
        .server(
            "closed streams don't count",
            ENDED,
            id -> join(second, third),
            all("seen HEADERS 5" + REQUEST, "seen HEADERS 7" + REQUEST))
        .server(
            "DATA that follows a refused request",
            OPEN,
            id -> join(second, third, data(7, END_STREAM, "a")),
            all("seen HEADERS 5" + REQUEST, refused))
        .server(
            "a request after one that was refused",
            OPEN,
            id -> join(second, third, reset(5, 8), headers(9, NONE, request())),
            all(
                "seen HEADERS 5" + REQUEST,
                refused,
                "seen RST_STREAM 5 CANCEL",
                "seen HEADERS 9" + REQUEST));
  }

  /**
   * RFC 9113 deprecates priorities, and asks nobody to check them. A stream that depends on itself
   * was an error in RFC 7540, 5.3.1, and still is one here.
   */
  private static void priorities(Table table) {
    table
        .section("5.3.2")
        .both("PRIORITY on itself", OPEN, id -> priority(id, id), resets("PROTOCOL_ERROR"))
        .server(
            "HEADERS with a priority on itself",
            IDLE,
            id -> frame(HEADERS, END_HEADERS | HAS_PRIORITY, id, word(id), bytes(15), request()),
            // The block would have to be decoded all the same.
            closes("PROTOCOL_ERROR"))
        .server(
            "HEADERS with a priority on another",
            IDLE,
            id -> frame(HEADERS, END_HEADERS | HAS_PRIORITY, id, word(99), bytes(15), request()),
            "seen HEADERS #" + REQUEST);
  }
}
