package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that no server may take, beside calls of the same connection that are well. */
class MalformedRequestsTest extends AttackTestBase {
  private static final byte[] MESSAGE = {0, 0, 0, 0, 1, 9};

  /** "x: 1", with END_HEADERS and END_STREAM; leaves HPACK's table alone. */
  private static final byte[] TRAILERS = {0, 1, 'x', 1, '1'};

  private static final byte[] PRIORITY = {0, 0, 5, 2, 0, 0, 0, 0, 5, 0, 0, 0, 0, 1};

  /** What is wrong with it, and what is said of it. */
  enum Fault {
    CONTROL_CHARACTER(h -> h.add("x-note", "a\u0001b"), "x-note"),
    NUL(h -> h.add("x-note", "a\u0000b"), "x-note"),
    LINE_BREAK(h -> h.add("x-note", "a\r\nb: c"), "x-note"),
    NAME_IN_CAPITALS(h -> h.add("X-Note", "a"), "X-Note"),
    NAME_WITH_BLANK(h -> h.add("x note", "a"), "x note"),
    CONNECTION_HEADER(h -> h.add("connection", "close"), "connection"),
    TRANSFER_ENCODING(h -> h.add("transfer-encoding", "chunked"), "transfer-encoding"),
    TE(h -> h.set("te", "gzip"), "TE"),
    UNKNOWN_PSEUDO_HEADER(h -> h.add(":note", "a"), ":note"),
    SECOND_PATH(h -> h.add(":path", "/b"), ":path"),
    EMPTY_PATH(h -> h.path(""), ":path"),
    BLANK_IN_PATH(h -> h.path("/a b"), ":path"),
    TAB_IN_PATH(h -> h.path("/a\tb"), ":path"),
    NUL_IN_PATH(h -> h.path("/a\u0000b"), ":path"),
    FRAGMENT_IN_PATH(h -> h.path("/a#b"), ":path"),
    PATH_WITHOUT_SLASH(h -> h.path("a"), ":path"),
    ABSOLUTE_PATH(h -> h.path("http://echo/a"), ":path"),
    ASTERISK(h -> h.path("*"), ":path"),
    METHOD_WITH_BLANK(h -> h.method("PO ST"), ":method"),
    SCHEME_WITH_BLANK(h -> h.scheme("ht tp"), ":scheme"),
    CONNECT_WITH_PATH(h -> h.method("CONNECT"), "CONNECT"),
    EXTENDED_CONNECT(h -> h.method("CONNECT").add(":protocol", "websocket"), "CONNECT"),
    PROTOCOL(h -> h.add(":protocol", "websocket"), ":protocol"),
    BLANK_IN_AUTHORITY(h -> h.authority("x y"), ":authority"),
    USER_IN_AUTHORITY(h -> h.authority("evil@x"), ":authority"),
    PATH_IN_AUTHORITY(h -> h.authority("x/y"), ":authority"),
    TWO_HOSTS(h -> h.add("host", "echo").add("host", "echo"), "host"),
    OTHER_HOST(h -> h.add("host", "evil"), "host"),
    BLANK_IN_HOST(h -> h.add("host", "x y").remove(":authority"), "host");

    final Consumer<Http2Headers> change;
    final String named;

    Fault(Consumer<Http2Headers> change, String named) {
      this.change = change;
      this.named = named;
    }

    /** Pseudo-headers first, as far as it is not about them. */
    Http2Headers request() {
      Http2Headers request =
          new DefaultHttp2Headers(false)
              .method("POST")
              .scheme("http")
              .authority("echo")
              .path(AttackedGateway.PATH)
              .add("te", "trailers");
      change.accept(request);
      Http2Headers ordered = new DefaultHttp2Headers(false);
      for (var each : request) {
        if (each.getKey().charAt(0) == ':') {
          ordered.add(each.getKey(), each.getValue());
        }
      }
      ordered.add("content-type", "application/grpc");
      for (var each : request) {
        if (each.getKey().charAt(0) != ':') {
          ordered.add(each.getKey(), each.getValue());
        }
      }
      return ordered;
    }
  }

