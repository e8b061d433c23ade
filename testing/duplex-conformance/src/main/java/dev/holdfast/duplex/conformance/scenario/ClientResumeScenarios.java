package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.WireServer;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireToken;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a client's later attachments, and of refusals. */
final class ClientResumeScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);

  private ClientResumeScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.CLIENT)
        .add("client-resumes-after-cut", "M4 M25 M27", ClientResumeScenarios::resumes)
        .add("client-resume-hello", "M15 M16 M18", ClientResumeScenarios::resumeHello)
        .add("client-newest-token", "M16", ClientResumeScenarios::newestToken)
        .add("client-waits-for-welcome", "M25", ClientResumeScenarios::waitsForWelcome)
        .add("client-welcome-acknowledges", "M4 M25", ClientResumeScenarios::welcomeAcknowledges)
        .add("client-welcome-watermark-ahead", "M26", ClientResumeScenarios::watermarkAhead)
        .add("client-welcome-watermark-behind", "M26", ClientResumeScenarios::watermarkBehind)
        .add("client-welcome-low-gap", "M26", ClientResumeScenarios::lowGap)
        .add("client-plain-on-resume", "M24", ClientResumeScenarios::plainOnResume)
        .add("client-ok-without-final", "M27", ClientResumeScenarios::okWithoutFinal)
        .add("client-unavailable-is-a-cut", "M27", ClientResumeScenarios::unavailable)
        .add("client-internal-is-a-cut", "M27", ClientResumeScenarios::internal)
        .add("client-cut-before-welcome", "M15 M18", ClientResumeScenarios::cutBeforeWelcome)
        .add("client-unimplemented", "M28", stage -> refused(stage, Status.UNIMPLEMENTED))
        .add("client-resource-exhausted", "M28", stage -> refused(stage, Status.RESOURCE_EXHAUSTED))
        .add("client-unauthenticated", "M28", stage -> refused(stage, Status.UNAUTHENTICATED))
        .add("client-permission-denied", "M28", stage -> refused(stage, Status.PERMISSION_DENIED))
        .add("client-status-instead-of-welcome", "M28", ClientResumeScenarios::shedOnResume)
        .add("client-refused-unknown", "M30", stage -> lost(stage, WireRefusal.UNKNOWN, "UNKNOWN"))
        .add("client-refused-expired", "M30", stage -> lost(stage, WireRefusal.EXPIRED, "EXPIRED"))
        .add("client-refused-gap", "M30", stage -> lost(stage, WireRefusal.GAP, "GAP"))
        .add("client-refused-denied", "M30", stage -> lost(stage, WireRefusal.DENIED, "DENIED"))
        .add("client-refused-at-first", "M30", ClientResumeScenarios::refusedAtFirst)
        .add("client-fenced", "M31 M15", ClientResumeScenarios::fenced)
        .add("client-fenced-while-attached", "M27", ClientResumeScenarios::fencedWhileAttached)
        .add("client-busy", "M32", ClientResumeScenarios::busy)
        .add("client-busy-at-first", "M32", ClientResumeScenarios::busyAtFirst)
        .add("client-moved", "M33", ClientResumeScenarios::moved)
        .add("client-moved-elsewhere", "M33", ClientResumeScenarios::movedElsewhere)
        .add("client-moved-loop", "M34", ClientResumeScenarios::movedLoop)
        .add("client-two-refusals", "M14", ClientResumeScenarios::twoRefusals)
        .add("client-unknown-refusal-code", "M14", ClientResumeScenarios::unknownRefusal)
        .add("client-stuck-at-a-message", "M29", ClientResumeScenarios::stuck)
        .add(
            "client-silent-handshake",
            "M42",
            Set.of("handshakeMs"),
            ClientResumeScenarios::silentHandshake)
        .add(
            "client-unreachable",
            "M41",
            Set.of("backoffCapMs", "handshakeMs"),
            ClientResumeScenarios::unreachable)
        .add("client-cut-at-each-position", "M4 M5 M25", ClientResumeScenarios::cutAtEach)
        .add("client-cut-within-a-message", "M4 M27", ClientResumeScenarios::cutWithin)
        .toList();
  }

  private static void resumes(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = three(client);
    client.cut();
    call.events().end();
    WireServerCall next = client.resume(1);
    ClientStage.expect(next, 2, "b");
    ClientStage.expect(next, 3, "c");
    client.finishAndConfirm(next, 1, 3);
  }

  /** A session whose first attachment got three messages. */
  private static WireServerCall three(ClientStage client) throws Exception {
    WireServerCall call = client.begin();
    client.send("a", "b", "c");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    ClientStage.expect(call, 3, "c");
    return call;
  }

  private static void resumeHello(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = three(client);
    ClientStage.ack(call, 1);
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    client.received("x");
    client.received("y");
    ClientStage.expectAck(call, 2);
    client.cut();
    WireHello hello = client.accept().hello();
    Check.equal("session", Arrays.equals(hello.session(), call.hello().session()), true);
    Check.equal("watermark", hello.watermark(), 2L);
    Check.equal("low", hello.low(), 2L);
    Check.isTrue("credit " + hello.credit() + " above 2", hello.credit() > 2);
    Check.equal("token", Arrays.equals(hello.token(), ClientStage.TOKEN), true);
    Check.equal("untouched", hello.isUntouched(), false);
    Check.equal("age beside a token", hello.age(), 0L);
  }

  private static void newestToken(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.beginWith(WireWelcome.first(ClientStage.TOKEN), Map.of());
    client.cut();
    byte[] newer = new byte[40];
    newer[3] = 1;
    WireServerCall next = client.accept();
    next.welcome(WireWelcome.first(newer));
    ClientStage.probe(next, 2);
    client.cut();
    Check.equal("newer token", Arrays.equals(client.accept().hello().token(), newer), true);
  }

  private static void waitsForWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    WireServerCall next = client.accept();
    PeerEvent early = next.events().poll(A_WHILE);
    Check.equal("event before the welcome", early, null);
    next.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.expect(next, 1, "a");
  }

  private static void welcomeAcknowledges(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    WireServerCall next = client.resume(3);
    client.send("d");
    ClientStage.expect(next, 4, "d");
    client.cut();
    WireHello hello = client.accept().hello();
    Check.equal("low", hello.low(), 4L);
  }

  private static void watermarkAhead(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    WireServerCall next = client.resume(4);
    client.lost("GAP");
    next.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
  }

  private static void watermarkBehind(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = three(client);
    ClientStage.ack(call, 2);
    ClientStage.say(call, 1, "x");
    client.received("x");
    client.cut();
    client.resume(1);
    client.lost("GAP");
  }

  private static void lowGap(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().welcome(WireWelcome.first(ClientStage.TOKEN).low(5));
    client.lost("GAP");
  }

  private static void plainOnResume(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().headers();
    client.lost("UNKNOWN");
  }

  private static void okWithoutFinal(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client).close(Status.OK);
    WireServerCall next = client.resume(3);
    client.finishAndConfirm(next, 1, 3);
  }

  private static void unavailable(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client).close(Status.UNAVAILABLE);
    WireServerCall next = client.resume(0);
    ClientStage.expect(next, 1, "a");
  }

  private static void internal(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client).close(Status.INTERNAL);
    WireServerCall next = client.resume(0);
    ClientStage.expect(next, 1, "a");
  }

  private static void cutBeforeWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    client.cut();
    WireServerCall next = client.accept();
    WireHello hello = next.hello();
    Check.equal("untouched", hello.isUntouched(), false);
    // Both are absent from a client that does not say its age.
    long touched = hello.age() == 0 ? 0 : call.hello().attach();
    Check.equal("touched by", hello.touchedBy(), touched);
    Check.equal("low", hello.low(), 1L);
    next.refuse(WireRefusal.of(WireRefusal.UNKNOWN), Status.FAILED_PRECONDITION);
    client.lost("UNKNOWN");
  }

  private static void refused(Stage stage, Status status) throws Exception {
    ClientStage client = stage.client();
    three(client).close(status);
    client.lost("REFUSED");
  }

  private static void shedOnResume(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().close(Status.RESOURCE_EXHAUSTED);
    client.accept().close(Status.UNAUTHENTICATED);
    client.finishAndConfirm(client.resume(3), 1, 3);
  }

  private static void lost(Stage stage, long code, String reason) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = three(client);
    ClientStage.ack(call, 2);
    ClientStage.say(call, 1, "x");
    client.received("x");
    client.cut();
    client.accept().refuse(WireRefusal.of(code), Status.FAILED_PRECONDITION);
    Check.equal("processed", client.lost(reason).number("processed"), 2L);
  }

  private static void refusedAtFirst(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.accept().refuse(WireRefusal.of(WireRefusal.DENIED), Status.PERMISSION_DENIED);
    client.lost("DENIED");
  }

  private static void fenced(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().refuse(WireRefusal.of(WireRefusal.FENCED), Status.ABORTED);
    client.finishAndConfirm(client.resume(3), 1, 3);
  }

  private static void fencedWhileAttached(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client).refuse(WireRefusal.of(WireRefusal.FENCED), Status.ABORTED);
    client.finishAndConfirm(client.resume(3), 1, 3);
  }

  private static void busy(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().refuse(WireRefusal.busy(700), Status.UNAVAILABLE);
    long refusedNanos = System.nanoTime();
    WireServerCall next = client.accept();
    Check.waited("the attachment after BUSY", refusedNanos, 690);
    next.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(3));
    client.finishAndConfirm(next, 1, 3);
  }

  private static void busyAtFirst(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    call.refuse(WireRefusal.busy(1), Status.UNAVAILABLE);
    WireServerCall next = client.accept();
    // Nothing was taken of what was sent.
    Check.equal("untouched", next.hello().isUntouched(), true);
    next.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.expect(next, 1, "a");
    client.finishAndConfirm(next, 1, 1);
  }

  /** A token whose owner is a server. */
  private static byte[] tokenOf(WireServer owner) {
    return WireToken.issue(ServerStage.KEY, new byte[16], "", "", owner.address());
  }

  private static void moved(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServer owner = client.anotherServer();
    WireServerCall call = client.beginWith(WireWelcome.first(tokenOf(owner)), Map.of());
    client.send("a");
    ClientStage.expect(call, 1, "a");
    client.cut();
    client.accept().refuse(WireRefusal.moved(owner.address()), Status.UNAVAILABLE);
    WireServerCall there = client.accept(owner);
    Check.equal("token", Arrays.equals(there.hello().token(), tokenOf(owner)), true);
    there.welcome(WireWelcome.first(tokenOf(owner)));
    ClientStage.expect(there, 1, "a");
    client.finishAndConfirm(there, 1, 1);
  }

  private static void movedElsewhere(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServer other = client.anotherServer();
    client.beginWith(WireWelcome.first(ClientStage.TOKEN), Map.of());
    client.cut();
    client.accept().refuse(WireRefusal.moved(other.address()), Status.UNAVAILABLE);
    // Its token has no owner, so that it follows no address.
    client.finishAndConfirm(client.resume(0), 1, 0);
    Check.equal("call at another address", other.poll(Duration.ZERO), null);
  }

  private static void movedLoop(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServer owner = client.anotherServer();
    client.beginWith(WireWelcome.first(tokenOf(owner)), Map.of());
    client.cut();
    client.accept().refuse(WireRefusal.moved(owner.address()), Status.UNAVAILABLE);
    for (int i = 0; i < 3; i++) {
      client.accept(owner).refuse(WireRefusal.moved(owner.address()), Status.UNAVAILABLE);
    }
    // The fourth in a row is an attempt that failed: the next one is where the first ones were.
    client.finishAndConfirm(client.resume(0), 1, 0);
  }

  private static void twoRefusals(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    byte[] refusal = WireRefusal.of(WireRefusal.EXPIRED).encode();
    client.accept().close(Status.FAILED_PRECONDITION, refusal, refusal);
    client.finishAndConfirm(client.resume(3), 1, 3);
  }

  private static void unknownRefusal(Stage stage) throws Exception {
    ClientStage client = stage.client();
    three(client);
    client.cut();
    client.accept().refuse(WireRefusal.of(8), Status.FAILED_PRECONDITION);
    client.finishAndConfirm(client.resume(3), 1, 3);
  }

  private static void stuck(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    for (int i = 0; i < 3; i++) {
      WireFrame message = call.events().message();
      Check.equal("text", message.text(), "a");
      if (i > 0) {
        Check.isTrue("no probe with " + message, message.probe() != 0);
      }
      // What can't be read counts as a reset of the stream.
      call.send(WireFrame.header(new byte[] {8}));
      call.events().end();
      if (i < 2) {
        call = client.resume(0);
      }
    }
    client.lost("STUCK");
    WireServerCall last = client.resume(0);
    last.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
  }

  private static void silentHandshake(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.beginWith(WireWelcome.first(ClientStage.TOKEN), Map.of("handshakeMs", 500L));
    client.cut();
    WireServerCall silent = client.accept();
    silent.events().end();
    WireServerCall call = client.resume(0);
    while (!ClientStage.answersProbe(call, 2)) {
      call = client.resume(0);
    }
    client.finishAndConfirm(call, 1, 0);
  }

  private static void unreachable(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.beginWith(
        WireWelcome.first(ClientStage.TOKEN).ttl(1_000),
        Map.of("handshakeMs", 500L, "backoffBaseMs", 50L, "backoffCapMs", 200L));
    client.server().relay().refuseNew();
    client.cut();
    client.lost("UNREACHABLE");
  }

  private static void cutAtEach(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    int messages = 8;
    for (int i = 1; i <= messages; i++) {
      client.send("m" + i);
      ClientStage.expect(call, i, "m" + i);
      ClientStage.say(call, i, "x" + i);
      client.received("x" + i);
      client.cut();
      call.events().end();
      // An odd one was not processed, and comes again; so does what the client has.
      call = client.resume(i % 2 == 0 ? i : i - 1);
      ClientStage.say(call, i, "x" + i);
      if (i % 2 == 1) {
        ClientStage.expect(call, i, "m" + i);
      }
    }
    client.finishAndConfirm(call, messages + 1, messages);
  }

  private static void cutWithin(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.server().relay().limit(dev.holdfast.lab.RelayDirection.TO_SERVER, 2_000);
    client.send("large", 10_000);
    Check.equal("message", call.events().poll(A_WHILE), null);
    client.cut();
    client.server().relay().heal();
    WireServerCall next = client.resume(0);
    Check.equal("size", next.events().message().text().length(), 10_000);
    client.finishAndConfirm(next, 1, 1);
  }
}
