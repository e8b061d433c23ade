package dev.holdfast.duplex.conformance.scenario;

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

/** Scenarios of a server that is shown a hand-over of an owner before, which was the kit. */
final class ServerTakeoverScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);
  private static final long LONG_GRACE = 20_000;
  private static final byte[] OTHER_KEY =
      "another secret of other servers!".getBytes(StandardCharsets.US_ASCII);

  private ServerTakeoverScenarios() {}

  static List<Scenario> all() {
    Set<String> takes = Set.of("cursor");
    Set<String> asked = Set.of("cursor", "principalHeader");
    Set<String> listed = Set.of("cursor", "server-streaming");
    Set<String> leaves = Set.of("cursor", "drain");
    Set<String> restarts = Set.of("cursor", "drain", "server-streaming", "no-side-effects");
    return new ScenarioList(Scenario.Role.SERVER)
        .add("server-takes-hand-over", "H10 H11 H12", takes, ServerTakeoverScenarios::takes)
        .add("server-takes-hand-over-by-token", "H12", takes, ServerTakeoverScenarios::byToken)
        .add("server-takes-hand-over-again", "H12 M48", takes, ServerTakeoverScenarios::again)
        .add("server-takes-hand-over-list", "H11 H12", listed, ServerTakeoverScenarios::takesList)
        .add("server-hand-over-forged", "H10", takes, ServerTakeoverScenarios::forged)
        .add("server-hand-over-unreadable", "H10 M13", takes, ServerTakeoverScenarios::unreadable)
        .add("server-hand-over-of-another", "H10", asked, ServerTakeoverScenarios::ofAnother)
        .add("server-hand-over-leaving", "H10 M61", leaves, ServerTakeoverScenarios::leaving)
        .add("server-hand-over-stale", "H10", takes, ServerTakeoverScenarios::stale)
        .add("server-takes-restart", "H13 H11", restarts, ServerTakeoverScenarios::takesRestart)
        .toList();
  }

  /** The second hand-over of a session, behind positions 5 of the server and 3 of the client. */
  static WireHandover handover(ServerStage server) {
    return sealed(server, WireHandover.of(5, 3, 2).withCursor("at 3"));
  }

  private static WireHandover sealed(ServerStage server, WireHandover handover) {
    return handover.sealed(ServerStage.KEY, server.session(), "", server.method());
  }

  /** The hello beside a hand-over: of a client that had other servers, and has no token here. */
  static WireHello taking(ServerStage server, WireHandover handover) {
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

  static void requests(ServerStage server, WireClientCall call) throws Exception {
    server.say(call, 1, "a");
    call.send(server.frame().withSeq(2).withFlags(WireFrame.HALF_CLOSE));
    server.received("a");
    server.receivedHalfClose();
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

  static void isBusy(ServerStage server, WireHandover handover) throws Exception {
    ServerOpeningScenarios.refuses(
        server.client().attach(taking(server, handover), handover),
        WireRefusal.BUSY,
        Status.Code.UNAVAILABLE);
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