  @ParameterizedTest
  @EnumSource
  void costsItsOwnStreamAlone(Fault fault) throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH).add("x-mine", "first"), false);
    RawPeer server = upstream.accepted();
    int open = server.next("HEADERS").stream();

    client.headers(5, fault.request().add("x-mine", "second"), false);
    // Past the client's codec, which may know of the reset by now.
    client.raw(
        RawServer.join(
            RawServer.frame(0, 0, 5, MESSAGE),
            PRIORITY,
            RawServer.frame(8, 0, 5, 0, 0, 0, 9),
            RawServer.frame(1, 5, 5, TRAILERS),
            RawServer.frame(3, 0, 5, 0, 0, 0, 8)));

    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.stream()).as(answer.toString()).isEqualTo(5);
    if (fault == Fault.EMPTY_PATH || fault == Fault.NUL_IN_PATH) {
      // Before anything said that it is gRPC.
      assertThat(answer.type()).isEqualTo("RST_STREAM");
      assertThat(answer.code()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
    } else {
      assertThat(answer.header("grpc-status")).as(answer.toString()).isEqualTo("13");
      assertThat(answer.header("grpc-message"))
          .startsWith("gateway: malformed request: ")
          .containsIgnoringCase(fault.named);
    }

    // The call before goes on, one behind it finds the table of headers as it should be.
    client.headers(7, RawPeer.call(AttackedGateway.PATH).add("x-mine", "second"), true);
    RawPeer.Frame next = server.next("HEADERS", "RST_STREAM", "DATA");
    assertThat(next.header("x-mine")).as(next.toString()).isEqualTo("second");
    server.headers(open, RawPeer.head().add("grpc-status", "0"), true);
    server.headers(next.stream(), RawPeer.head().add("grpc-status", "0"), true);
    for (int i = 0; i < 2; i++) {
      RawPeer.Frame good = client.next("HEADERS", "GOAWAY");
      assertThat(good.stream()).isNotEqualTo(5);
      assertThat(good.header("grpc-status")).isEqualTo("0");
    }
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aConnectIsAnsweredAsOverHttp1(boolean ended) throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers tunnel = new DefaultHttp2Headers(false).method("CONNECT").authority("x:443");
    client.headers(3, tunnel, ended);
    RawPeer.Frame answer = client.next("HEADERS", "RST_STREAM", "GOAWAY");
    assertThat(answer.header(":status")).as(answer.toString()).isEqualTo("501");
    assertThat(answer.end()).isTrue();
    if (!ended) {
      assertThat(client.next("RST_STREAM").code()).isEqualTo(Http2Error.NO_ERROR.code());
    }
    client.headers(5, RawPeer.call(AttackedGateway.PATH), true);
    RawPeer server = upstream.accepted();
    assertThat(server.next("HEADERS").header(":path")).isEqualTo(AttackedGateway.PATH);
  }

  @Test
  void isResetBehindItsAnswer() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, Fault.OTHER_HOST.request(), false);
    assertThat(client.next("HEADERS").end()).isTrue();
    RawPeer.Frame reset = client.next("RST_STREAM", "GOAWAY");
    assertThat(reset.type()).isEqualTo("RST_STREAM");
    assertThat(reset.code()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
  }

  @Test
  void isNoReasonToCutAClientOffHoweverMany() throws Exception {
    RawPeer client = attackedGateway.client();
    int many = 500;
    for (int i = 0; i < many; i++) {
      int id = 2 * i + 3;
      client.headers(id, Fault.CONTROL_CHARACTER.request(), false);
      client.raw(RawServer.frame(0, 1, id, MESSAGE));
      assertThat(client.next("HEADERS", "GOAWAY").header("grpc-status")).isEqualTo("13");
    }
    client.headers(2 * many + 3, RawPeer.call(AttackedGateway.PATH), true);
    RawPeer server = upstream.accepted();
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    assertThat(client.next("HEADERS", "GOAWAY").header("grpc-status")).isEqualTo("0");
  }

  @Test
  void blanksAroundValuesAreStrippedBothWays() throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers call = new DefaultHttp2Headers(false).add(RawPeer.call(AttackedGateway.PATH));
    client.headers(3, call.add("x-note", " lead").add("x-more", "trail\t ").add("x-no", " "), true);
    RawPeer server = upstream.accepted();
    RawPeer.Frame request = server.next("HEADERS");
    assertThat(request.header("x-note")).isEqualTo("lead");
    assertThat(request.header("x-more")).isEqualTo("trail");
    assertThat(request.headers()).isNotNull();
    assertThat(request.toString()).contains("x-no");
    assertThat(request.header("x-no")).isEmpty();
    Http2Headers answer = new DefaultHttp2Headers(false).add(RawPeer.head());
    answer.add("grpc-status", "0").add("x-note", "\tback ");
    server.headers(request.stream(), answer, true);
    assertThat(client.next("HEADERS").header("x-note")).isEqualTo("back");
  }

  @Test
  void hostBecomesTheAuthorityOrIsDropped() throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers alone = RawPeer.call(AttackedGateway.PATH).add("host", "echo:80");
    alone.remove(":authority");
    client.headers(3, alone, true);
    client.headers(5, RawPeer.call(AttackedGateway.PATH).add("host", "ECHO:80"), true);
    RawPeer server = upstream.accepted();
    RawPeer.Frame first = server.next("HEADERS");
    RawPeer.Frame second = server.next("HEADERS");
    assertThat(first.header(":authority")).isEqualTo("echo:80");
    assertThat(first.header("host")).isEmpty();
    assertThat(second.header(":authority")).isEqualTo("echo");
    assertThat(second.header("host")).isEmpty();
  }

  @Test
  void trailersOfARequestGoNoFarther() throws Exception {
    RawPeer client = attackedGateway.client();
    Http2Headers trailers = new DefaultHttp2Headers().add("x-last", "1");
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    client.data(3, MESSAGE, false);
    assertThat(server.next("DATA", "HEADERS").end()).isFalse();
    client.headers(3, trailers, true);
    RawPeer.Frame end = server.next("DATA", "HEADERS");
    assertThat(end.type()).isEqualTo("DATA");
    assertThat(end.end()).isTrue();
    assertThat(end.data().remaining()).isZero();
  }

  @Test
  void moreHeadersBehindTheEndOfARequestEndItsStream() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), true);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    // POST http /
    client.raw(new byte[] {0, 0, 3, 1, 5, 0, 0, 0, 3, (byte) 0x83, (byte) 0x86, (byte) 0x84});
    assertThat(client.next("RST_STREAM", "GOAWAY").code())
        .isEqualTo(Http2Error.STREAM_CLOSED.code());
    server.next("RST_STREAM");
  }

  @Test
  void whoSendsBehindItsOwnEndIsCutOff() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), true);
    RawPeer server = upstream.accepted();
    server.headers(server.next("HEADERS").stream(), RawPeer.head().add("grpc-status", "0"), true);
    client.next("HEADERS");
    client.raw(new byte[] {0, 0, 1, 0, 0, 0, 0, 0, 3, 42});
    assertThat(client.next("GOAWAY").code()).isEqualTo(Http2Error.STREAM_CLOSED.code());
  }

  @Test
  void whoGoesBackToAStreamPassedOverIsCutOff() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(7, RawPeer.call(AttackedGateway.PATH), true);
    upstream.accepted().next("HEADERS");
    // POST http /
    client.raw(new byte[] {0, 0, 3, 1, 5, 0, 0, 0, 5, (byte) 0x83, (byte) 0x86, (byte) 0x84});
    assertThat(client.next("GOAWAY").code()).isEqualTo(Http2Error.PROTOCOL_ERROR.code());
  }

  @Test
  void framesBehindAResetAreAnsweredWithOne() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    RawPeer server = upstream.accepted();
    server.next("HEADERS");
    client.raw(new byte[] {0, 0, 4, 3, 0, 0, 0, 0, 3, 0, 0, 0, 8});
    client.raw(new byte[] {0, 0, 1, 0, 0, 0, 0, 0, 3, 42});
    RawPeer.Frame answer = client.next("RST_STREAM", "GOAWAY");
    assertThat(answer.type()).isEqualTo("RST_STREAM");
    assertThat(answer.code()).isEqualTo(Http2Error.STREAM_CLOSED.code());
    attackedGateway.backgroundCaller.assertUnharmed();
  }

  @Test
  void settingsThatMakeAWindowTooLargeEndTheConnection() throws Exception {
    RawPeer client = attackedGateway.client();
    client.headers(3, RawPeer.call(AttackedGateway.PATH), false);
    upstream.accepted().next("HEADERS");
    client.raw(new byte[] {0, 0, 4, 8, 0, 0, 0, 0, 3, 0x7f, (byte) 0xff, 0, 0});
    client.raw(new byte[] {0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0x7f, -1, -1, -1});
    RawPeer.Frame end = client.next("GOAWAY", "RST_STREAM");
    assertThat(end.type()).isEqualTo("GOAWAY");
    assertThat(end.code()).isEqualTo(Http2Error.FLOW_CONTROL_ERROR.code());
    attackedGateway.backgroundCaller.assertUnharmed();
  }
}
