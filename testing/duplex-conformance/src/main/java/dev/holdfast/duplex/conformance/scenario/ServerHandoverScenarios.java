package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Scenarios of a server that hands its sessions over. */
final class ServerHandoverScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);
  private static final long LONG_GRACE = 20_000;
  private static final long SHORT_GRACE = 700;
  private static final long GRACE_FOR_A_MESSAGE = 2_000;

  private ServerHandoverScenarios() {}

  static List<Scenario> all() {
    Set<String> leaves = Set.of("cursor", "drain");
    Set<String> lists = Set.of("cursor", "drain", "server-streaming");
    Set<String> restarts = Set.of("cursor", "drain", "server-streaming", "no-side-effects");
    return new ScenarioList(Scenario.Role.SERVER)
        .add("server-hand-over", "H2 H3 H4", leaves, ServerHandoverScenarios::handsOver)
        .add("server-hand-over-resent", "H3 M4 M56", leaves, ServerHandoverScenarios::resent)
        .add("server-hand-over-list", "H2 H3", lists, ServerHandoverScenarios::handsListOver)
        .add("server-hand-over-without-offer", "H2 M60", leaves, ServerHandoverScenarios::unasked)
        .add("server-hand-over-unmarked", "H2 M60", leaves, ServerHandoverScenarios::unmarked)
        .add("server-hand-over-sent-behind", "H2 M60", leaves, ServerHandoverScenarios::sentBehind)
        .add(
            "server-hand-over-processed-behind",
            "H2 M60",
            leaves,
            ServerHandoverScenarios::processedBehind)
        .add("server-hand-over-waits", "H2", leaves, ServerHandoverScenarios::waits)
        .add("server-hand-over-onward", "H2 H3 H11", leaves, ServerHandoverScenarios::onward)
        .add("server-hand-over-unacked", "H10", leaves, ServerHandoverScenarios::unacked)
        .add("server-hand-over-restart", "H13", restarts, ServerHandoverScenarios::restarts)
        .toList();
  }

  /** A session that has processed a message, and then sent one. */
  private static WireClientCall worked(ServerStage server, WireClientCall call) throws Exception {
    server.opened();
    Check.equal("cursor of a new session", server.cursor(), "");
    processes(server, call, 1, "a");
    server.send("x");
    ServerStage.expect(call, 1, "x");
    return call;
  }

  /** A session whose client made the offer, and whose handler has marked a cursor last. */
  private static WireClientCall marked(ServerStage server) throws Exception {
    WireClientCall call = offered(server);
    server.mark("at 1");
    return call;
  }

  private static WireClientCall offered(ServerStage server) throws Exception {
    return worked(server, server.attach(server.hello(), WireHandover.offer()));
  }

  /** A message, which counts as processed for sure when it was acknowledged. */
  private static void processes(ServerStage server, WireClientCall call, long seq, String text)
      throws Exception {
    server.say(call, seq, text);
    server.received(text);
    ServerStage.expectAck(call, seq);
  }

  /** The client has heard that the instance leaves, and sends nothing more. */
  private static void settles(ServerStage server, WireClientCall call, long low) throws Exception {
    ServerResumeScenarios.expectLeaving(call);
    call.send(server.frame().withFlags(WireFrame.SETTLED).withLow(low));
  }

  private static WireFrame expectMoved(WireClientCall call, long seq, long ack) throws Exception {
    WireFrame last = ServerStage.expectFinal(call, seq, Status.Code.UNAVAILABLE.value());
    checkMoved(last, ack);
    return last;
  }

  private static void checkMoved(WireFrame last, long ack) {
    Check.isTrue("no MOVED with " + last, last.has(WireFrame.MOVED));
    Check.equal("ack of FINAL", last.ack(), ack);
  }

  /** The hand-over in the final frame at a position, which must be one of this session. */
  private static WireHandover handedOver(ServerStage server, WireFrame last) {
    WireHandover handover = WireHandover.parse(last.body());
    Check.isTrue(
        "seal of " + handover,
        handover.isSealed(ServerStage.KEY, server.session(), "", server.method()));
    Check.equal("position of " + handover, handover.position(), last.seq());
    return handover;
  }

  /** The end of a session that nobody takes over. */
  private static void expectMovedAlone(ServerStage server, WireClientCall call, long seq, long ack)
      throws Exception {
    WireFrame last = expectMoved(call, seq, ack);
    Check.equal("body of FINAL", last.bodyHex(), "");
    call.send(server.frame().withAck(seq));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("MOVED");
  }

  /** No final frame comes for a while. */
  private static void expectNoFinal(WireClientCall call) throws Exception {
    long endNanos = System.nanoTime() + A_WHILE.toNanos();
    PeerEvent event = call.events().poll(A_WHILE);
    while (event != null) {
      boolean control =
          event instanceof PeerEvent.Message message && WireFrame.parse(message.bytes()).seq() == 0;
      Check.isTrue(event + " (expected: frames without a position)", control);
      event = call.events().poll(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
    }
  }

  private static void handsOver(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    WireHandover handover = handedOver(server, expectMoved(call, 2, 1));
    Check.equal("processed", handover.processed(), 1L);
    Check.equal("moves", handover.moves(), 1L);
    Check.equal("half closed", handover.isHalfClosed(), false);
    Check.equal("replays", handover.replays(), 0L);
    Check.equal("cursor", handover.cursor(), "at 1");
    // The handler has ended, though the client has not acknowledged the FINAL.
    server.closed("MOVED");
    server.say(call, 2, "b");
    call.events().quiet(A_WHILE);
    call.send(server.frame().withAck(2));
    Check.equal("status", call.status(), Status.Code.OK);
    Check.isTrue("a message came behind the hand-over", server.hasNoneReceived());
  }

  private static void resent(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    String body = expectMoved(call, 2, 1).bodyHex();
    server.closed("MOVED");
    server.client().relay().cut();
    call.events().end();
    WireClientCall next =
        server.attach(server.hello().watermark(1).low(2).credit(257), WireHandover.offer());
    Check.equal("body", expectMoved(next, 2, 1).bodyHex(), body);
    next.send(server.frame().withAck(2));
    Check.equal("status", next.status(), Status.Code.OK);
  }

  private static void handsListOver(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall call = listed(server);
    server.mark("at 1");
    server.drain(LONG_GRACE);
    WireHandover handover = handedOver(server, expectMovedList(server, call));
    Check.equal("replays", handover.replays(), 1L);
    Check.equal("processed", handover.processed(), 0L);
    Check.equal("half closed", handover.isHalfClosed(), false);
    Check.equal("cursor", handover.cursor(), "at 1");
    server.closed("MOVED");
  }

  /** A server-streaming session that has processed its request, and then sent a message. */
  private static WireClientCall listed(ServerStage server) throws Exception {
    WireClientCall call = server.attach(server.hello(), WireHandover.offer());
    server.opened();
    ServerTakeoverScenarios.requests(server, call);
    ServerStage.expectAck(call, 2);
    server.send("x");
    ServerStage.expect(call, 1, "x");
    return call;
  }

  /** The final frame of {@link #listed}, for which the server may wait for SETTLED. */
  private static WireFrame expectMovedList(ServerStage server, WireClientCall call)
      throws Exception {
    WireFrame said =
        call.events().frame("LEAVING", each -> each.has(WireFrame.LEAVING | WireFrame.FINAL));
    if (!said.has(WireFrame.FINAL)) {
      call.send(server.frame().withFlags(WireFrame.SETTLED).withLow(2));
      said = ServerStage.expectFinal(call, 2, Status.Code.UNAVAILABLE.value());
    }
    checkMoved(said, 2);
    return said;
  }

  private static void unasked(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = worked(server, server.attach(server.hello()));
    server.mark("at 1");
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    expectMovedAlone(server, call, 2, 1);
  }

  private static void unmarked(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = offered(server);
    server.drain(SHORT_GRACE);
    settles(server, call, 1);
    expectMovedAlone(server, call, 2, 1);
  }

  private static void sentBehind(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.send("y");
    ServerStage.expect(call, 2, "y");
    long drainNanos = System.nanoTime();
    server.drain(SHORT_GRACE);
    settles(server, call, 1);
    expectMovedAlone(server, call, 3, 1);
    checkGraceIsOver(drainNanos, SHORT_GRACE);
  }

  private static void processedBehind(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    long drainNanos = System.nanoTime();
    server.drain(GRACE_FOR_A_MESSAGE);
    // Commands keep their order, so the cursor was marked before the message was sent.
    ServerResumeScenarios.expectLeaving(call);
    processes(server, call, 2, "b");
    call.send(server.frame().withFlags(WireFrame.SETTLED).withLow(2));
    expectMovedAlone(server, call, 2, 2);
    checkGraceIsOver(drainNanos, GRACE_FOR_A_MESSAGE);
  }

  /** The handler marked nothing more, which was waited for until the grace time was over. */
  private static void checkGraceIsOver(long drainNanos, long graceMillis) {
    Check.waited("FINAL", drainNanos, graceMillis - 10);
  }

  private static void waits(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.send("y");
    ServerStage.expect(call, 2, "y");
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    expectNoFinal(call);
    server.beginMark("at 2");
    WireHandover handover = handedOver(server, expectMoved(call, 3, 1));
    Check.equal("processed", handover.processed(), 1L);
    Check.equal("cursor", handover.cursor(), "at 2");
    server.closed("MOVED");
  }

  private static void onward(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHandover first = ServerTakeoverScenarios.handover(server);
    WireClientCall call = server.attach(ServerTakeoverScenarios.taking(server, first), first);
    processesFirst(server, call);
    server.send("x");
    ServerStage.expect(call, 6, "x");
    server.mark("at 4");
    server.drain(LONG_GRACE);
    settles(server, call, 4);
    WireHandover second = handedOver(server, expectMoved(call, 7, 4));
    Check.equal("processed", second.processed(), 4L);
    Check.equal("moves", second.moves(), 3L);
    Check.equal("cursor", second.cursor(), "at 4");
    server.closed("MOVED");
  }

  /**
   * The first message of the client that the cursor of {@link ServerTakeoverScenarios#handover}
   * does not cover.
   */
  private static void processesFirst(ServerStage server, WireClientCall call) throws Exception {
    server.say(call, 4, "d");
    server.opened();
    server.received("d");
    ServerStage.expectAck(call, 4);
  }

  /** The client comes to the owner that still waits for the ack of its last frame. */
  private static void unacked(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    WireHandover handover = handedOver(server, expectMoved(call, 2, 1));
    server.closed("MOVED");
    ServerTakeoverScenarios.isBusy(server, handover);
    // The hand-over was the ack.
    Check.equal("status", call.status(), Status.Code.OK);
  }

  private static void restarts(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall call = listed(server);
    server.drain(LONG_GRACE);
    WireHandover handover = handedOver(server, expectMovedList(server, call));
    Check.equal("replays", handover.replays(), 2L);
    Check.equal("processed", handover.processed(), 0L);
    Check.equal("cursor", handover.cursor(), "");
    server.closed("MOVED");
  }
}
