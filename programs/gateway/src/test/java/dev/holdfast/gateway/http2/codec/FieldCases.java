package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.response;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.REQUESTED;
import static dev.holdfast.gateway.http2.codec.CodecCase.resets;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of names and values of fields, and of pseudo-header fields (RFC 9113, 8.2 and 8.3). */
final class FieldCases {
  private static final String REQUEST =
      "seen HEADERS # :method=POST :scheme=http :path=/ :authority=a";
  private static final String RESPONSE = "seen HEADERS # :status=200";

  private FieldCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    names(table);
    values(table);
    connectionSpecific(table);
    pseudo(table);
    requests(table);
    validated(table);
    connects(table);
    responses(table);
    return table.cases();
  }

  /** A field in a request, in a response and in trailers. */
  private static void refused(Table table, String what, String... field) {
    table
        .server(what, IDLE, id -> headers(id, NONE, request(field)), malformed())
        .client(what, REQUESTED, id -> headers(id, NONE, response(field)), malformed())
        .both(
            what + " in trailers", OPEN, id -> headers(id, END_STREAM, block(field)), malformed());
  }

  private static void taken(Table table, String what, String seen, String... field) {
    table
        .server(what, IDLE, id -> headers(id, NONE, request(field)), REQUEST + seen)
        .client(what, REQUESTED, id -> headers(id, NONE, response(field)), RESPONSE + seen);
  }

  private static void names(Table table) {
    table.section("8.2.1");
    for (String name :
        List.of(
            "A", "aB", "a b", " a", "a ", "a\tb", "a:b", "a\0", "a\r", "a\n", "\u007f", "\u0080",
            "\u00ff", "")) {
      refused(table, "the name '" + visible(name) + "'", name, "1");
    }
    // Characters that RFC 9110 does not allow in a name, but RFC 9113 asks nobody to refuse.
    taken(
        table,
        "a name of all kinds of characters",
        " a!$%&'*+-.^_`|~0z=1",
        "a!$%&'*+-.^_`|~0z",
        "1");
  }

  private static void values(Table table) {
    table.section("8.2.1");
    for (String value : List.of("a\0b", "a\rb", "a\nb", "\0", "\r", "\n", "a\r\nb: c")) {
      refused(table, "the value '" + visible(value) + "'", "x", value);
    }
    // A recipient may strip the whitespace that no sender may leave.
    taken(table, "whitespace around a value", " x=a b", "x", " \ta b\t ");
    taken(table, "an empty value", " x=", "x", "");
    taken(table, "tabs and bytes above ASCII", " x=a\tb\u00ff", "x", "a\tb\u00ff");
    table
        .section("8.2.3")
        .server(
            "crumbs of a cookie",
            IDLE,
            id -> headers(id, NONE, request("cookie", "a=b", "cookie", "c=d")),
            REQUEST + " cookie=a=b cookie=c=d");
  }

  private static String visible(String text) {
    StringBuilder visible = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      visible.append(
          each > ' ' && each < 0x7f ? String.valueOf(each) : "%02x".formatted((int) each));
    }
    return visible.toString();
  }

  private static void connectionSpecific(Table table) {
    table.section("8.2.2");
    refused(table, "connection", "connection", "close");
    refused(table, "proxy-connection", "proxy-connection", "close");
    refused(table, "keep-alive", "keep-alive", "timeout=5");
    refused(table, "transfer-encoding", "transfer-encoding", "chunked");
    refused(table, "upgrade", "upgrade", "websocket");
    refused(table, "te other than trailers", "te", "gzip");
    refused(table, "te with more than trailers", "te", "trailers, gzip");
    table.server(
        "te: trailers",
        IDLE,
        id -> headers(id, NONE, request("te", "trailers")),
        REQUEST + " te=trailers");
  }

  private static void pseudo(Table table) {
    table.section("8.3");
    for (String name : List.of(":unknown", ":", "::method", ":Method")) {
      table
          .server(
              "unknown '" + name + "'",
              IDLE,
              id -> headers(id, NONE, join(block(name, "1"), request())),
              malformed())
          .client(
              "unknown '" + name + "'",
              REQUESTED,
              id -> headers(id, NONE, join(block(name, "1"), response())),
              malformed());
    }
    for (String name :
        List.of(":method", ":scheme", ":path", ":authority", ":status", ":protocol")) {
      table
          .both(
              name + " in trailers",
              OPEN,
              id -> headers(id, END_STREAM, block(name, "200")),
              malformed())
          .both(
              name + " behind a field in trailers",
              OPEN,
              id -> headers(id, END_STREAM, block("x", "1", name, "200")),
              malformed());
    }
    table
        .server(
            ":status in a request",
            IDLE,
            id -> headers(id, NONE, join(block(":status", "200"), request())),
            malformed())
        .server(
            ":status behind a request's",
            IDLE,
            id -> headers(id, NONE, request(":status", "200")),
            malformed())
        .client(
            ":method in a response",
            REQUESTED,
            id -> headers(id, NONE, response(":method", "GET")),
            malformed())
        .client(
            ":path in a response",
            REQUESTED,
            id -> headers(id, NONE, join(block(":path", "/"), response())),
            malformed())
        .client(
            ":status behind a field",
            REQUESTED,
            id -> headers(id, NONE, block("x", "1", ":status", "200")),
            malformed());
  }

  private static final List<String> NEEDED =
      List.of(":method", "GET", ":scheme", "http", ":path", "/");

  private static void requests(Table table) {
    table.section("8.3.1");
    for (int i = 0; i < NEEDED.size(); i += 2) {
      String name = NEEDED.get(i);
      String value = NEEDED.get(i + 1);
      table
          .server("no " + name, IDLE, id -> headers(id, NONE, without(name)), malformed())
          .server(
              "an empty " + name,
              IDLE,
              id -> headers(id, NONE, join(without(name), block(name, ""))),
              malformed())
          .server(
              name + " behind a field",
              IDLE,
              id -> headers(id, NONE, join(without(name), block("x", "1", name, value))),
              malformed())
          .server(
              "two of " + name,
              IDLE,
              id -> headers(id, NONE, join(without(name), block(name, value, name, value))),
              malformed());
    }
    table
        .server("nothing at all", IDLE, id -> headers(id, NONE, new byte[0]), malformed())
        .server(
            "two of :authority",
            IDLE,
            id -> headers(id, NONE, request(":authority", "a")),
            malformed())
        .server(
            ":authority behind a field",
            IDLE,
            id -> headers(id, NONE, join(without(""), block("x", "1", ":authority", "a"))),
            malformed())
        .server(
            "no :authority",
            IDLE,
            id -> headers(id, NONE, without("")),
            "seen HEADERS # :method=GET :scheme=http :path=/")
        .server(
            "host in place of :authority",
            IDLE,
            id -> headers(id, NONE, join(without(""), block("host", "a"))),
            "seen HEADERS # :method=GET :scheme=http :path=/ host=a")
        .server(
            "OPTIONS of *",
            IDLE,
            id -> headers(id, NONE, block(":method", "OPTIONS", ":scheme", "http", ":path", "*")),
            "seen HEADERS # :method=OPTIONS :scheme=http :path=*");
  }

  /** The needed fields of a request but one. */
  private static byte[] without(String name) {
    byte[] block = {};
    for (int i = 0; i < NEEDED.size(); i += 2) {
      if (!NEEDED.get(i).equals(name)) {
        block = join(block, block(NEEDED.get(i), NEEDED.get(i + 1)));
      }
    }
    return block;
  }

  /** Requests that the codec passes on, and that the validator behind it refuses. */
  private static void validated(Table table) {
    table
        .section("8.3.1")
        .server(
            "a path without a slash",
            IDLE,
            id -> headers(id, NONE, target("GET", "http", "a")),
            pathFault())
        .server(
            "a path with a fragment",
            IDLE,
            id -> headers(id, NONE, target("GET", "http", "/a#b")),
            pathFault())
        .server(
            "a path with a space",
            IDLE,
            id -> headers(id, NONE, target("GET", "http", "/a b")),
            pathFault())
        .server(
            "GET of *",
            IDLE,
            id -> headers(id, NONE, target("GET", "http", "*")),
            "seen #: :path is * (expected: with OPTIONS alone)")
        .server(
            "a method that is no token",
            IDLE,
            id -> headers(id, NONE, target("G T", "http", "/")),
            "seen #: :method is not a token")
        .server(
            "a scheme that is no token",
            IDLE,
            id -> headers(id, NONE, target("GET", "ht tp", "/")),
            "seen #: :scheme is missing or not a token")
        .server(
            "an :authority with user information",
            IDLE,
            id -> headers(id, NONE, join(target("GET", "http", "/"), block(":authority", "me@a"))),
            "seen #: :authority is not a host with an optional port")
        .server(
            "host and :authority that differ",
            IDLE,
            id -> headers(id, NONE, request("host", "b")),
            "seen #: host differs from :authority");
  }

  private static void connects(Table table) {
    table
        .section("8.5")
        .server(
            "CONNECT",
            IDLE,
            id -> headers(id, NONE, block(":method", "CONNECT", ":authority", "a:1")),
            "seen #: CONNECT is not supported")
        .server(
            "CONNECT with a path",
            IDLE,
            id ->
                headers(id, NONE, join(target("CONNECT", "http", "/"), block(":authority", "a:1"))),
            "seen #: CONNECT has a :scheme or :path")
        .server(
            "CONNECT without :authority",
            IDLE,
            id -> headers(id, NONE, block(":method", "CONNECT")),
            malformed());
  }

  private static byte[] target(String method, String scheme, String path) {
    return block(":method", method, ":scheme", scheme, ":path", path);
  }

  private static String pathFault() {
    return "seen #: :path has characters that a path may not have, or does not begin with a slash";
  }

  private static void responses(Table table) {
    table.section("8.3.2");
    for (String status : List.of("", "2", "20", "2000", "abc", "2 0", "-20", "099", "600")) {
      table.client(
          ":status of '" + status + "'",
          REQUESTED,
          id -> headers(id, NONE, block(":status", status)),
          status.isEmpty() ? malformed() : "seen #: malformed response");
    }
    table
        .client("no :status", REQUESTED, id -> headers(id, NONE, block("x", "1")), malformed())
        .client("nothing at all", REQUESTED, id -> headers(id, NONE, new byte[0]), malformed())
        .client(
            "two of :status",
            REQUESTED,
            id -> headers(id, NONE, block(":status", "200", ":status", "200")),
            malformed());
  }

  /** The events of a malformed message: a stream error (8.1.1). */
  private static String malformed() {
    return resets("PROTOCOL_ERROR");
  }
}
