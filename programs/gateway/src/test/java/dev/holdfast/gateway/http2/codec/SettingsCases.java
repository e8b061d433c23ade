package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.ACK;
import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.LARGEST_PAYLOAD_BYTES;
import static dev.holdfast.gateway.http2.codec.CaseFrames.LARGEST_WINDOW_BYTES;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.SETTINGS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of SETTINGS and of the range of each value (RFC 9113, 6.5). */
final class SettingsCases {
  private static final int HEADER_TABLE_SIZE = 1;
  private static final int ENABLE_PUSH = 2;
  private static final int MAX_CONCURRENT_STREAMS = 3;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int MAX_FRAME_SIZE = 5;
  private static final int MAX_HEADER_LIST_SIZE = 6;
  private static final int ENABLE_CONNECT_PROTOCOL = 8;
  private static final long LARGEST = 0xffff_ffffL;
  private static final long LARGEST_FRAME_SIZE = 0xff_ffff;

  private static final String ACKED = "sent SETTINGS ack";

  private SettingsCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    frames(table);
    values(table);
    return table.cases();
  }

  private static void frames(Table table) {
    String tooShort = closes("FRAME_SIZE_ERROR");
    table
        .section("6.5")
        .both(
            "SETTINGS on a stream", OPEN, id -> frame(SETTINGS, NONE, id), closes("PROTOCOL_ERROR"))
        .both("an ack with a value", IDLE, id -> frame(SETTINGS, ACK, 0, new byte[6]), tooShort)
        .both("an ack with a byte", IDLE, id -> frame(SETTINGS, ACK, 0, new byte[1]), tooShort)
        .both("SETTINGS of 5 bytes", IDLE, id -> frame(SETTINGS, NONE, 0, new byte[5]), tooShort)
        .both("SETTINGS of 7 bytes", IDLE, id -> frame(SETTINGS, NONE, 0, new byte[7]), tooShort)
        .section("6.5.3")
        .both("two SETTINGS", IDLE, id -> join(settings(), settings()), all(ACKED, ACKED))
        // The last of two values counts: the first is none that may come.
        .both(
            "two values, the last of which is wrong",
            IDLE,
            id -> settings(MAX_FRAME_SIZE, LARGEST_PAYLOAD_BYTES, MAX_FRAME_SIZE, 0),
            closes("PROTOCOL_ERROR"))
        .server(
            "the last of two values counts",
            IDLE,
            id ->
                join(
                    settings(INITIAL_WINDOW_SIZE, 100, INITIAL_WINDOW_SIZE, 4),
                    headers(id, END_STREAM, answered())),
            all(
                ACKED,
                "seen HEADERS # :method=POST :scheme=http :path=/answered end",
                "sent HEADERS #",
                "sent DATA # 4"));
  }

  private static byte[] answered() {
    return block(":method", "POST", ":scheme", "http", ":path", CaseConnection.ANSWERED_PATH);
  }

  private static void values(Table table) {
    table.section("6.5.2");
    taken(table, HEADER_TABLE_SIZE, 0, 4_096, LARGEST);
    table.server("ENABLE_PUSH = 1", IDLE, id -> settings(ENABLE_PUSH, 1), ACKED);
    // Values are judged where they apply, behind the ack.
    table.client(
        "ENABLE_PUSH = 1", IDLE, id -> settings(ENABLE_PUSH, 1), all(ACKED, protocolError()));
    taken(table, ENABLE_PUSH, 0);
    refused(table, "PROTOCOL_ERROR", ENABLE_PUSH, 2, LARGEST);
    taken(table, MAX_CONCURRENT_STREAMS, 0, LARGEST);
    taken(table, INITIAL_WINDOW_SIZE, 0, LARGEST_WINDOW_BYTES);
    refused(table, "FLOW_CONTROL_ERROR", INITIAL_WINDOW_SIZE, LARGEST_WINDOW_BYTES + 1, LARGEST);
    taken(table, MAX_FRAME_SIZE, LARGEST_PAYLOAD_BYTES, LARGEST_FRAME_SIZE);
    refused(
        table,
        "PROTOCOL_ERROR",
        MAX_FRAME_SIZE,
        0,
        LARGEST_PAYLOAD_BYTES - 1,
        LARGEST_FRAME_SIZE + 1,
        LARGEST);
    taken(table, MAX_HEADER_LIST_SIZE, 0, LARGEST);
    taken(table, 0, 1);
    taken(table, 0xffff, LARGEST);
    table.section("6.5.2 (RFC 8441, 3)");
    taken(table, ENABLE_CONNECT_PROTOCOL, 0, 1);
    refused(table, "PROTOCOL_ERROR", ENABLE_CONNECT_PROTOCOL, 2);
  }

  private static void taken(Table table, int identifier, long... values) {
    for (long value : values) {
      table.both(name(identifier, value), IDLE, id -> settings(identifier, value), ACKED);
    }
  }

  private static void refused(Table table, String code, int identifier, long... values) {
    for (long value : values) {
      table.both(name(identifier, value), IDLE, id -> settings(identifier, value), closes(code));
    }
  }

  private static String name(int identifier, long value) {
    return "setting " + identifier + " = " + value;
  }

  private static String protocolError() {
    return closes("PROTOCOL_ERROR");
  }
}
