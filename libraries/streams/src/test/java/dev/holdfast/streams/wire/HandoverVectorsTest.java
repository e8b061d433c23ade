package dev.holdfast.streams.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.streams.TestVectors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The vectors of hand-overs and their seals say what the code does; see {@link TestVectors}. */
class HandoverVectorsTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final SessionId ID = new SessionId(0x0123456789abcdefL, 0x1122334455667788L);
  private static final String PRINCIPAL = "device-7";
  private static final String METHOD = "test.Devices/Talk";
  private static final byte[] CURSOR = {4, 2};

  private final SessionTokenIssuer issuer = issuer(KEY);

  @Test
  void handoversAreAsTheVectorsSay() throws IOException {
    TestVectors.check(
        "handovers.json",
        "{\n \"handovers\": [\n"
            + String.join(",\n", handovers())
            + "\n ],\n \"seals\": [\n"
            + String.join(",\n", seals())
            + "\n ],\n \"refused\": [\n"
            + String.join(",\n", refused())
            + "\n ]\n}\n");
  }

  private List<String> handovers() {
    long most = Long.MAX_VALUE;
    byte[] long128 = new byte[128];
    return List.of(
        handover("the offer of a client", SessionHandover.OFFER),
        handover("with all positions", sealed(whole())),
        handover("that replays", sealed(SessionHandover.of(5, 0, 1, true, true, CURSOR))),
        handover("that restarts", sealed(SessionHandover.restart(3, 1))),
        handover(
            "of a stream without messages",
            sealed(SessionHandover.of(1, 0, 1, false, false, new byte[0]))),
        handover(
            "with a cursor of 128 bytes",
            sealed(SessionHandover.of(2, 1, 1, false, false, long128))),
        handover(
            "with the highest numbers",
            sealed(SessionHandover.of(most - 1, most, Integer.MAX_VALUE, true, false, CURSOR))));
  }

  private static SessionHandover whole() {
    return SessionHandover.of(300, 7, 2, true, false, CURSOR);
  }

  private SessionHandover sealed(SessionHandover handover) {
    return issuer.seal(handover, ID, PRINCIPAL, METHOD);
  }

  private static SessionTokenIssuer issuer(String key) {
    return new SessionTokenIssuer(key.getBytes(StandardCharsets.UTF_8));
  }

  private static String handover(String name, SessionHandover handover) {
    return """
      {"name": "%s", "bytes": "%s", "position": %d, "processed": %d, "moves": %d,\
     "half closed": %b, "replays": %d, "cursor": "%s", "seal": "%s"}\
    """
        .formatted(
            name,
            HEX.formatHex(handover.toByteArray()),
            handover.position(),
            handover.processed(),
            handover.moves(),
            handover.isHalfClosed(),
            handover.restarts() ? 2 : handover.replays() ? 1 : 0,
            HEX.formatHex(handover.cursor()),
            HEX.formatHex(handover.seal()))
        .stripTrailing();
  }

  /** The result of a server's check of a seal. */
  private List<String> seals() {
    List<String> seals = new ArrayList<>();
    SessionHandover good = sealed(whole());
    SessionId other = new SessionId(ID.high(), ID.low() + 1);
    seals.add(seal("that fits", good, KEY, ID, PRINCIPAL, METHOD));
    seals.add(seal("of nobody", issuer.seal(whole(), ID, "", METHOD), KEY, ID, "", METHOD));
    seals.add(
        seal(
            "of a principal beyond ASCII",
            issuer.seal(whole(), ID, "Ger\u00e4t", METHOD),
            KEY,
            ID,
            "Ger\u00e4t",
            METHOD));
    seals.add(
        seal("of a restart", sealed(SessionHandover.restart(3, 1)), KEY, ID, PRINCIPAL, METHOD));
    assertThat(seals).allMatch(line -> line.contains("\"fits\": true"));
    int fitting = seals.size();
    seals.add(seal("of another key", good, "f" + KEY.substring(1), ID, PRINCIPAL, METHOD));
    seals.add(seal("of another session", good, KEY, other, PRINCIPAL, METHOD));
    seals.add(seal("of another principal", good, KEY, ID, "device-8", METHOD));
    seals.add(seal("of another method", good, KEY, ID, PRINCIPAL, "test.Devices/List"));
    seals.add(
        seal("of bytes that stand elsewhere", good, KEY, ID, "device-7t", METHOD.substring(1)));
    seals.add(
        seal(
            "of another cursor",
            SessionHandover.of(300, 7, 2, true, false, new byte[] {4, 3}).sealed(good.seal()),
            KEY,
            ID,
            PRINCIPAL,
            METHOD));
    seals.add(
        seal(
            "of another position",
            SessionHandover.of(301, 7, 2, true, false, CURSOR).sealed(good.seal()),
            KEY,
            ID,
            PRINCIPAL,
            METHOD));
    seals.add(
        seal(
            "that is a token",
            whole().sealed(issuer.issue(ID, PRINCIPAL, METHOD, "").mac()),
            KEY,
            ID,
            PRINCIPAL,
            METHOD));
    assertThat(seals.subList(fitting, seals.size()))
        .allMatch(line -> line.contains("\"fits\": false"));
    return seals;
  }

  private static String seal(
      String name,
      SessionHandover handover,
      String key,
      SessionId session,
      String principal,
      String method) {
    return """
      {"name": "%s", "bytes": "%s", "key": "%s", "session": "%s", "principal": "%s",\
     "method": "%s", "fits": %b}\
    """
        .formatted(
            name,
            HEX.formatHex(handover.toByteArray()),
            key,
            session,
            principal,
            method,
            issuer(key).verify(handover, session, principal, method))
        .stripTrailing();
  }

  private static List<String> refused() {
    String seal = "4220" + "09".repeat(32);
    return List.of(
        refused("nothing", ""),
        refused("another version", "080210012001" + seal),
        refused("no version", "10012001" + seal),
        refused("no position", "08012001" + seal),
        refused("no moves", "08011001" + seal),
        refused("no seal", "080110012001"),
        refused("an offer with a seal", "0801" + seal),
        refused("an offer with a cursor", "08013a020402"),
        refused("a seal of 31 bytes", "080110012001421f" + "09".repeat(31)),
        refused("a seal of 33 bytes", "0801100120014221" + "09".repeat(33)),
        refused("more moves than positions", "080110012002" + seal),
        refused("a position of 2^63-1", "080110ffffffffffffffff7f2001" + seal),
        refused("moves of 2^31", "080110ffffffff0f208080808008" + seal),
        refused("half closed of 2", "0801100120012802" + seal),
        refused("replays of 3", "0801100120013003" + seal),
        refused("a processed of zero", "0801100118002001" + seal),
        refused("a cursor of no bytes", "0801100120013a00" + seal),
        refused("a long varint", "08011081002001" + seal),
        refused("a field twice", "0801100110012001" + seal),
        refused("fields that descend", "080120011001" + seal),
        refused("an unknown field", "080110012001" + seal + "4801"),
        refused("a seal that is cut off", "080110012001" + seal.substring(0, 64)));
  }

  private static String refused(String name, String hex) {
    return "  {\"name\": \"%s\", \"bytes\": \"%s\", \"kind\": \"%s\"}"
        .formatted(name, hex, violation(HEX.parseHex(hex)));
  }

  private static String violation(byte[] bytes) {
    try {
      return "none: " + SessionHandover.parse(bytes);
    } catch (WireException e) {
      return e.kind().name();
    }
  }
}
