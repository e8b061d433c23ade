package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a server that hands its sessions over, and of one that takes them. */
final class ServerHandoverScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);
  private static final long LONG_GRACE = 20_000;
  private static final long SHORT_GRACE = 700;
  private static final long GRACE_FOR_A_MESSAGE = 2_000;
  private static final byte[] OTHER_KEY =
      "another secret of other servers!".getBytes(StandardCharsets.US_ASCII);

  private ServerHandoverScenarios() {}

  static List<Scenario> all() {
    Set<String> leaves = Set.of("cursor", "drain");
    Set<String> lists = Set.of("cursor", "drain", "server-streaming");
    Set<String> takes = Set.of("cursor");
    Set<String> asked = Set.of("cursor", "principalHeader");
    Set<String> listed = Set.of("cursor", "server-streaming");
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
        .add("server-takes-hand-over", "H10 H11 H12", takes, ServerHandoverScenarios::takes)
        .add("server-takes-hand-over-by-token", "H12", takes, ServerHandoverScenarios::byToken)
        .add("server-takes-hand-over-again", "H12 M48", takes, ServerHandoverScenarios::again)
        .add("server-takes-hand-over-list", "H11 H12", listed, ServerHandoverScenarios::takesList)
        .add("server-hand-over-onward", "H2 H3 H11", leaves, ServerHandoverScenarios::onward)
        .add("server-hand-over-forged", "H10", takes, ServerHandoverScenarios::forged)
        .add("server-hand-over-unreadable", "H10 M13", takes, ServerHandoverScenarios::unreadable)
        .add("server-hand-over-of-another", "H10", asked, ServerHandoverScenarios::ofAnother)
        .add("server-hand-over-leaving", "H10 M61", leaves, ServerHandoverScenarios::leaving)
        .add("server-hand-over-unacked", "H10", leaves, ServerHandoverScenarios::unacked)
        .add("server-hand-over-stale", "H10", takes, ServerHandoverScenarios::stale)
        .add("server-hand-over-restart", "H13", restarts, ServerHandoverScenarios::restarts)
        .add("server-takes-restart", "H13 H11", restarts, ServerHandoverScenarios::takesRestart)
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
    requests(server, call);
    ServerStage.expectAck(call, 2);
    server.send("x");
    ServerStage.expect(call, 1, "x");
    return call;
  }

  private static void requests(ServerStage server, WireClientCall call) throws Exception {
    server.say(call, 1, "a");
    call.send(server.frame().withSeq(2).withFlags(WireFrame.HALF_CLOSE));
    server.received("a");
    server.receivedHalfClose();
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
    long waited = Duration.ofNanos(System.nanoTime() - drainNanos).toMillis();
    Check.within("milliseconds to FINAL", waited, graceMillis - 10, graceMillis + 8_000);
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

  // A server that is shown a hand-over of an owner before, which was the kit.

  /** The second hand-over of a session, behind positions 5 of the server and 3 of the client. */
  private static WireHandover handover(ServerStage server) {
    return sealed(server, WireHandover.of(5, 3, 2).withCursor("at 3"));
  }

  private static WireHandover sealed(ServerStage server, WireHandover handover) {
    return handover.sealed(ServerStage.KEY, server.session(), "", server.method());
  }

  /** The hello beside a hand-over: of a client that had other servers, and has no token here. */
  private static WireHello taking(ServerStage server, WireHandover handover) {
    WireHello hello = server.hello();
    return hello
        .tag(server.tag())
        .token(new byte[0])
        .untouched(false)
        .watermark(handover.position())
        .low(handover.processed() + 1)
        .credit(handover.position() + 256);
  }

  /** Shows a hand-over, which must be welcomed behind its positions. No handler starts. */
  private static WireClientCall show(ServerStage server, WireHandover handover) throws Exception {
    WireClientCall call = server.client().attach(taking(server, handover), handover);
    WireWelcome welcome = call.welcome();
    Check.equal("watermark", welcome.watermark(), handover.processed());
    Check.equal("low", welcome.low(), handover.position() + 1);
    call.events().quiet(A_WHILE);
    Check.isTrue("a handler started before a frame came", server.hasNoneOpened());
    return call;
  }

  private static void takes(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = show(server, handover(server));
    server.probe(call, 9);
    server.opened();
    Check.equal("cursor", server.cursor(), "at 3");
    server.say(call, 4, "d");
    server.received("d");
    server.send("x");
    ServerStage.expect(call, 6, "x");
    server.finish(0);
    ServerStage.expectFinal(call, 7, 0);
    call.send(server.frame().withAck(7));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("FINISHED");
  }

  private static void byToken(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHandover handover = handover(server);
    WireClientCall call = server.attach(taking(server, handover), handover);
    server.client().relay().cut();
    call.events().end();
    Check.isTrue("a handler started before a frame came", server.hasNoneOpened());
    WireClientCall next =
        server.attach(server.hello().watermark(5).low(4).credit(261), WireHandover.offer());
    server.opened();
    Check.equal("cursor", server.cursor(), "at 3");
    server.send("x");
    ServerStage.expect(next, 6, "x");
    server.say(next, 4, "d");
    server.received("d");
  }

  /** The client has not read the welcome, and shows the hand-over until it has read one. */
  private static void again(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHandover handover = handover(server);
    WireClientCall unread = show(server, handover);
    server.client().relay().cut();
    unread.events().end();
    WireClientCall call = show(server, handover);
    server.probe(call, 9);
    server.opened();
    Check.equal("cursor", server.cursor(), "at 3");
    // Its client has shown that it was welcomed.
    ServerOpeningScenarios.refuses(
        server.client().attach(taking(server, handover), handover),
        WireRefusal.DENIED,
        Status.Code.PERMISSION_DENIED);
    Check.isTrue("a second handler started", server.hasNoneOpened());
  }

  private static void takesList(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireHandover handover = sealed(server, WireHandover.of(5, 0, 2).replaying().withCursor("at 3"));
    WireClientCall call = show(server, handover);
    server.probe(call, 9);
    server.opened();
    Check.equal("cursor", server.cursor(), "at 3");
    requests(server, call);
    server.send("x");
    ServerStage.expect(call, 6, "x");
  }

  private static void onward(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHandover first = handover(server);
    WireClientCall call = server.attach(taking(server, first), first);
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

  /** The first message of the client that the cursor of {@link #handover} does not cover. */
  private static void processesFirst(ServerStage server, WireClientCall call) throws Exception {
    server.say(call, 4, "d");
    server.opened();
    server.received("d");
    ServerStage.expectAck(call, 4);
  }

  private static void forged(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHandover genuine = handover(server);
    denies(server, genuine.withCursor("at 9"), Map.of());
    denies(server, genuine.sealed(OTHER_KEY, server.session(), "", server.method()), Map.of());
  }

  private static void unreadable(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    byte[] genuine = handover(server).encode();
    // A field that only another version knows.
    byte[] longer = Arrays.copyOf(genuine, genuine.length + 2);
    longer[genuine.length] = 9 << 3;
    longer[genuine.length + 1] = 1;
    byte[] cutOff = Arrays.copyOf(genuine, genuine.length - 1);
    isInvalid(server, longer);
    isInvalid(server, cutOff);
    isInvalid(server, genuine, genuine);
    show(server, handover(server));
  }

  private static void isInvalid(ServerStage server, byte[]... values) throws Exception {
    WireClientCall call = server.client().show(taking(server, handover(server)), values);
    Check.equal("status", call.status(), Status.Code.INVALID_ARGUMENT);
  }

  private static void ofAnother(Stage stage) throws Exception {
    ServerStage server = stage.server().listen(Map.of("principalHeader", "x-user"));
    WireHandover genuine = handover(server);
    byte[] key = ServerStage.KEY;
    byte[] session = server.session();
    Map<String, String> mallory = Map.of("x-user", "mallory");
    WireHandover ofAlice = genuine.sealed(key, session, "alice", server.method());
    denies(server, ofAlice, mallory);
    denies(server, genuine.sealed(key, session, "mallory", PeerMethods.LIST), mallory);
    byte[] other = session.clone();
    other[0]++;
    denies(server, genuine.sealed(key, other, "mallory", server.method()), mallory);
    server.client().attach(taking(server, ofAlice), ofAlice, Map.of("x-user", "alice")).welcome();
  }

  private static void denies(ServerStage server, WireHandover handover, Map<String, String> headers)
      throws Exception {
    ServerOpeningScenarios.refuses(
        server.client().attach(taking(server, handover), handover, headers),
        WireRefusal.DENIED,
        Status.Code.PERMISSION_DENIED);
    Check.isTrue("a handler started", server.hasNoneOpened());
  }

  private static void leaving(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    server.drain(LONG_GRACE);
    WireHandover handover = handover(server);
    isBusy(server, handover);
    Check.isTrue("a handler started", server.hasNoneOpened());
  }

  private static void isBusy(ServerStage server, WireHandover handover) throws Exception {
    ServerOpeningScenarios.refuses(
        server.client().attach(taking(server, handover), handover),
        WireRefusal.BUSY,
        Status.Code.UNAVAILABLE);
  }

  /** The client comes to the owner that still waits for the ack of its last frame. */
  private static void unacked(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = marked(server);
    server.drain(LONG_GRACE);
    settles(server, call, 1);
    WireHandover handover = handedOver(server, expectMoved(call, 2, 1));
    server.closed("MOVED");
    isBusy(server, handover);
    // The hand-over was the ack.
    Check.equal("status", call.status(), Status.Code.OK);
  }

  /** The welcome of the first hand-over was lost, and the session went on elsewhere since. */
  private static void stale(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall old = show(server, sealed(server, WireHandover.of(2, 1, 1).withCursor("at 1")));
    WireHandover later = handover(server);
    isBusy(server, later);
    old.events().end();
    Check.isTrue("a handler started", server.hasNoneOpened());
    WireClientCall call = show(server, later);
    server.probe(call, 9);
    server.opened();
    Check.equal("cursor", server.cursor(), "at 3");
    server.send("x");
    ServerStage.expect(call, 6, "x");
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

  private static void takesRestart(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireHandover handover = sealed(server, WireHandover.of(5, 0, 2).restarting());
    WireClientCall call = show(server, handover);
    server.probe(call, 9);
    server.opened();
    Check.equal("cursor", server.cursor(), "");
    requests(server, call);
    server.send("x");
    ServerStage.expect(call, 6, "x");
  }
}
