package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.ACK;
import static dev.holdfast.gateway.http2.codec.CaseFrames.DATA;
import static dev.holdfast.gateway.http2.codec.CaseFrames.HEADERS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.LARGEST_PAYLOAD_BYTES;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.PING;
import static dev.holdfast.gateway.http2.codec.CaseFrames.SETTINGS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.UNDEFINED_FLAGS;
import static dev.holdfast.gateway.http2.codec.CaseFrames.UNKNOWN;
import static dev.holdfast.gateway.http2.codec.CaseFrames.data;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frame;
import static dev.holdfast.gateway.http2.codec.CaseFrames.frameOfLength;
import static dev.holdfast.gateway.http2.codec.CaseFrames.goAway;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.ping;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseFrames.settings;
import static dev.holdfast.gateway.http2.codec.CaseFrames.text;
import static dev.holdfast.gateway.http2.codec.CaseFrames.word;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.NEW;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.REQUESTED;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_BY_PEER;
import static dev.holdfast.gateway.http2.codec.CaseState.RESET_HERE;
import static dev.holdfast.gateway.http2.codec.CodecCase.SILENCE;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of the preface, the frame format and size, extensions and PING (RFC 9113, 3 to 5). */
final class ConnectionCases {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final String ACKED = "sent SETTINGS ack";

