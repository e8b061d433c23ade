package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerEvents;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import dev.holdfast.lab.RelayDirection;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a client's first attachment. */
final class ClientOpeningScenarios {
  /** A time in which a client that waits for something else would have said it. */
  private static final Duration A_WHILE = Duration.ofMillis(300);

  private static final int BEFORE_WELCOME = 16;

  private ClientOpeningScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.CLIENT)
        .add("client-echo", "M1 M35", ClientOpeningScenarios::echo)
        .add("client-first-hello", "M12 M15", ClientOpeningScenarios::firstHello)
        .add("client-distant-server", "M12 M15", ClientOpeningScenarios::distantServer)
        .add("client-sends-before-welcome", "M20", ClientOpeningScenarios::sendsBeforeWelcome)
        .add("client-sixteen-before-welcome", "M21 M64", ClientOpeningScenarios::atMostSixteen)
        .add("client-half-close-waits", "M22", ClientOpeningScenarios::halfCloseWaits)
        .add("client-no-frames-before-welcome", "M20", ClientOpeningScenarios::noFrames)
        .add("client-headers-after-welcome", "M20 M1", ClientOpeningScenarios::headersAfterWelcome)
        .add("client-plain-server", "M23", ClientOpeningScenarios::plainServer)
        .add("client-plain-server-status", "M23", ClientOpeningScenarios::plainStatus)
        .add("client-two-welcomes", "M14", ClientOpeningScenarios::twoWelcomes)
        .add("client-unreadable-welcome", "M14 M18", ClientOpeningScenarios::unreadableWelcome)
        .add("client-welcome-without-token", "M14", ClientOpeningScenarios::welcomeWithoutToken)
        .add("client-welcome-low-ahead", "M26", ClientOpeningScenarios::lowAhead)
        .add(
            "client-deadline-in-hello",
            "M19",
            Set.of("deadlineMs"),
            ClientOpeningScenarios::deadlineInHello)
        .add(
            "client-deadline-ends-session",
            "M44",
            Set.of("deadlineMs"),
            ClientOpeningScenarios::deadlineEnds)
        .toList();
  }

  private static void echo(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a", "b");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    ClientStage.say(call, 1, "x");
    client.received("x");
    client.halfClose();
    call.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE) && each.seq() == 3);
    ClientStage.finish(call, 2, 3, 0);
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    JsonLine ended = client.ended(0);
    Check.equal("trailer", ended.object("trailers").text("x-script"), "yes");
  }

  private static void firstHello(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireHello hello = client.accept().hello();
    Check.equal("attach", hello.attach(), 1L);
    Check.equal("watermark", hello.watermark(), 0L);
    Check.equal("low", hello.low(), 1L);
    Check.equal("untouched", hello.isUntouched(), true);
    Check.equal("bytes of the token", hello.token().length, 0);
    Check.equal("touched by", hello.touchedBy(), 0L);
    Check.equal("remaining", hello.remaining(), 0L);
  }

  /** A connection that takes a while to be made is not given up. */
  private static void distantServer(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.server().relay().delay(RelayDirection.TO_CLIENT, A_WHILE);
    WireServerCall call = client.begin();
    Check.equal("attach", call.hello().attach(), 1L);
    client.send("a");
    ClientStage.expect(call, 1, "a");
    client.finishAndConfirm(call, 1, 1);
  }

  private static void sendsBeforeWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.send("a", "b", "c");
    WireServerCall call = client.accept();
    WireFrame first = call.events().message();
    Check.equal("tag", first.tag(), call.hello().tag());
    Check.equal("position", first.seq(), 1L);
    Check.equal("text", first.text(), "a");
    for (String text : List.of("b", "c")) {
      WireFrame next = call.events().message();
      Check.isTrue("header before the welcome: " + next, !next.hasHeader());
      Check.equal("text", next.text(), text);
    }
    call.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(3));
    client.finishAndConfirm(call, 1, 3);
  }

  private static void atMostSixteen(Stage stage) throws Exception {
    ClientStage client = stage.client().open(Map.of("assumePlainMs", 60_000L));
    for (int i = 1; i <= BEFORE_WELCOME + 4; i++) {
      client.send("m" + i);
    }
    WireServerCall call = client.accept();
    for (int i = 1; i <= BEFORE_WELCOME; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
    call.events().quiet(A_WHILE);
    call.welcome(WireWelcome.first(ClientStage.TOKEN));
    for (int i = BEFORE_WELCOME + 1; i <= BEFORE_WELCOME + 4; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
    client.finishAndConfirm(call, 1, BEFORE_WELCOME + 4);
  }

  private static void halfCloseWaits(Stage stage) throws Exception {
    ClientStage client = stage.client().open(Map.of("assumePlainMs", 60_000L));
    client.send("a");
    client.halfClose();
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    call.events().quiet(A_WHILE);
    call.welcome(WireWelcome.first(ClientStage.TOKEN));
    WireFrame last = call.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    Check.equal("position", last.seq(), 2L);
    Check.equal("body", last.bodyHex(), "");
    client.finishAndConfirm(call, 1, 2);
  }

  private static void noFrames(Stage stage) throws Exception {
    ClientStage client = stage.client().open(Map.of("assumePlainMs", 60_000L));
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    PeerEvent early = call.events().poll(A_WHILE);
    Check.equal("event before the welcome", early, null);
  }

  private static void headersAfterWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    // The client acknowledges this one, so that it has seen the welcome.
    ClientStage.say(call, 1, "x");
    client.received("x");
    ClientStage.expectAck(call, 1);
    client.send("a", "b");
    for (int i = 1; i <= 2; i++) {
      WireFrame message = call.events().message();
      Check.isTrue("no header after the welcome: " + message, message.hasHeader());
      Check.equal("tag", message.tag(), call.hello().tag());
      Check.equal("position", message.seq(), (long) i);
    }
  }

  private static void plainServer(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    call.headers();
    call.send(WireFrame.bare(WireFrame.of(1).withText("x").body()));
    client.received("x");
    client.send("b");
    WireFrame next = call.events().message();
    Check.isTrue("header to a plain server: " + next, !next.hasHeader());
    Check.equal("text", next.text(), "b");
    client.halfClose();
    PeerEvent half = call.events().next(PeerEvents.PATIENCE);
    Check.isTrue(half + " (expected: the request side ends)", half instanceof PeerEvent.HalfClosed);
    call.close(Status.OK);
    client.ended(0);
  }

  private static void plainStatus(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    call.close(Status.NOT_FOUND.withDescription("as a plain server says"));
    client.ended(Status.Code.NOT_FOUND.value());
  }

  private static void twoWelcomes(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    byte[] welcome = WireWelcome.first(ClientStage.TOKEN).encode();
    call.headers(welcome, welcome);
    call.events().end();
    client.finishAndConfirm(client.resume(0), 1, 0);
  }

  private static void unreadableWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    // A field that version 1 has not.
    call.headers(WireWelcome.first(ClientStage.TOKEN).put(15, 1).encode());
    call.events().end();
    client.finishAndConfirm(client.resume(0), 1, 0);
  }

  private static void welcomeWithoutToken(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    call.headers(WireWelcome.first(new byte[0]).encode());
    call.events().end();
    client.finishAndConfirm(client.resume(0), 1, 0);
  }

  private static void lowAhead(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    // The server no longer holds position 1, which the client never received.
    call.welcome(WireWelcome.first(ClientStage.TOKEN).low(2));
    client.lost("GAP");
  }

  private static void deadlineInHello(Stage stage) throws Exception {
    ClientStage client = stage.client().open(Map.of("deadlineMs", 60_000L));
    Check.within("remaining", client.accept().hello().remaining(), 30_000, 60_000);
  }

  private static void deadlineEnds(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.begin(Map.of("deadlineMs", 3_000L));
    client.ended(Status.Code.DEADLINE_EXCEEDED.value());
  }
}
