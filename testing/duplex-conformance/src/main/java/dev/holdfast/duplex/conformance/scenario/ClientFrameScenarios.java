package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.BrokenHeaders;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of frames, acks and credit at a client. */
final class ClientFrameScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);

  private ClientFrameScenarios() {}

  static List<Scenario> all() {
    ScenarioList list = new ScenarioList(Scenario.Role.CLIENT);
    BrokenHeaders.CONTENTS.forEach(
        (name, content) ->
            list.add(
                "client-header-" + name,
                "M8",
                stage -> broken(stage, HexFormat.of().parseHex(content))));
    BrokenHeaders.MESSAGES.forEach(
        (name, message) ->
            list.add(
                "client-header-" + name,
                "M8",
                stage -> whole(stage, HexFormat.of().parseHex(message))));
    for (long flag : List.of(WireFrame.HALF_CLOSE, WireFrame.CANCEL, WireFrame.SETTLED)) {
      list.add("client-flag-" + flag + "-of-client", "M9", stage -> clientsFlag(stage, flag));
    }
    return list.add("client-status-without-final", "M9", ClientFrameScenarios::strayStatus)
        .add("client-ack-above-sent", "M3", ClientFrameScenarios::ackAboveSent)
        .add("client-duplicate", "M5", ClientFrameScenarios::duplicate)
        .add("client-gap", "M6", ClientFrameScenarios::gap)
        .add("client-foreign-tag", "M10", ClientFrameScenarios::foreignTag)
        .add("client-message-without-header", "M6 M10", ClientFrameScenarios::noHeader)
        .add("client-empty-message", "M11", ClientFrameScenarios::emptyMessage)
        .add("client-body-like-a-header", "M11", ClientFrameScenarios::bodyLikeHeader)
        .add("client-large-message", "M11", ClientFrameScenarios::largeMessage)
        .add("client-acks-what-was-processed", "M2", Set.of("reading"), ClientFrameScenarios::acks)
        .add(
            "client-watermark-is-processed",
            "M2 M18",
            Set.of("reading"),
            ClientFrameScenarios::mark)
        .add("client-ack-every", "M43 M69", ClientFrameScenarios::ackEvery)
        .add("client-ack-delay", "M43 M69", ClientFrameScenarios::ackDelay)
        .add("client-control-frame", "M70", ClientFrameScenarios::controlFrame)
        .add("client-probe", "M67", ClientFrameScenarios::probe)
        .add(
            "client-probe-asks-for-ack",
            "M68",
            Set.of("reading"),
            ClientFrameScenarios::probeAsksForAck)
        .add("client-keeps-to-credit", "M64", ClientFrameScenarios::keepsToCredit)
        .add("client-half-close-needs-no-credit", "M64", ClientFrameScenarios::halfCloseFree)
        .add("client-lower-credit", "M65", ClientFrameScenarios::lowerCredit)
        .add("client-credit-anew", "M65", ClientFrameScenarios::creditAnew)
        .add("client-gives-credit", "M66", ClientFrameScenarios::givesCredit)
        .add("client-buffer-full", "M71", Set.of("sendMessages"), ClientFrameScenarios::bufferFull)
        .toList();
  }

  /** Sends a broken frame in place of position 1 and expects the session to go on without it. */
  private static void breaks(ClientStage client, WireServerCall call, byte[] message)
      throws Exception {
    call.send(message);
    call.events().end();
    WireServerCall next = client.accept();
    Check.equal("watermark", next.hello().watermark(), 0L);
    next.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.say(next, 1, "x");
    client.received("x");
    client.finishAndConfirm(next, 2, 0);
  }

  private static void broken(Stage stage, byte[] content) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, BrokenHeaders.message(call.hello().tag(), content));
  }

  private static void whole(Stage stage, byte[] message) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, message);
  }

  private static void clientsFlag(Stage stage, long flag) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, ClientStage.frame(call).withSeq(1).withFlags(flag).encode());
  }

  private static void strayStatus(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, ClientStage.frame(call).withSeq(1).withStatus(5).withText("no").encode());
  }

  private static void ackAboveSent(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    ClientStage.expect(call, 1, "a");
    call.send(ClientStage.frame(call).withAck(2));
    call.events().end();
    WireServerCall next = client.resume(0);
    ClientStage.expect(next, 1, "a");
    client.finishAndConfirm(next, 1, 1);
  }

  private static void duplicate(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.say(call, 1, "x");
    client.received("x");
    ClientStage.expectAck(call, 1);
    ClientStage.say(call, 1, "x");
    Check.equal("ack after a duplicate", ClientStage.expectAck(call, 1).ack(), 1L);
    ClientStage.say(call, 2, "y");
    client.received("y");
  }

  private static void gap(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, ClientStage.frame(call).withSeq(2).withText("y").encode());
  }

  private static void foreignTag(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    long other = call.hello().tag() == 1 ? 2 : call.hello().tag() - 1;
    // It says nothing to the client but that this is a message without a header.
    breaks(client, call, WireFrame.of(other).withSeq(1).withText("y").encode());
  }

  private static void noHeader(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    breaks(client, call, TextMessage.encode("y"));
  }

  private static void emptyMessage(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("");
    WireFrame message = call.events().message();
    Check.equal("position", message.seq(), 1L);
    Check.equal("body", message.bodyHex(), "");
    call.send(ClientStage.frame(call).withSeq(1));
    client.received("");
  }

  private static void bodyLikeHeader(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    // A second header behind the first one is the body's business: here the parser skips it.
    byte[] inner = WireFrame.of(call.hello().tag()).withSeq(9).withText("x").encode();
    call.send(ClientStage.frame(call).withSeq(1).withBody(inner));
    client.received("x");
  }

  private static void largeMessage(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("large", 1_000_000);
    Check.equal("size", call.events().message().text().length(), 1_000_000);
    ClientStage.say(call, 1, TextMessage.filled("x", 1_000_000));
    client.received("x");
  }

  private static void acks(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin(Map.of("reading", "manual"));
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    ClientStage.say(call, 3, "z");
    client.read(2);
    client.received("x");
    client.received("y");
    WireFrame ack = ClientStage.expectAck(call, 1);
    Check.within("ack", ack.ack(), 1, 2);
    call.send(ClientStage.frame(call).withProbe(5));
    WireFrame echo = call.events().frame("ECHO", each -> each.has(WireFrame.ECHO));
    Check.within("ack with 2 of 3 read", echo.ack(), 1, 2);
  }

  private static void mark(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin(Map.of("reading", "manual"));
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    ClientStage.probe(call, 3);
    client.cut();
    WireServerCall next = client.accept();
    Check.equal("watermark", next.hello().watermark(), 0L);
    next.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.say(next, 1, "x");
    ClientStage.say(next, 2, "y");
    client.read(2);
    client.received("x");
    client.received("y");
  }

  private static void ackEvery(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(WireWelcome.first(ClientStage.TOKEN).acks(3, 10_000), Map.of());
    // Credit that grows may be said before, with an ack of less.
    for (int i = 1; i <= 6; i++) {
      ClientStage.say(call, i, "x" + i);
      client.received("x" + i);
    }
    ClientStage.expectAck(call, 3);
  }

  private static void ackDelay(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(WireWelcome.first(ClientStage.TOKEN).acks(1_000, 100), Map.of());
    ClientStage.say(call, 1, "x");
    client.received("x");
    ClientStage.expectAck(call, 1);
  }

  private static void controlFrame(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.say(call, 1, "x");
    WireFrame ack = ClientStage.expectAck(call, 1);
    Check.equal("position", ack.seq(), 0L);
    Check.equal("body", ack.bodyHex(), "");
    Check.isTrue("credit of " + ack, ack.credit() > 1);
  }

  private static void probe(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.probe(call, 77);
    ClientStage.probe(call, Long.MAX_VALUE);
  }

  private static void probeAsksForAck(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(
            WireWelcome.first(ClientStage.TOKEN).acks(1_000, 10_000), Map.of("reading", "manual"));
    ClientStage.say(call, 1, "x");
    ClientStage.probe(call, 7);
    // It is processed after the probe, at the latest when the next one is asked for.
    client.read(2);
    client.received("x");
    ClientStage.expectAck(call, 1);
  }

  private static void keepsToCredit(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(WireWelcome.first(ClientStage.TOKEN).credit(18), Map.of());
    for (int i = 1; i <= 20; i++) {
      client.send("m" + i);
    }
    for (int i = 1; i <= 18; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
    call.events().quiet(A_WHILE);
    call.send(ClientStage.frame(call).withCredit(19));
    ClientStage.expect(call, 19, "m19");
    call.events().quiet(A_WHILE);
    call.send(ClientStage.frame(call).withCredit(30));
    ClientStage.expect(call, 20, "m20");
  }

  private static void halfCloseFree(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(WireWelcome.first(ClientStage.TOKEN).credit(16), Map.of());
    for (int i = 1; i <= 16; i++) {
      client.send("m" + i);
    }
    client.halfClose();
    for (int i = 1; i <= 16; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
    call.events().frame("HALF_CLOSE", each -> each.seq() == 17);
  }

  private static void lowerCredit(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(WireWelcome.first(ClientStage.TOKEN).credit(20), Map.of());
    call.send(ClientStage.frame(call).withCredit(17));
    ClientStage.probe(call, 2);
    for (int i = 1; i <= 20; i++) {
      client.send("m" + i);
    }
    for (int i = 1; i <= 20; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
  }

  private static void creditAnew(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.beginWith(WireWelcome.first(ClientStage.TOKEN).credit(100), Map.of());
    client.cut();
    WireServerCall next = client.accept();
    next.welcome(WireWelcome.first(ClientStage.TOKEN).credit(17));
    for (int i = 1; i <= 18; i++) {
      client.send("m" + i);
    }
    for (int i = 1; i <= 17; i++) {
      ClientStage.expect(next, i, "m" + i);
    }
    next.events().quiet(A_WHILE);
  }

  private static void givesCredit(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    long credit = Math.max(16, call.hello().credit());
    for (long i = 1; i <= 600; i++) {
      while (i > credit) {
        credit = call.events().frame("credit", each -> each.credit() > 0).credit();
      }
      ClientStage.say(call, i, "x" + i);
      PeerEvent event = call.events().poll(Duration.ZERO);
      while (event instanceof PeerEvent.Message message) {
        credit = Math.max(credit, WireFrame.parse(message.bytes()).credit());
        event = call.events().poll(Duration.ZERO);
      }
    }
    for (long i = 1; i <= 600; i++) {
      client.received("x" + i);
    }
  }

  private static void bufferFull(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin(Map.of("sendMessages", 10L));
    for (int i = 1; i <= 40; i++) {
      client.send("m" + i);
    }
    int taken = 0;
    while (taken < 10) {
      taken++;
      ClientStage.expect(call, taken, "m" + taken);
    }
    for (PeerEvent next = call.events().poll(A_WHILE);
        next instanceof PeerEvent.Message message;
        next = call.events().poll(A_WHILE)) {
      taken++;
      Check.equal("text", WireFrame.parse(message.bytes()).text(), "m" + taken);
    }
    Check.within("messages without an ack", taken, 10, 20);
    for (int i = taken + 1; i <= 40; i++) {
      ClientStage.ack(call, i - 1);
      ClientStage.expect(call, i, "m" + i);
    }
  }
}
