package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.BrokenHeaders;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import io.grpc.Status;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of frames, acks and credit at a server. */
final class ServerFrameScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);

  private ServerFrameScenarios() {}

  static List<Scenario> all() {
    ScenarioList list = new ScenarioList(Scenario.Role.SERVER);
    BrokenHeaders.CONTENTS.forEach(
        (name, content) ->
            list.add(
                "server-header-" + name,
                "M8 M61",
                stage -> {
                  byte[] bytes = HexFormat.of().parseHex(content);
                  unreadable(stage, BrokenHeaders.message(ServerStage.TAG, bytes));
                }));
    BrokenHeaders.MESSAGES.forEach(
        (name, message) ->
            list.add(
                "server-header-" + name,
                "M8 M61",
                stage -> unreadable(stage, HexFormat.of().parseHex(message))));
    for (long flag :
        List.of(WireFrame.FINAL, WireFrame.DRAIN, WireFrame.LEAVING, WireFrame.MOVED)) {
      list.add(
          "server-flag-" + flag + "-of-server",
          "M9",
          stage -> breaks(stage, WireFrame.of(ServerStage.TAG).withSeq(1).withFlags(flag)));
    }
    return list.add("server-low-without-settled", "M9", ServerFrameScenarios::strayLow)
        .add("server-ack-above-sent", "M3 M61", ServerFrameScenarios::ackAboveSent)
        .add("server-duplicate", "M5", ServerFrameScenarios::duplicate)
        .add("server-gap", "M6 M61", ServerFrameScenarios::gap)
        .add("server-after-half-close", "M7", ServerFrameScenarios::afterHalfClose)
        .add("server-foreign-tag", "M10", ServerFrameScenarios::foreignTag)
        .add("server-foreign-tag-in-body", "M10 M54", ServerFrameScenarios::foreignInBody)
        .add("server-empty-message", "M11", ServerFrameScenarios::emptyMessage)
        .add("server-large-message", "M11", ServerFrameScenarios::largeMessage)
        .add("server-half-close", "M1 M64", ServerFrameScenarios::halfClose)
        .add("server-acks-what-was-processed", "M2", Set.of("reading"), ServerFrameScenarios::acks)
        .add("server-watermark-is-processed", "M2", Set.of("reading"), ServerFrameScenarios::mark)
        .add("server-ack-every", "M69", Set.of("ackEvery"), ServerFrameScenarios::ackEvery)
        .add("server-ack-delay", "M69", Set.of("ackDelayMs"), ServerFrameScenarios::ackDelay)
        .add("server-control-frame", "M70", ServerFrameScenarios::controlFrame)
        .add("server-probe", "M67", ServerFrameScenarios::probe)
        .add(
            "server-probe-asks-for-ack",
            "M68",
            Set.of("reading"),
            ServerFrameScenarios::probeAsksForAck)
        .add("server-keeps-to-credit", "M64", ServerFrameScenarios::keepsToCredit)
        .add("server-final-needs-no-credit", "M64", ServerFrameScenarios::finalFree)
        .add("server-lower-credit", "M65", ServerFrameScenarios::lowerCredit)
        .add("server-credit-anew", "M65", ServerFrameScenarios::creditAnew)
        .add("server-gives-credit", "M66", ServerFrameScenarios::givesCredit)
        .add("server-buffer-full", "M71", Set.of("sendMessages"), ServerFrameScenarios::bufferFull)
        .toList();
  }

  private static void unreadable(Stage stage, byte[] message) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    call.send(message);
    Check.equal("status", call.status(), Status.Code.INVALID_ARGUMENT);
    goesOn(server);
  }

  private static void breaks(Stage stage, WireFrame frame) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    call.send(frame);
    Check.equal("status", call.status(), Status.Code.INTERNAL);
    goesOn(server);
  }

  /** The session is still there, and nothing of it counted. */
  private static void goesOn(ServerStage server) throws Exception {
    WireClientCall next = server.client().attach(server.hello());
    Check.equal("watermark", next.welcome().watermark(), 0L);
    server.say(next, 1, "a");
    server.received("a");
    server.send("x");
    ServerStage.expect(next, 1, "x");
  }

  private static void strayLow(Stage stage) throws Exception {
    breaks(stage, WireFrame.of(ServerStage.TAG).withSeq(1).withLow(1).withText("no"));
  }

  private static void ackAboveSent(Stage stage) throws Exception {
    breaks(stage, WireFrame.of(ServerStage.TAG).withSeq(1).withAck(1).withText("no"));
  }

  private static void duplicate(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    ServerStage.expectAck(call, 1);
    server.say(call, 1, "a");
    Check.equal("ack after a duplicate", ServerStage.expectAck(call, 1).ack(), 1L);
    server.say(call, 2, "b");
    server.received("b");
  }

  private static void gap(Stage stage) throws Exception {
    breaks(stage, WireFrame.of(ServerStage.TAG).withSeq(2).withText("no"));
  }

  private static void afterHalfClose(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    call.send(server.frame().withSeq(1).withFlags(WireFrame.HALF_CLOSE));
    server.receivedHalfClose();
    server.say(call, 2, "no");
    Check.equal("status", call.status(), Status.Code.INTERNAL);
    server.resume(0, 2);
    server.send("x");
  }

  private static void foreignTag(Stage stage) throws Exception {
    // The first message of an attachment has none then.
    breaks(stage, WireFrame.of(ServerStage.TAG + 1).withSeq(1).withText("no"));
  }

  private static void foreignInBody(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    // A message without a header, whose first field came from another session.
    call.send(WireFrame.of(ServerStage.TAG + 1).withSeq(9).withText("b").encode());
    server.received("a");
    server.received("b");
    ServerStage.expectAck(call, 2);
  }

  private static void emptyMessage(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    call.send(server.frame().withSeq(1));
    server.received("");
    server.send("");
    WireFrame message = call.events().message();
    Check.equal("position", message.seq(), 1L);
    Check.equal("body", message.bodyHex(), "");
  }

  private static void largeMessage(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, TextMessage.filled("a", 1_000_000));
    server.received("a");
    server.send(TextMessage.filled("x", 1_000_000));
    Check.equal("size", call.events().message().text().length(), 1_000_000);
  }

  private static void halfClose(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    call.send(server.frame().withSeq(2).withFlags(WireFrame.HALF_CLOSE));
    server.received("a");
    server.receivedHalfClose();
    ServerStage.expectAck(call, 2);
    server.finish(0);
    Check.equal("ack", ServerStage.expectFinal(call, 1, 0).ack(), 2L);
  }

  private static void acks(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("reading", "manual"));
    server.say(call, 1, "a");
    server.say(call, 2, "b");
    server.say(call, 3, "c");
    server.read(2);
    server.received("a");
    server.received("b");
    Check.within("ack", ServerStage.expectAck(call, 1).ack(), 1, 2);
    call.send(server.frame().withProbe(5));
    WireFrame echo = call.events().frame("ECHO", each -> each.has(WireFrame.ECHO));
    Check.within("ack with 2 of 3 read", echo.ack(), 1, 2);
  }

  private static void mark(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("reading", "manual"));
    server.say(call, 1, "a");
    server.say(call, 2, "b");
    server.probe(call, 3);
    server.client().relay().cut();
    call.events().end();
    WireClientCall next = server.client().attach(server.hello());
    Check.equal("watermark", next.welcome().watermark(), 0L);
    server.read(2);
    server.received("a");
    server.received("b");
  }

  private static void ackEvery(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("ackEvery", 3L, "ackDelayMs", 10_000L));
    // Credit that grows may be said before, with an ack of less.
    for (int i = 1; i <= 6; i++) {
      server.say(call, i, "m" + i);
      server.received("m" + i);
    }
    ServerStage.expectAck(call, 3);
  }

  private static void ackDelay(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("ackEvery", 1_000L, "ackDelayMs", 100L));
    server.say(call, 1, "a");
    server.received("a");
    ServerStage.expectAck(call, 1);
  }

  private static void controlFrame(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    WireFrame ack = ServerStage.expectAck(call, 1);
    Check.equal("position", ack.seq(), 0L);
    Check.equal("body", ack.bodyHex(), "");
    Check.isTrue("credit of " + ack, ack.credit() > 1);
  }

  private static void probe(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.probe(call, 77);
    server.probe(call, Long.MAX_VALUE);
  }

  private static void probeAsksForAck(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call =
        server.begin(Map.of("ackEvery", 1_000L, "ackDelayMs", 10_000L, "reading", "manual"));
    server.say(call, 1, "a");
    server.probe(call, 7);
    // It is processed after the probe, at the latest when the next one is asked for.
    server.read(2);
    server.received("a");
    ServerStage.expectAck(call, 1);
  }

  private static WireClientCall withCredit(ServerStage server, long credit) throws Exception {
    server.listen();
    WireClientCall call = server.attach(server.hello().credit(credit));
    server.opened();
    return call;
  }

  private static void keepsToCredit(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = withCredit(server, 18);
    for (int i = 1; i <= 20; i++) {
      server.send("x" + i);
    }
    for (int i = 1; i <= 18; i++) {
      ServerStage.expect(call, i, "x" + i);
    }
    call.events().quiet(A_WHILE);
    call.send(server.frame().withCredit(19));
    ServerStage.expect(call, 19, "x19");
    call.events().quiet(A_WHILE);
    call.send(server.frame().withCredit(30));
    ServerStage.expect(call, 20, "x20");
  }

  private static void finalFree(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = withCredit(server, 16);
    for (int i = 1; i <= 16; i++) {
      server.send("x" + i);
    }
    server.finish(0);
    for (int i = 1; i <= 16; i++) {
      ServerStage.expect(call, i, "x" + i);
    }
    ServerStage.expectFinal(call, 17, 0);
  }

  private static void lowerCredit(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = withCredit(server, 20);
    call.send(server.frame().withCredit(17));
    server.probe(call, 2);
    for (int i = 1; i <= 20; i++) {
      server.send("x" + i);
    }
    for (int i = 1; i <= 20; i++) {
      ServerStage.expect(call, i, "x" + i);
    }
  }

  private static void creditAnew(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = withCredit(server, 100);
    server.probe(call, 1);
    WireClientCall next = server.attach(server.hello().credit(17));
    for (int i = 1; i <= 18; i++) {
      server.send("x" + i);
    }
    for (int i = 1; i <= 17; i++) {
      ServerStage.expect(next, i, "x" + i);
    }
    next.events().quiet(A_WHILE);
  }

  private static void givesCredit(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    long credit = 16;
    for (long i = 1; i <= 600; i++) {
      while (i > credit) {
        credit =
            Math.max(credit, call.events().frame("credit", each -> each.credit() > 0).credit());
      }
      server.say(call, i, "m" + i);
    }
    for (long i = 1; i <= 600; i++) {
      server.received("m" + i);
    }
  }

  private static void bufferFull(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("sendMessages", 10L));
    for (int i = 1; i <= 40; i++) {
      server.send("x" + i);
    }
    for (int i = 1; i <= 10; i++) {
      ServerStage.expect(call, i, "x" + i);
    }
    call.events().quiet(A_WHILE);
    for (int i = 11; i <= 40; i++) {
      call.send(server.frame().withAck(i - 1));
      ServerStage.expect(call, i, "x" + i);
    }
  }
}