  private ConnectionCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    preface(table);
    format(table);
    size(table);
    extensions(table);
    errors(table);
    pings(table);
    return table.cases();
  }

  private static void preface(Table table) {
    String broken = closes("PROTOCOL_ERROR");
    table
        .section("3.4")
        .server("preface and SETTINGS", NEW, id -> join(text(PREFACE), settings()), ACKED)
        .client("SETTINGS", NEW, id -> settings(), ACKED)
        .server("an HTTP/1.1 request", NEW, id -> text("GET / HTTP/1.1\r\nhost: a\r\n\r\n"), broken)
        .server(
            "a preface with a wrong byte",
            NEW,
            id -> join(text(PREFACE.replace("SM", "SX")), settings()),
            broken)
        .server("PING before SETTINGS", NEW, id -> join(text(PREFACE), ping(1)), broken)
        .server(
            "an ack in place of the first SETTINGS",
            NEW,
            id -> join(text(PREFACE), frame(SETTINGS, ACK, 0)),
            broken)
        .server("a second preface", IDLE, id -> text(PREFACE), closes("FRAME_SIZE_ERROR"))
        .client("PING before SETTINGS", NEW, id -> ping(1), broken)
        .client("an ack in place of SETTINGS", NEW, id -> frame(SETTINGS, ACK, 0), broken)
        .client("an HTTP/1.1 response", NEW, id -> text("HTTP/1.1 400 Bad Request\r\n\r\n"), broken)
        .section("6.5.3")
        .both("SETTINGS are acknowledged", IDLE, id -> settings(), ACKED)
        .both("the ack of SETTINGS", IDLE, id -> frame(SETTINGS, ACK, 0), SILENCE);
  }

  private static void format(Table table) {
    table
        .section("4.1")
        .both("an unknown frame", IDLE, id -> frame(UNKNOWN, 0xff, 0, word(1)), SILENCE)
        .both("an unknown frame", OPEN, id -> frame(UNKNOWN, 0xff, id, word(1)), SILENCE)
        .both("an unknown frame", IDLE, id -> frame(UNKNOWN, NONE, id), SILENCE)
        .both("an unknown frame of full size", OPEN, id -> full(UNKNOWN, 0, id), SILENCE)
        .both(
            "PING with undefined flags",
            IDLE,
            id -> frame(PING, 0xfe, 0, word(0), word(5)),
            "sent PING ack 5")
        .both(
            "DATA with undefined flags",
            OPEN,
            id -> data(id, UNDEFINED_FLAGS, "a"),
            "seen DATA # a")
        .both(
            "SETTINGS with undefined flags", IDLE, id -> frame(SETTINGS, UNDEFINED_FLAGS, 0), ACKED)
        .both(
            "DATA with the reserved bit",
            OPEN,
            id -> data(id | Integer.MIN_VALUE, NONE, "a"),
            "seen DATA # a")
        .both(
            "PING with the reserved bit",
            IDLE,
            id -> frame(PING, NONE, Integer.MIN_VALUE, word(0), word(5)),
            "sent PING ack 5");
  }

  private static byte[] full(int type, int more, int id) {
    return frame(type, NONE, id, new byte[LARGEST_PAYLOAD_BYTES + more]);
  }

  private static void size(Table table) {
    // For DATA a stream error would do; a peer that breaks our SETTINGS is not trusted further.
    String tooLong = closes("FRAME_SIZE_ERROR");
    table
        .section("4.2")
        .both("DATA of full size", OPEN, id -> full(DATA, 0, id), "seen DATA # +16384")
        .both("DATA that is too long", OPEN, id -> full(DATA, 1, id), tooLong)
        .both("HEADERS that are too long", OPEN, id -> full(HEADERS, 1, id), tooLong)
        .both("SETTINGS that are too long", IDLE, id -> full(SETTINGS, 2, 0), tooLong)
        .both("an unknown frame that is too long", OPEN, id -> full(UNKNOWN, 1, id), tooLong)
        .both(
            "the longest frame that a length can tell",
            OPEN,
            id -> frameOfLength(0xff_ffff, DATA, NONE, id, new byte[0]),
            tooLong)
        .both("an empty DATA", OPEN, id -> data(id, NONE, ""), "seen DATA # ");
  }

  private static void extensions(Table table) {
    String broken = closes("PROTOCOL_ERROR");
    table
        .section("5.5")
        .server(
            "an unknown frame within a header block",
            IDLE,
            id -> join(frame(HEADERS, NONE, id, request()), frame(UNKNOWN, NONE, id)),
            broken)
        .client(
            "an unknown frame within a header block",
            REQUESTED,
            id -> join(frame(HEADERS, NONE, id, response()), frame(UNKNOWN, NONE, 0)),
            broken)
        .both("an unknown setting", IDLE, id -> settings(0xff, 1), ACKED);
  }

  private static void errors(Table table) {
    table
        .section("5.4.1")
        .server(
            "a request behind a connection error",
            IDLE,
            id -> join(frame(PING, NONE, 0, word(1)), headers(id, NONE, request())),
            closes("FRAME_SIZE_ERROR"))
        .client(
            "a response behind a connection error",
            REQUESTED,
            id -> join(frame(PING, NONE, 0, word(1)), headers(id, NONE, response())),
            closes("FRAME_SIZE_ERROR"))
        .section("5.4.2")
        .both("RST_STREAM", RESET_HERE, id -> reset(id, 1), SILENCE)
        .both("a second RST_STREAM", RESET_BY_PEER, id -> reset(id, 1), SILENCE)
        .section("7")
        .both("RST_STREAM with an unknown code", OPEN, id -> reset(id, 99), "seen RST_STREAM # 99")
        .both(
            "GOAWAY with an unknown code",
            IDLE,
            id -> goAway(0, 0xffff_ffffL),
            "seen GOAWAY 4294967295 after 0");
  }

  private static void pings(Table table) {
    table
        .section("6.7")
        .both("PING", IDLE, id -> ping(5), "sent PING ack 5")
        .both(
            "the ack of a PING", IDLE, id -> frame(PING, ACK, 0, word(0), word(5)), "seen PING ack")
        .both(
            "PING on a stream",
            OPEN,
            id -> frame(PING, NONE, id, word(0), word(5)),
            closes("PROTOCOL_ERROR"))
        .both("PING of 7 bytes", IDLE, id -> frame(PING, NONE, 0, new byte[7]), tooShort())
        .both("PING of 9 bytes", IDLE, id -> frame(PING, NONE, 0, new byte[9]), tooShort())
        .both("an empty ack of a PING", IDLE, id -> frame(PING, ACK, 0), tooShort());
  }

  private static String tooShort() {
    return closes("FRAME_SIZE_ERROR");
  }
}
