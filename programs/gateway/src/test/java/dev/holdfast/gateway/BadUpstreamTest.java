package dev.holdfast.gateway;

import static dev.holdfast.gateway.RawServer.END_HEADERS;
import static dev.holdfast.gateway.RawServer.END_STREAM;
import static dev.holdfast.gateway.RawServer.SETTINGS;
import static dev.holdfast.gateway.RawServer.frame;
import static dev.holdfast.gateway.RawServer.head;
import static dev.holdfast.gateway.RawServer.join;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.gateway.limits.GatewayLimits;
import io.netty.handler.codec.http2.Http2Headers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Servers that do what no server should, byte by byte, and what their clients are told. */
class BadUpstreamTest {
  private static final byte[] NOTHING = {};
  private static final byte[] MESSAGE = {0, 0, 0, 0, 1, 9};
  private static final int DEADLINE_EXCEEDED = 4;

  /**
   * What it does, the status of the call and what is said of it; of some only the deadline tells.
   */
  enum Bad {
    SAYS_GARBAGE(text("SSH-2.0-OpenSSH_9.6\r\n"), NOTHING, false, 14, "SETTINGS"),
    SPEAKS_HTTP1(
        text("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"),
        NOTHING,
        true,
        14,
        "SETTINGS|closed by the upstream"),
    CLOSES_AT_ONCE(NOTHING, NOTHING, true, 14, "no connection: "),
    NEVER_GREETS(NOTHING, NOTHING, false, 4, "deadline"),
    NEVER_ANSWERS(SETTINGS, NOTHING, false, 4, "deadline"),
    STOPS_IN_ITS_HEAD(
        new byte[] {0, 0, 30, 1, 4, 0, 0, 0, 3, 0x08}, true, 14, "HF-410|connection lost"),
    STAYS_IN_ITS_HEAD(new byte[] {0, 0, 30, 1, 4, 0, 0, 0, 3, 0x08}, false, 4, "deadline"),
    STOPS_IN_A_MESSAGE(
        join(head(0), new byte[] {0, 0, 30, 0, 0, 0, 0, 0, 3, 0, 0}),
        true,
        14,
        "HF-410|connection lost"),
    STAYS_IN_A_MESSAGE(
        join(head(0), new byte[] {0, 0, 30, 0, 0, 0, 0, 0, 3, 0, 0}), false, 4, "deadline"),
    LEAVES_IN_AN_ANSWER(
        join(head(0), frame(7, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2)), true, 14, "GOAWAY INTERNAL_ERROR"),
    LEAVES_WITHOUT_A_WORD_MORE(
        join(head(0), frame(7, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0)), true, 14, "connection lost"),
    ENDS_WITHOUT_TRAILERS(
        join(head(0), frame(0, END_STREAM, 3, MESSAGE)), false, 2, "without trailers"),
    STORM_OF_RESETS(
        join(AttackedGateway.repeated(frame(3, 0, 3, 0, 0, 0, 8), 1_000)),
        false,
        14,
        "reset the stream"),
    RESETS_WHAT_NEVER_WAS(frame(3, 0, 99, 0, 0, 0, 8), false, 14, "RST_STREAM|99"),
    HEADERS_MAKE_NO_SENSE(
        frame(1, END_HEADERS, 3, 0xff, 0xff, 0xff, 0xff, 0x7f), false, 14, "connection lost"),
    FRAME_IS_TOO_LARGE(new byte[] {-1, -1, -1, 0, 0, 0, 0, 0, 3}, false, 14, "length"),
    MORE_THAN_THE_WINDOW(
        join(head(0), AttackedGateway.repeated(frame(0, 0, 3, new byte[16_000]), 40)),
        false,
        13,
        "window"),
    DATA_WITHOUT_A_HEAD(frame(0, 0, 3, MESSAGE), false, 13, "DATA before"),
    PUSHES(
        join(frame(4, 1, 0), frame(5, END_HEADERS, 3, 0, 0, 0, 2, 0x82)),
        false,
        14,
        "connection lost"),
    OPENS_A_STREAM(frame(1, END_HEADERS | END_STREAM, 2, 0x88), false, 14, "stream 2"),
    STATUS_IS_SWITCHING_PROTOCOLS(
        frame(1, END_HEADERS, 3, status("101")), false, 13, "not a gRPC response: HTTP 101"),
    STATUS_IS_NO_NUMBER(frame(1, END_HEADERS, 3, status("2x0")), false, 13, "HTTP 2x0"),
    STATUS_IS_OUT_OF_RANGE(frame(1, END_HEADERS, 3, status("999")), false, 13, "HTTP 999"),
    ENDS_WITH_AN_INFORMATION(
        frame(1, END_HEADERS | END_STREAM, 3, status("103")), false, 13, "HTTP 103"),
    NAME_IN_CAPITALS(head(END_STREAM, "X-Large", "x"), false, 13, "malformed response"),
    CONNECTION_HEADER(head(END_STREAM, "connection", "close"), false, 13, "malformed response"),
    LINE_BREAK_IN_A_VALUE(head(END_STREAM, "x-note", "a\r\nb: c"), false, 13, "malformed response"),
    SECOND_HEAD(join(head(0), head(0)), false, 13, "malformed response"),
    HEADERS_ARE_HUGE(
        head(END_STREAM, "x-large", "x".repeat(17_000).substring(0, 16_300)), false, 13, "16384"),
    FLOOD_OF_PINGS(
        AttackedGateway.repeated(frame(6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7), 1_100),
        false,
        14,
        "PINGs"),
    FLOOD_OF_SETTINGS(AttackedGateway.repeated(SETTINGS, 110), false, 14, "SETTINGS"),
    FLOOD_OF_EMPTY_DATA(
        join(head(0), AttackedGateway.repeated(frame(0, 0, 3), 50)),
        false,
        13,
        "empty frames of DATA");

