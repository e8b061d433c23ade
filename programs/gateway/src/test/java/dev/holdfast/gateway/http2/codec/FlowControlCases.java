package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.DATA;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.LARGEST_PAYLOAD_BYTES;
import static dev.holdfast.gateway.http2.codec.CaseFrames.LARGEST_WINDOW_BYTES;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.WINDOW_UPDATE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.padded;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static dev.holdfast.gateway.http2.codec.CaseFrames.text;
import static dev.holdfast.gateway.http2.codec.CaseFrames.windowUpdate;
import static dev.holdfast.gateway.http2.codec.CaseState.HALF_CLOSED_REMOTE;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_HERE;
import static dev.holdfast.gateway.http2.codec.CaseState.SENDING;
import static dev.holdfast.gateway.http2.codec.CodecCase.SILENCE;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of the windows in both directions (RFC 9113, 6.9). */
final class FlowControlCases {
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int WINDOW_BYTES = CaseConnection.WINDOW_BYTES;
  private static final String ACKED = "sent SETTINGS ack";

  private FlowControlCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    updates(table);
    overflows(table);
    sending(table);
    initialWindows(table);
    initialWindowsAtTheirEdges(table);
    receiving(table);
    return table.cases();
  }

  private static void updates(Table table) {
    String broken = closes("PROTOCOL_ERROR");
    String size = closes("FRAME_SIZE_ERROR");
    table
        .section("6.9")
        .both("by 0, of the connection", OPEN, id -> windowUpdate(0, 0), broken)
        .both("by 0, of a stream", OPEN, id -> windowUpdate(id, 0), resets("PROTOCOL_ERROR"))
        .both("by 0, with the reserved bit", OPEN, id -> windowUpdate(0, 0x8000_0000L), broken)
        .both("by 1, with the reserved bit", OPEN, id -> windowUpdate(0, 0x8000_0001L), SILENCE)
        .both("of 3 bytes", OPEN, id -> frame(WINDOW_UPDATE, NONE, 0, new byte[3]), size)
        .both("of 5 bytes", OPEN, id -> frame(WINDOW_UPDATE, NONE, 0, new byte[5]), size)
        .both(
            "of a stream, 3 bytes", OPEN, id -> frame(WINDOW_UPDATE, NONE, id, new byte[3]), size);
  }

  private static void overflows(Table table) {
    long most = LARGEST_WINDOW_BYTES - WINDOW_BYTES;
    table
        .section("6.9.1")
        .both("the connection's largest window", OPEN, id -> windowUpdate(0, most), SILENCE)
        .both(
            "more than the connection's largest window",
            OPEN,
            id -> windowUpdate(0, most + 1),
            closes("FLOW_CONTROL_ERROR"))
        .both(
            "more than it in two steps",
            OPEN,
            id -> join(windowUpdate(0, most), windowUpdate(0, 1)),
            closes("FLOW_CONTROL_ERROR"))
        .both("a stream's largest window", OPEN, id -> windowUpdate(id, most), SILENCE)
        .both(
            "more than a stream's largest window",
            OPEN,
            id -> windowUpdate(id, most + 1),
            resets("FLOW_CONTROL_ERROR"))
        .both(
            "more than it in two steps, of a stream",
            OPEN,
            id -> join(windowUpdate(id, most), windowUpdate(id, LARGEST_WINDOW_BYTES)),
            resets("FLOW_CONTROL_ERROR"))
        .both(
            "more than a half-closed stream's window",
            HALF_CLOSED_REMOTE,
            id -> windowUpdate(id, most + 1),
            resets("FLOW_CONTROL_ERROR"));
  }

  private static void sending(Table table) {
    table
        .section("6.9.1")
        .both("of the connection alone", SENDING, id -> windowUpdate(0, 10), SILENCE)
        .both("of the stream alone", SENDING, id -> windowUpdate(id, 10), SILENCE)
        .both(
            "of both",
            SENDING,
            id -> join(windowUpdate(0, 10), windowUpdate(id, 7)),
            "sent DATA # 7")
        .both(
            "the smaller one counts",
            SENDING,
            id -> join(windowUpdate(id, 7), windowUpdate(0, 5), windowUpdate(0, 1)),
            "sent DATA # 6")
        .both(
            "nothing follows RST_STREAM",
            SENDING,
            id -> join(reset(id, 8), windowUpdate(0, 10)),
            "seen RST_STREAM # CANCEL");
  }

  private static void initialWindows(Table table) {
    table
        .section("6.9.2")
        .both(
            "a larger initial window",
            SENDING,
            id -> join(windowUpdate(0, 100), settings(INITIAL_WINDOW_SIZE, WINDOW_BYTES + 10)),
            all("sent SETTINGS ack", "sent DATA # 10"))
        .both(
            "it is none of the connection",
            SENDING,
            id -> settings(INITIAL_WINDOW_SIZE, 10 * WINDOW_BYTES),
            ACKED)
        .both(
            "a negative window takes as much to be open again",
            SENDING,
            id ->
                join(
                    windowUpdate(0, 100),
                    settings(INITIAL_WINDOW_SIZE, 0),
                    windowUpdate(id, WINDOW_BYTES),
                    windowUpdate(id, 3)),
            all(ACKED, "sent DATA # 3"))
        .both(
            "a negative window that SETTINGS open again",
            SENDING,
            id ->
                join(
                    windowUpdate(0, 100),
                    settings(INITIAL_WINDOW_SIZE, 0),
                    settings(INITIAL_WINDOW_SIZE, WINDOW_BYTES),
                    settings(INITIAL_WINDOW_SIZE, WINDOW_BYTES + 2)),
            all(ACKED, ACKED, ACKED, "sent DATA # 2"));
  }

  private static void initialWindowsAtTheirEdges(Table table) {
    table
        .section("6.9.2")
        .both(
            "the largest initial window behind a negative one",
            SENDING,
            id ->
                join(
                    settings(INITIAL_WINDOW_SIZE, 0),
                    settings(INITIAL_WINDOW_SIZE, LARGEST_WINDOW_BYTES),
                    windowUpdate(id, WINDOW_BYTES)),
            all(ACKED, ACKED))
        .both(
            "more than the largest window",
            SENDING,
            id ->
                join(
                    settings(INITIAL_WINDOW_SIZE, LARGEST_WINDOW_BYTES),
                    windowUpdate(id, WINDOW_BYTES + 1)),
            all(ACKED, resets("FLOW_CONTROL_ERROR")))
        .both(
            "SETTINGS that make a window too large",
            OPEN,
            id ->
                join(
                    windowUpdate(id, LARGEST_WINDOW_BYTES - WINDOW_BYTES),
                    settings(INITIAL_WINDOW_SIZE, WINDOW_BYTES + 1)),
            all(ACKED, closes("FLOW_CONTROL_ERROR")))
        .server(
            "the initial window of a later stream",
            IDLE,
            id ->
                join(
                    settings(INITIAL_WINDOW_SIZE, 1),
                    headers(id, END_STREAM, answered()),
                    windowUpdate(id, 2),
                    windowUpdate(id, 100)),
            all(answer(), "sent DATA # 10 end"))
        .server(
            "an initial window of 0",
            IDLE,
            id ->
                join(
                    settings(INITIAL_WINDOW_SIZE, 0),
                    headers(id, END_STREAM, answered()),
                    settings(INITIAL_WINDOW_SIZE, 100)),
            all(answer(), ACKED, "sent DATA # 10 end"));
  }

  private static byte[] answered() {
    return block(":method", "POST", ":scheme", "http", ":path", CaseConnection.ANSWERED_PATH);
  }

  private static String answer() {
    return all(
        ACKED, "seen HEADERS # :method=POST :scheme=http :path=/answered end", "sent HEADERS #");
  }

  /**
   * A stream's window stays used until its bytes were passed on. The connection's is opened again
   * as soon as they come, so that no peer can overrun it.
   */
  private static void receiving(Table table) {
    byte[] full = new byte[LARGEST_PAYLOAD_BYTES];
    String seen = "seen DATA # +16384+16384+16384";
    table
        .section("6.9.1")
        .both("a whole window of DATA", OPEN, id -> window(id, DATA, full), seen + "+16383")
        .both(
            "a byte more",
            OPEN,
            id -> join(window(id, DATA, full), data(id, NONE, "a")),
            all(seen + "+16383", resets("FLOW_CONTROL_ERROR")))
        .both(
            "no byte more",
            OPEN,
            id -> join(window(id, DATA, full), data(id, END_STREAM, "")),
            seen + "+16383 end")
        .both(
            "padding counts",
            OPEN,
            id -> join(window(id, DATA, full), padded(DATA, NONE, id, 0, text(""))),
            all(seen + "+16383", resets("FLOW_CONTROL_ERROR")))
        .client(
            "DATA of a stream that was reset counts for the connection",
            RESET_HERE,
            id -> join(window(id, DATA, full), window(id, DATA, full)),
            "sent WINDOW_UPDATE 0 131070")
        .server(
            "DATA of a stream that was reset counts for the connection",
            RESET_HERE,
            id -> join(window(id, DATA, full), window(id, DATA, full)),
            "sent WINDOW_UPDATE 0 131070");
  }

  private static byte[] window(int id, int type, byte[] full) {
    byte[] whole = frame(type, NONE, id, full);
    return join(whole, whole, whole, frame(type, NONE, id, new byte[full.length - 1]));
  }
}
