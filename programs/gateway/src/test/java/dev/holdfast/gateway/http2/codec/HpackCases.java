package dev.holdfast.gateway.http2.codec;

import static dev.holdfast.gateway.http2.codec.CaseFrames.END_STREAM;
import static dev.holdfast.gateway.http2.codec.CaseFrames.NONE;
import static dev.holdfast.gateway.http2.codec.CaseFrames.block;
import static dev.holdfast.gateway.http2.codec.CaseFrames.headers;
import static dev.holdfast.gateway.http2.codec.CaseFrames.hex;
import static dev.holdfast.gateway.http2.codec.CaseFrames.join;
import static dev.holdfast.gateway.http2.codec.CaseFrames.request;
import static dev.holdfast.gateway.http2.codec.CaseFrames.text;
import static dev.holdfast.gateway.http2.codec.CaseState.IDLE;
import static dev.holdfast.gateway.http2.codec.CaseState.OPEN;
import static dev.holdfast.gateway.http2.codec.CodecCase.all;
import static dev.holdfast.gateway.http2.codec.CodecCase.closes;

import dev.holdfast.gateway.http2.codec.CodecCase.Table;
import java.util.List;

/** Cases of header compression (RFC 7541). The events are those of trailers. */
final class HpackCases {
  /** Size updates: 0, the default of 4,096, one byte more, and 64. */
  private static final byte[] TO_0 = hex("20");

  private static final byte[] TO_4096 = hex("3f e1 1f");
  private static final byte[] TO_4097 = hex("3f e2 1f");
  private static final byte[] TO_64 = hex("3f 21");

  /** A field of 34 bytes that is added to the dynamic table, and indexes of it. */
  private static final byte[] ADDED = hex("40 01 61 01 62");

  private static final byte[] INDEX_62 = hex("be");
  private static final byte[] INDEX_63 = hex("bf");
  private static final byte[] FIELD = block("x", "1");

  private HpackCases() {}

  static List<CodecCase> cases() {
    Table table = new Table();
    indexes(table);
    sizes(table);
    evictions(table);
    integers(table);
    strings(table);
    forms(table);
    return table.cases();
  }

  private static Table trailers(Table table, String what, byte[] block, String seen) {
    String events = "seen HEADERS #" + (seen.isEmpty() ? "" : " " + seen) + " end";
    return table.both(what, OPEN, id -> headers(id, END_STREAM, block), events);
  }

  private static Table broken(Table table, String what, byte[]... parts) {
    byte[] block = join(parts);
    String events = closes("COMPRESSION_ERROR");
    return table.both(what, OPEN, id -> headers(id, END_STREAM, block), events);
  }

  private static void indexes(Table table) {
    table.section("H2.3.3");
    trailers(table, "the last index of the static table", hex("bd"), "www-authenticate=");
    trailers(table, "the first index of the dynamic table", join(ADDED, INDEX_62), "a=b a=b");
    broken(table, "index 62 of an empty table", INDEX_62);
    broken(table, "index 63 of a table with one entry", ADDED, INDEX_63);
    broken(table, "a far index", hex("ff 80 01"));
    broken(table, "a name's index 62 of an empty table", hex("0f 2f 01 31"));
    broken(table, "an added name's index 62 of an empty table", hex("7e 01 31"));
    broken(table, "a never indexed name's index 62", hex("1f 2f 01 31"));
    table
        .section("H2.3.2")
        .server(
            "a block that comes twice adds twice",
            IDLE,
            id ->
                join(
                    headers(id, NONE, join(request(), ADDED)),
                    headers(id + 2, NONE, join(request(), ADDED)),
                    headers(id + 2, END_STREAM, INDEX_63)),
            all(
                "seen HEADERS # :method=POST :scheme=http :path=/ :authority=a a=b",
                "seen HEADERS 5 :method=POST :scheme=http :path=/ :authority=a a=b",
                "seen HEADERS 5 a=b end"));
    table.section("H6.1");
    broken(table, "index 0", hex("80"));
    broken(table, "index 0 behind a field", FIELD, hex("80"));
  }

  private static void sizes(Table table) {
    table.section("H6.3");
    trailers(table, "an update to the limit", join(TO_4096, FIELD), "x=1");
    trailers(table, "an update to 0", join(TO_0, FIELD), "x=1");
    broken(table, "an update beyond the limit", TO_4097, FIELD);
    broken(table, "an update far beyond the limit", hex("3f e1 ff ff ff 07"), FIELD);
    broken(table, "an update that is too large for an integer", hex("3f ff ff ff ff ff 0f"), FIELD);
    table.section("H4.2");
    trailers(table, "two updates", join(TO_0, TO_4096, FIELD), "x=1");
    trailers(table, "an update and nothing else", TO_64, "");
    broken(table, "an update behind a field", FIELD, TO_64);
    broken(table, "an update between fields", FIELD, TO_64, FIELD);
    broken(table, "a second update beyond the limit", TO_64, TO_4097, FIELD);
  }

