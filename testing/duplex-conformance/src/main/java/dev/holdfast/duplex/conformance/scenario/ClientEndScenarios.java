package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;

/** Scenarios of the end of a client's session, and of its replacement and its move. */
final class ClientEndScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);

  private ClientEndScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.CLIENT)
        .add("client-final-status", "M35", ClientEndScenarios::finalStatus)
        .add("client-final-ack-lost", "M35", ClientEndScenarios::finalAckLost)
        .add("client-final-status-lost", "M35 M27", ClientEndScenarios::finalLost)
        .add("client-final-after-messages", "M35 M1", ClientEndScenarios::finalAfterMessages)
        .add("client-half-close-lost", "M4 M1", ClientEndScenarios::halfCloseLost)
        .add("client-nothing-after-final", "M7", ClientEndScenarios::nothingAfterFinal)
        .add("client-cancel", "M36", ClientEndScenarios::cancel)
        .add("client-cancel-before-welcome", "M36", ClientEndScenarios::cancelBeforeWelcome)
        .add("client-cancel-repeated", "M36", ClientEndScenarios::cancelRepeated)
        .add("client-cancel-detached", "M36", ClientEndScenarios::cancelDetached)
        .add("client-drain", "M37 M38", ClientEndScenarios::drain)
        .add("client-drain-refused", "M37", ClientEndScenarios::drainRefused)
        .add("client-old-attachment-unread", "M38", ClientEndScenarios::oldUnread)
        .add("client-leaving", "M39 M40", ClientEndScenarios::leaving)
        .add("client-leaving-sends-nothing", "M39", ClientEndScenarios::leavingSendsNothing)
        .add("client-leaving-after-cut", "M39 M40", ClientEndScenarios::leavingAfterCut)
        .add("client-drain-then-leaving", "M39", ClientEndScenarios::drainThenLeaving)
        .add("client-moved-with-unprocessed", "M40", ClientEndScenarios::movedWithUnprocessed)
        .toList();
  }

  private static void finalStatus(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.finish(call, 1, 0, Status.Code.NOT_FOUND.value());
    ClientStage.expectAck(call, 1);
    call.close(Status.OK);
    var ended = client.ended(Status.Code.NOT_FOUND.value());
    Check.equal("description", ended.text("description"), "as the script says");
    Check.equal("trailer", ended.object("trailers").text("x-script"), "yes");
  }

  private static void finalAckLost(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.finish(call, 1, 0, 0);
    ClientStage.expectAck(call, 1);
    client.ended(0);
    client.cut();
    WireServerCall next = client.accept();
    Check.equal("watermark", next.hello().watermark(), 1L);
    next.refuse(WireRefusal.of(WireRefusal.EXPIRED), Status.FAILED_PRECONDITION);
    Check.equal("call after the end", client.server().poll(A_WHILE), null);
  }

  private static void finalLost(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.begin();
    // The server's frame with the status was lost; it says it again on the next attachment.
    client.cut();
    WireServerCall next = client.resume(0);
    client.finishAndConfirm(next, 1, 0);
  }

  private static void finalAfterMessages(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    ClientStage.finish(call, 3, 0, 0);
    client.received("x");
    client.received("y");
    client.ended(0);
    ClientStage.expectAck(call, 3);
    call.close(Status.OK);
  }

  private static void halfCloseLost(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    ClientStage.expect(call, 1, "a");
    client.halfClose();
    call.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    client.cut();
    WireServerCall next = client.resume(1);
    WireFrame again = next.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    Check.equal("position", again.seq(), 2L);
    client.finishAndConfirm(next, 1, 2);
  }

  private static void nothingAfterFinal(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    ClientStage.finish(call, 1, 0, 0);
    ClientStage.say(call, 2, "x");
    // An event of "x" instead would fail this.
    client.ended(0);
  }

  private static void cancel(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.cancel();
    client.ended(Status.Code.CANCELLED.value());
    WireFrame cancel = call.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    Check.equal("position of CANCEL", cancel.seq(), 0L);
    call.close(Status.OK);
    Check.equal("call after the end", client.server().poll(A_WHILE), null);
  }

  private static void cancelBeforeWelcome(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    client.cancel();
    client.ended(Status.Code.CANCELLED.value());
    call.welcome(WireWelcome.first(ClientStage.TOKEN));
    call.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    call.close(Status.OK);
  }

  private static void cancelRepeated(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.cancel();
    client.ended(Status.Code.CANCELLED.value());
    call.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    client.cut();
    WireServerCall next = client.resume(0);
    next.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    next.close(Status.OK);
    Check.equal("call after the end", client.server().poll(A_WHILE), null);
  }

  private static void cancelDetached(Stage stage) throws Exception {
    ClientStage client = stage.client();
    client.begin();
    client.server().relay().refuseNew();
    client.cut();
    client.cancel();
    client.ended(Status.Code.CANCELLED.value());
    client.server().relay().heal();
    WireServerCall next = client.resume(0);
    next.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    next.close(Status.OK);
  }

  private static void drain(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    ClientStage.expect(call, 1, "a");
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN));
    WireServerCall next = client.accept();
    // The first one still carries the session.
    ClientStage.say(call, 1, "x");
    client.received("x");
    client.send("b");
    ClientStage.expect(call, 2, "b");
    next.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(2));
    call.events().end();
    client.send("c");
    ClientStage.expect(next, 3, "c");
    client.finishAndConfirm(next, 2, 3);
  }

  private static void drainRefused(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN));
    client.accept().refuse(WireRefusal.busy(1), Status.UNAVAILABLE);
    client.send("a");
    ClientStage.expect(call, 1, "a");
    WireServerCall next = client.resume(1);
    client.finishAndConfirm(next, 1, 1);
  }

  private static void oldUnread(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN));
    WireServerCall next = client.accept();
    next.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.probe(next, 2);
    // One that was replaced says this too late.
    ClientStage.say(call, 1, "old");
    ClientStage.say(next, 1, "new");
    client.received("new");
    client.finishAndConfirm(next, 2, 0);
  }

  private static void leave(WireServerCall call) {
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN | WireFrame.LEAVING));
  }

  private static WireFrame settled(WireServerCall call, long low) throws InterruptedException {
    WireFrame settled = call.events().frame("SETTLED", each -> each.has(WireFrame.SETTLED));
    Check.equal("low", settled.low(), low);
    return settled;
  }

  private static void endMoved(WireServerCall call, long seq, long ack) throws Exception {
    call.send(
        ClientStage.frame(call)
            .withSeq(seq)
            .withAck(ack)
            .withFlags(WireFrame.FINAL | WireFrame.MOVED)
            .withStatus(Status.Code.UNAVAILABLE.value()));
    ClientStage.expectAck(call, seq);
    call.close(Status.OK);
  }

  private static void leaving(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a", "b");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    leave(call);
    settled(call, 2);
    endMoved(call, 1, 2);
    client.moved(2);
  }

  private static void leavingSendsNothing(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    ClientStage.expect(call, 1, "a");
    leave(call);
    settled(call, 1);
    client.send("b");
    client.halfClose();
    call.events().quiet(A_WHILE);
    Check.equal("successor", client.server().poll(Duration.ZERO), null);
    endMoved(call, 1, 1);
    client.moved(1);
  }

  private static void leavingAfterCut(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a", "b");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    leave(call);
    settled(call, 2);
    client.cut();
    WireServerCall next = client.accept();
    next.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(1));
    leave(next);
    WireFrame again = next.events().frame("SETTLED", each -> each.has(WireFrame.SETTLED));
    Check.within("low", again.low(), 1, 2);
    endMoved(next, 1, 1);
    client.moved(1);
  }

  private static void drainThenLeaving(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    ClientStage.expect(call, 1, "a");
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN));
    client.accept().refuse(WireRefusal.busy(60_000), Status.UNAVAILABLE);
    call.send(ClientStage.frame(call).withFlags(WireFrame.LEAVING));
    settled(call, 1);
    endMoved(call, 1, 1);
    client.moved(1);
  }

  private static void movedWithUnprocessed(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a", "b", "c");
    for (int i = 1; i <= 3; i++) {
      ClientStage.expect(call, i, List.of("a", "b", "c").get(i - 1));
    }
    leave(call);
    settled(call, 3);
    PeerEvent early = call.events().poll(Duration.ZERO);
    Check.equal("event before the end", early, null);
    endMoved(call, 1, 1);
    client.moved(1);
  }
}
