package dev.holdfast.duplex.conformance.wire;

import dev.holdfast.core.JsonTextWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The vectors of the wire: bytes of frames and handshakes with their fields, and bytes that are
 * refused. Made by this encoder, which knows the document alone, and read by the implementations'
 * own tests.
 */
public final class WireVectors {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] KEY =
      "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8);
  private static final byte[] SESSION = HEX.parseHex("0123456789abcdef1122334455667788");
  private static final String METHOD = "test.Devices/Talk";
  private static final String OWNER = "10.0.0.1:50051";
  private static final long TAG = 300;

  private final List<Map<String, Object>> vectors = new ArrayList<>();

  private WireVectors() {}

  /** The text of the file: a JSON array with one vector a line. */
  public static String text() {
    WireVectors made = new WireVectors();
    made.frames();
    made.brokenFrames();
    made.hellos();
    made.brokenHellos();
    made.welcomes();
    made.refusals();
    made.tokens();
    made.handovers();
    made.brokenHandovers();
    List<String> lines =
        made.vectors.stream().map(each -> " " + new JsonTextWriter().value(each)).toList();
    return "[\n" + String.join(",\n", lines) + "\n]\n";
  }

  private Map<String, Object> add(String kind, String name, byte[] bytes) {
    Map<String, Object> vector = new LinkedHashMap<>();
    vector.put("kind", kind);
    vector.put("name", name);
    vector.put("bytes", HEX.formatHex(bytes));
    vectors.add(vector);
    return vector;
  }

  private void frame(String name, UnaryOperator<WireFrame> change) {
    WireFrame frame = change.apply(WireFrame.of(TAG));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tag", frame.tag());
    fields.put("seq", frame.seq());
    fields.put("ack", frame.ack());
    fields.put("credit", frame.credit());
    fields.put("flags", frame.flags());
    fields.put("low", frame.low());
    fields.put("status", frame.status());
    fields.put("probe", frame.probe());
    fields.put("body", frame.bodyHex());
    add("frame", name, frame.encode()).put("fields", fields);
  }

  private void frames() {
    frame("tag only", frame -> frame);
    frame("first message", frame -> frame.withSeq(1).withText("a"));
    frame("message with ack and credit", frame -> frame.withSeq(9).withAck(4).withCredit(260));
    frame("ack", frame -> frame.withAck(77).withCredit(333));
    frame("half-close", frame -> frame.withSeq(5).withFlags(WireFrame.HALF_CLOSE));
    frame("cancel", frame -> frame.withFlags(WireFrame.CANCEL));
    frame("drain", frame -> frame.withFlags(WireFrame.DRAIN));
    frame("leaving", frame -> frame.withFlags(WireFrame.DRAIN | WireFrame.LEAVING));
    frame("settled", frame -> frame.withFlags(WireFrame.SETTLED).withLow(4));
    frame("settled at nothing", frame -> frame.withFlags(WireFrame.SETTLED));
    frame("probe", frame -> frame.withProbe(1));
    frame("echo", frame -> frame.withProbe(1).withFlags(WireFrame.ECHO));
    frame(
        "final status",
        frame ->
            frame
                .withSeq(9)
                .withAck(5)
                .withFlags(WireFrame.FINAL)
                .withStatus(5)
                .withBody(FinalBody.encode("x", Map.of("shard", "37"))));
    frame(
        "moved",
        frame ->
            frame
                .withSeq(9)
                .withAck(5)
                .withFlags(WireFrame.FINAL | WireFrame.MOVED)
                .withStatus(14));
    frame(
        "highest numbers",
        frame ->
            new WireFrame(
                0xffff_ffffL,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                Long.MAX_VALUE,
                255,
                Long.MAX_VALUE,
                16,
                Long.MAX_VALUE,
                ""));
    frame("one byte more than a varint of one", frame -> frame.withSeq(128).withAck(127));
    for (String none : List.of("", "0a0161", "faffffff", "faffffff0e020801")) {
      add("no header", "body alone: " + none, HEX.parseHex(none));
    }
  }

  private void brokenFrames() {
    BrokenHeaders.CONTENTS.forEach(
        (name, content) ->
            add("broken frame", name, BrokenHeaders.message(TAG, HEX.parseHex(content))));
    BrokenHeaders.MESSAGES.forEach(
        (name, message) -> add("broken frame", name, HEX.parseHex(message)));
    add("broken frame", "tag of 2^32", HEX.parseHex("faffffff0f06088080808010"));
  }

  private void hello(String name, WireHello hello) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("session", HEX.formatHex(hello.session()));
    fields.put("attach", hello.attach());
    fields.put("tag", hello.tag());
    fields.put("watermark", hello.watermark());
    fields.put("low", hello.low());
    fields.put("credit", hello.credit());
    fields.put("remaining", hello.remaining());
    fields.put("untouched", hello.isUntouched());
    fields.put("token", HEX.formatHex(hello.token()));
    fields.put("age", hello.age());
    fields.put("touched by", hello.touchedBy());
    add("hello", name, hello.encode()).put("fields", fields);
  }

  private static WireHello first() {
    return WireHello.first(SESSION, TAG);
  }

  private static byte[] token() {
    return WireToken.issue(KEY, SESSION, "device-7", METHOD, OWNER);
  }

  private void hellos() {
    hello("first", first());
    hello("first with a deadline", first().remaining(60_000));
    hello("later", WireHello.later(SESSION, 7, 301, token()).watermark(41).low(12).credit(297));
    hello("not welcomed, with an age", first().attach(2).untouched(false).age(12_345).touchedBy(1));
    hello("longest token", first().token(new byte[320]).credit(0));
  }

  private void brokenHellos() {
    add("broken hello", "empty", new byte[0]);
    add("broken hello", "version of 2", first().version(2).encode());
    add("broken hello", "without version", first().version(0).encode());
    add("broken hello", "short session", first().session(new byte[15]).encode());
    add("broken hello", "without session", first().session(new byte[0]).encode());
    add("broken hello", "without attach", first().attach(0).encode());
    add("broken hello", "without tag", first().tag(0).encode());
    add("broken hello", "tag of 2^32", first().tag(1L << 32).encode());
    add("broken hello", "without low", first().low(0).encode());
    add("broken hello", "untouched of 2", first().put(9, 2).encode());
    add("broken hello", "token of 321 bytes", first().token(new byte[321]).encode());
    add("broken hello", "more than 100 days", first().remaining(8_640_000_001L).encode());
    add("broken hello", "unknown field", first().put(15, 1).encode());
    byte[] good = first().encode();
    add("broken hello", "cut off", java.util.Arrays.copyOf(good, good.length - 1));
  }

  private void welcome(String name, WireWelcome welcome, long every, long delay, long spread) {
    welcome.acks(every, delay).spread(spread);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("token", HEX.formatHex(welcome.token()));
    fields.put("watermark", welcome.watermark());
    fields.put("low", welcome.low());
    fields.put("credit", welcome.credit());
    fields.put("ttl", welcome.ttl());
    fields.put("ack every", every);
    fields.put("ack delay", delay);
    fields.put("spread", spread);
    add("welcome", name, welcome.encode()).put("fields", fields);
  }

  private void welcomes() {
    welcome("first", WireWelcome.first(token()), 64, 50, 0);
    welcome("later", WireWelcome.first(token()).watermark(11).low(42).credit(267), 16, 50, 2_000);
    welcome("acks as the client likes", WireWelcome.first(token()).ttl(1), 0, 0, 0);
    add("broken welcome", "without token", WireWelcome.first(new byte[0]).encode());
    add("broken welcome", "without low", WireWelcome.first(token()).low(0).encode());
    add("broken welcome", "without ttl", WireWelcome.first(token()).ttl(0).encode());
    add("broken welcome", "unknown field", WireWelcome.first(token()).put(15, 1).encode());
  }

  private void refusal(String name, WireRefusal refusal) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("code", refusal.code());
    fields.put("address", refusal.address());
    fields.put("retry after", refusal.retryAfter());
    fields.put("processed", refusal.processed());
    add("refusal", name, refusal.encode()).put("fields", fields);
  }

  private void refusals() {
    refusal("UNKNOWN", WireRefusal.of(WireRefusal.UNKNOWN));
    refusal("EXPIRED", new WireRefusal(WireRefusal.EXPIRED, "", 0, 11));
    refusal("GAP", new WireRefusal(WireRefusal.GAP, "", 0, 11));
    refusal("FENCED", WireRefusal.of(WireRefusal.FENCED));
    refusal("MOVED", WireRefusal.moved("10.0.0.2:50051"));
    refusal("BUSY", WireRefusal.busy(250));
    refusal("DENIED", WireRefusal.of(WireRefusal.DENIED));
    add("broken refusal", "without a code", WireRefusal.of(0).encode());
    add("broken refusal", "code of 8", WireRefusal.of(8).encode());
    add("broken refusal", "MOVED without an address", WireRefusal.of(WireRefusal.MOVED).encode());
  }

  private void handover(String name, WireHandover unsealed, String principal) {
    WireHandover handover = unsealed.sealed(KEY, SESSION, principal, METHOD);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("key", HEX.formatHex(KEY));
    fields.put("session", HEX.formatHex(SESSION));
    fields.put("principal", principal);
    fields.put("method", METHOD);
    fields.put("position", handover.position());
    fields.put("processed", handover.processed());
    fields.put("moves", handover.moves());
    fields.put("half closed", handover.isHalfClosed());
    fields.put("replays", handover.replays());
    fields.put("cursor", handover.cursorHex());
    fields.put("seal", handover.sealHex());
    add("hand-over", name, handover.encode()).put("fields", fields);
  }

  private void handovers() {
    add("offer", "of a hand-over", WireHandover.offer().encode());
    WireHandover whole = WireHandover.of(300, 7, 2);
    handover("with all positions", whole.halfClosed(), "device-7");
    handover("of nobody", whole, "");
    handover("that replays", whole.replaying(), "device-7");
    handover("that restarts", whole.restarting(), "device-7");
    handover("of a stream without messages", WireHandover.of(1, 0, 1).withCursor(""), "device-7");
    handover("with a cursor of 4,096 bytes", whole.withCursor("c".repeat(4096)), "device-7");
  }

  private void brokenHandovers() {
    WireHandover whole = WireHandover.of(2, 1, 1);
    byte[] good = whole.encode();
    broken("without position", WireHandover.of(0, 1, 1));
    broken("position that none can follow", WireHandover.of(Long.MAX_VALUE, 1, 1));
    broken("without moves", WireHandover.of(2, 1, 0));
    broken("more moves than positions", WireHandover.of(2, 1, 3));
    broken("without seal", whole.with(8, new byte[0]));
    broken("seal of 31 bytes", whole.with(8, new byte[31]));
    broken("seal of 33 bytes", whole.with(8, new byte[33]));
    broken("half closed of 2", whole.with(5, 2));
    broken("replays of 3", whole.with(6, 3));
    broken("version of 2", whole.with(1, 2));
    broken("without version", whole.with(1, 0));
    broken("cursor of 4,097 bytes", whole.withCursor("c".repeat(4097)));
    add("broken hand-over", "empty", new byte[0]);
    add("broken hand-over", "cut off", java.util.Arrays.copyOf(good, good.length - 1));
  }

  private void broken(String name, WireHandover handover) {
    add("broken hand-over", name, handover.encode());
  }

  private void tokens() {
    for (String owner : List.of(OWNER, "")) {
      for (String principal : List.of("device-7", "")) {
        byte[] bytes = WireToken.issue(KEY, SESSION, principal, METHOD, owner);
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("key", HEX.formatHex(KEY));
        fields.put("session", HEX.formatHex(SESSION));
        fields.put("principal", principal);
        fields.put("method", METHOD);
        fields.put("owner", owner);
        add("token", "of '%s' at '%s'".formatted(principal, owner), bytes).put("fields", fields);
      }
    }
  }
}