  private static void evictions(Table table) {
    table.section("H4.3");
    broken(table, "an update to 0 evicts", TO_0, ADDED, INDEX_62);
    table.server(
        "a later block's update to 0 evicts",
        IDLE,
        id ->
            join(
                headers(id, NONE, join(request(), ADDED)),
                headers(id, END_STREAM, join(TO_0, INDEX_62))),
        all(
            "seen HEADERS # :method=POST :scheme=http :path=/ :authority=a a=b",
            closes("COMPRESSION_ERROR")));
    table.server(
        "a later block without an update does not",
        IDLE,
        id -> join(headers(id, NONE, join(request(), ADDED)), headers(id, END_STREAM, INDEX_62)),
        all(
            "seen HEADERS # :method=POST :scheme=http :path=/ :authority=a a=b",
            "seen HEADERS # a=b end"));
    table.section("H4.4");
    trailers(
        table,
        "an entry evicts another",
        join(TO_64, ADDED, hex("40 01 63 01 64"), INDEX_62),
        "a=b c=d c=d");
    broken(table, "an entry that was evicted", TO_64, ADDED, hex("40 01 63 01 64"), INDEX_63);
    trailers(
        table,
        "the name of an entry that is evicted by its use",
        join(TO_64, ADDED, hex("7e 01 7a"), INDEX_62),
        "a=b a=z a=z");
    byte[] large = join(hex("40 01 63 28"), new byte[40]);
    for (int i = 4; i < large.length; i++) {
      large[i] = 'y';
    }
    String largeText = "c=" + "y".repeat(40);
    trailers(
        table, "an entry larger than the table", join(TO_64, ADDED, large), "a=b " + largeText);
    broken(table, "an entry larger than the table empties it", TO_64, ADDED, large, INDEX_62);
  }

  private static void integers(Table table) {
    table.section("H5.1");
    String overlong = "aa" + "61".repeat(125);
    broken(table, "an index that is cut off", FIELD, hex("ff"));
    broken(table, "an index that goes on and on", hex("ff 80 80 80 80 80 80 80 80 80 01"));
    broken(table, "an index of 2^31", hex("ff 81 ff ff ff 07"));
    broken(table, "an index of 2^32", hex("ff 81 ff ff ff 0f"));
    broken(table, "a length of 2^31", hex("00 7f 81 ff ff ff 07"));
    broken(table, "a length of 2^35", hex("00 7f ff ff ff ff ff 0f"));
    broken(table, "a length that is cut off", hex("00 7f"));
    broken(table, "a length that is cut off later", hex("00 7f 80"));
    trailers(
        table,
        "a length with zeros behind it",
        join(hex("00 7f 80 00"), text("a".repeat(127)), hex("01 31")),
        "a".repeat(127) + "=1");
    broken(table, "a name of bytes that don't come", hex("00" + overlong));
  }

  private static void strings(Table table) {
    table.section("H5.2");
    trailers(table, "a Huffman code", hex("00 81 1f 81 0f"), "a=1");
    trailers(table, "an empty Huffman code as value", hex("00 01 78 80"), "x=");
    broken(table, "the EOS symbol", hex("00 01 78 84 ff ff ff ff"));
    broken(table, "the EOS symbol behind a letter", hex("00 01 78 85 1f ff ff ff ff"));
    broken(table, "padding of more than 7 bits", hex("00 01 78 82 1f ff"));
    broken(table, "padding of 8 bits", hex("00 01 78 81 ff"));
    broken(table, "padding of zeros", hex("00 01 78 81 18"));
    broken(table, "padding of a one too few", hex("00 01 78 81 1e"));
    broken(table, "a name with bad padding", hex("00 81 18 01 31"));
    broken(table, "a value that is longer than its block", hex("00 01 78 05 31"));
    broken(table, "a Huffman code that is longer than its block", hex("00 01 78 85 1f"));
    broken(table, "a field without a value", hex("00 01 78"));
    broken(table, "a field without a name", hex("00"));
  }

  private static void forms(Table table) {
    table.section("H6.2");
    trailers(table, "added, new name", hex("40 01 78 01 31"), "x=1");
    trailers(table, "added, known name", hex("7a 01 31"), "user-agent=1");
    trailers(table, "not added, new name", hex("00 01 78 01 31"), "x=1");
    trailers(table, "not added, known name", hex("0f 2b 01 31"), "user-agent=1");
    trailers(table, "never indexed, new name", hex("10 01 78 01 31"), "x=1");
    trailers(table, "never indexed, known name", hex("1f 2b 01 31"), "user-agent=1");
    trailers(table, "a pair of the static table", hex("90"), "accept-encoding=gzip, deflate");
    broken(table, "not added fields have no index", hex("00 01 78 01 31"), INDEX_62);
    broken(table, "never indexed fields have no index", hex("10 01 78 01 31"), INDEX_62);
  }
}
