package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.hex;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.reset;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CaseState.REQUESTED;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** The examples of RFC 7541's appendix C, decoded. */
final class HpackExampleCases {
  /** A table of 256 bytes, as the examples of responses have it. */
  private static final byte[] TO_256 = hex("3f e1 01");

  private static final String FIRST_DATE = " date=Mon, 21 Oct 2013 20:13:21 GMT";
  private static final String SECOND_DATE = " date=Mon, 21 Oct 2013 20:13:22 GMT";
  private static final String PRIVATE = " cache-control=private";
  private static final String LOCATION = " location=https://www.example.com";

  private HpackExampleCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    fields(table);
    table.section("H C.3");
    requests(
        table,
        "82 86 84 41 0f 77 77 77 2e 65 78 61 6d 70 6c 65 2e 63 6f 6d",
        "82 86 84 be 58 08 6e 6f 2d 63 61 63 68 65",
        "82 87 85 bf 40 0a 63 75 73 74 6f 6d 2d 6b 65 79 0c 63 75 73 74 6f 6d 2d 76 61 6c 75 65");
    table.section("H C.4");
    requests(
        table,
        "82 86 84 41 8c f1 e3 c2 e5 f2 3a 6b a0 ab 90 f4 ff",
        "82 86 84 be 58 86 a8 eb 10 64 9c bf",
        "82 87 85 bf 40 88 25 a8 49 e9 5b a9 7d 7f 89 25 a8 49 e9 5b b8 e8 b4 bf");
    table.section("H C.5");
    responses(
        table,
        "48 03 33 30 32 58 07 70 72 69 76 61 74 65 61 1d 4d 6f 6e 2c 20 32 31 20 4f 63 74 20 32 30"
            + "31 33 20 32 30 3a 31 33 3a 32 31 20 47 4d 54 6e 17 68 74 74 70 73 3a 2f 2f 77 77 77"
            + "2e 65 78 61 6d 70 6c 65 2e 63 6f 6d",
        "48 03 33 30 37 c1 c0 bf",
        "88 c1 61 1d 4d 6f 6e 2c 20 32 31 20 4f 63 74 20 32 30 31 33 20 32 30 3a 31 33 3a 32 32 20"
            + "47 4d 54 c0 5a 04 67 7a 69 70 77 38 66 6f 6f 3d 41 53 44 4a 4b 48 51 4b 42 5a 58 4f"
            + "51 57 45 4f 50 49 55 41 58 51 57 45 4f 49 55 3b 20 6d 61 78 2d 61 67 65 3d 33 36 30"
            + "30 3b 20 76 65 72 73 69 6f 6e 3d 31");
    table.section("H C.6");
    responses(
        table,
        "48 82 64 02 58 85 ae c3 77 1a 4b 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0"
            + "82 a6 2d 1b ff 6e 91 9d 29 ad 17 18 63 c7 8f 0b 97 c8 e9 ae 82 ae 43 d3",
        "48 83 64 0e ff c1 c0 bf",
        "88 c1 61 96 d0 7a be 94 10 54 d4 44 a8 20 05 95 04 0b 81 66 e0 84 a6 2d 1b ff c0 5a 83 9b"
            + "d9 ab 77 ad 94 e7 82 1d d7 f2 e6 c7 b3 35 df df cd 5b 39 60 d5 af 27 08 7f 36 72 c1"
            + "ab 27 0f b5 29 1f 95 87 31 60 65 c0 03 ed 4e e5 b1 06 3d 50 07");
    return table.cases();
  }

  private static void fields(Table table) {
    table
        .section("H C.2.1")
        .both(
            "literal with indexing",
            OPEN,
            id ->
                headers(
                    id,
                    END_STREAM,
                    hex(
                        "40 0a 63 75 73 74 6f 6d 2d 6b 65 79 0d 63 75 73 74 6f 6d 2d 68 65 61 64 65"
                            + "72")),
            "seen HEADERS # custom-key=custom-header end")
        .section("H C.2.2, C.2.4")
        .server(
            "literal without indexing, and indexed",
            IDLE,
            id -> headers(id, NONE, hex("82 86 04 0c 2f 73 61 6d 70 6c 65 2f 70 61 74 68")),
            "seen HEADERS # :method=GET :scheme=http :path=/sample/path")
        .section("H C.2.3")
        .both(
            "literal never indexed",
            OPEN,
            id ->
                headers(id, END_STREAM, hex("10 08 70 61 73 73 77 6f 72 64 06 73 65 63 72 65 74")),
            "seen HEADERS # password=secret end");
  }

  private static void requests(Table table, String first, String second, String third) {
    String known = " :authority=www.example.com";
    table.server(
        "requests",
        IDLE,
        id ->
            join(
                headers(id, NONE, hex(first)),
                headers(id + 2, NONE, hex(second)),
                reset(id, 8),
                headers(id + 4, NONE, hex(third))),
        all(
            "seen HEADERS # :method=GET :scheme=http :path=/" + known,
            "seen HEADERS 5 :method=GET :scheme=http :path=/" + known + " cache-control=no-cache",
            "seen RST_STREAM # CANCEL",
            "seen HEADERS 7 :method=GET :scheme=https :path=/index.html"
                + known
                + " custom-key=custom-value"));
  }

  private static void responses(Table table, String first, String second, String third) {
    table.client(
        "responses",
        REQUESTED,
        id ->
            join(
                headers(id, NONE, join(TO_256, hex(first))),
                headers(id + 2, NONE, hex(second)),
                headers(id + 4, NONE, hex(third))),
        all(
            "seen HEADERS # :status=302" + PRIVATE + FIRST_DATE + LOCATION,
            "seen HEADERS 5 :status=307" + PRIVATE + FIRST_DATE + LOCATION,
            "seen HEADERS 7 :status=200"
                + PRIVATE
                + SECOND_DATE
                + LOCATION
                + " content-encoding=gzip"
                + " set-cookie=foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"));
  }
}