    final RawServer.ScriptedServer scriptedServer;
    final int status;
    final String reason;

    Bad(byte[] answer, boolean closes, int status, String reason) {
      this(SETTINGS, answer, closes, status, reason);
    }

    Bad(byte[] greeting, byte[] answer, boolean closes, int status, String reason) {
      this.scriptedServer =
          new RawServer.ScriptedServer(ByteBuffer.wrap(greeting), ByteBuffer.wrap(answer), closes);
      this.status = status;
      this.reason = reason;
    }

    /** A literal :status. */
    private static byte[] status(String value) {
      return join(new byte[] {0x08, (byte) value.length()}, text(value));
    }

    private static byte[] text(String text) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
  }

  private static final Map<Bad, RawServer> SERVERS = new TreeMap<>();
  private static AttackedGateway attackedGateway;

  @BeforeAll
  static void open() throws Exception {
    Map<String, String> upstreams = new HashMap<>();
    for (Bad each : Bad.values()) {
      RawServer server = new RawServer(each.scriptedServer);
      SERVERS.put(each, server);
      upstreams.put(each.name(), server.address());
    }
    attackedGateway = new AttackedGateway(upstreams, GatewayLimits.DEFAULT);
  }

  @AfterAll
  static void close() throws Exception {
    try {
      attackedGateway.backgroundCaller.assertUnharmed();
      attackedGateway.backgroundCaller.stop();
      await().untilAsserted(() -> assertThat(GatewayRig.kept(attackedGateway.gateway)).isZero());
    } finally {
      attackedGateway.close();
      for (RawServer each : SERVERS.values()) {
        each.close();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void itsClientIsToldWhyAndNobodyElseNotices(Bad bad) throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers call =
        RawPeer.call(AttackedGateway.PATH)
            .authority(bad.name())
            .add("grpc-timeout", bad.status == DEADLINE_EXCEEDED ? "300m" : "20S");
    client.headers(3, call, false);
    client.data(3, MESSAGE, false);
    RawPeer.Frame end = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    if (!end.end()) {
      end = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    }
    assertThat(end.header("grpc-status")).isEqualTo(Integer.toString(bad.status));
    assertThat(end.header("grpc-message"))
        .startsWith("gateway: ")
        .containsPattern(bad.reason)
        .containsPattern(
            "upstream (none|" + Objects.requireNonNull(SERVERS.get(bad)).address() + ")");
    client.close();
    attackedGateway.backgroundCaller.assertServed();
  }
}
