package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerEvents;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireToken;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Scenarios of a server's first attachments, their welcomes and refusals. */
final class ServerOpeningScenarios {
  private ServerOpeningScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.SERVER)
        .add("server-echo", "M1 M45 M56", ServerOpeningScenarios::echo)
        .add("server-welcome", "M45 M17", ServerOpeningScenarios::welcome)
        .add(
            "server-token-names-owner",
            "M17",
            Set.of("address"),
            ServerOpeningScenarios::tokenNamesOwner)
        .add("server-plain-client", "M62", ServerOpeningScenarios::plainClient)
        .add("server-two-hellos", "M13", ServerOpeningScenarios::twoHellos)
        .add("server-hello-garbage", "M13", ServerOpeningScenarios::garbage)
        .add("server-hello-version", "M13", bad(hello -> hello.version(2)))
        .add("server-hello-short-session", "M13", bad(hello -> hello.session(new byte[15])))
        .add("server-hello-without-attach", "M13", bad(hello -> hello.attach(0)))
        .add("server-hello-without-tag", "M13", bad(hello -> hello.tag(0)))
        .add("server-hello-tag-too-high", "M13", bad(hello -> hello.tag(1L << 32)))
        .add("server-hello-without-low", "M13", bad(hello -> hello.low(0)))
        .add("server-hello-long-token", "M13", bad(hello -> hello.token(new byte[321])))
        .add("server-hello-unknown-field", "M13", bad(hello -> hello.put(15, 1)))
        .add("server-hello-untouched-of-2", "M13", bad(hello -> hello.put(9, 2)))
        .add("server-bare-messages", "M54", ServerOpeningScenarios::bareMessages)
        .add("server-first-without-header", "M54", ServerOpeningScenarios::firstWithoutHeader)
        .add("server-bare-after-two-headers", "M54", ServerOpeningScenarios::bareAfterTwo)
        .add("server-call-half-close", "M55", ServerOpeningScenarios::callHalfClose)
        .add(
            "server-sixteen-without-credit",
            "M21",
            Set.of("reading"),
            ServerOpeningScenarios::sixteen)
        .add("server-token-of-other-owner", "M46", Set.of("address"), ServerOpeningScenarios::moved)
        .add("server-unknown-token", "M47 M61", ServerOpeningScenarios::unknownToken)
        .add("server-forged-token", "M47 M61", ServerOpeningScenarios::forgedToken)
        .add(
            "server-other-principal",
            "M48",
            Set.of("principalHeader"),
            ServerOpeningScenarios::otherPrincipal)
        .add("server-no-token-after-welcome", "M48", ServerOpeningScenarios::noTokenAfterWelcome)
        .add("server-touched-and-unknown", "M53 M61", ServerOpeningScenarios::touchedUnknown)
        .add(
            "server-touched-only-instance",
            "M53",
            Set.of("onlyInstance"),
            ServerOpeningScenarios::touchedOnly)
        .add("server-untouched-begins", "M53", ServerOpeningScenarios::untouchedBegins)
        .toList();
  }

  private static void echo(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.send("x");
    ServerStage.expect(call, 1, "x");
    server.finish(0);
    ServerStage.expectFinal(call, 2, 0);
    call.send(server.frame().withAck(2));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("FINISHED");
  }

  private static void welcome(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHello hello = server.hello();
    WireWelcome welcome = server.client().attach(hello).welcome();
    Check.equal("watermark", welcome.watermark(), 0L);
    Check.equal("low", welcome.low(), 1L);
    byte[] token = WireToken.issue(ServerStage.KEY, hello.session(), "", PeerMethods.TALK, "");
    Check.equal("token as documented", Arrays.equals(welcome.token(), token), true);
  }

  private static void tokenNamesOwner(Stage stage) throws Exception {
    String owner = "10.0.0.1:50051";
    ServerStage server = stage.server().listen(Map.of("address", owner));
    WireHello hello = server.hello();
    WireWelcome welcome = server.client().attach(hello).welcome();
    byte[] token = WireToken.issue(ServerStage.KEY, hello.session(), "", PeerMethods.TALK, owner);
    Check.equal("token as documented", Arrays.equals(welcome.token(), token), true);
  }

  private static void plainClient(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = server.client().call(Map.of());
    call.send(TextMessage.encode("a"));
    server.opened();
    server.received("a");
    server.send("x");
    PeerEvent event = call.events().next(PeerEvents.PATIENCE);
    if (event instanceof PeerEvent.Headers headers) {
      Check.equal("welcomes to a plain client", headers.handshakes().size(), 0);
      event = call.events().next(PeerEvents.PATIENCE);
    }
    Check.isTrue(event + " (expected: a message)", event instanceof PeerEvent.Message);
    WireFrame message = WireFrame.parse(((PeerEvent.Message) event).bytes());
    Check.equal("header", message.hasHeader(), false);
    Check.equal("text", message.text(), "x");
    call.halfClose();
    server.receivedHalfClose();
    server.finish(5);
    Check.equal("status", call.status(), Status.Code.NOT_FOUND);
  }

  private static void twoHellos(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    byte[] hello = server.hello().encode();
    WireClientCall call = server.client().call(Map.of(), hello, hello);
    Check.equal("status", call.status(), Status.Code.INVALID_ARGUMENT);
  }

  private static void garbage(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = server.client().call(Map.of(), new byte[] {(byte) 0xff, 1});
    Check.equal("status", call.status(), Status.Code.INVALID_ARGUMENT);
  }

  private static Scenario.Script bad(Consumer<WireHello> change) {
    return stage -> {
      ServerStage server = stage.server().listen();
      WireHello hello = server.hello();
      change.accept(hello);
      Check.equal("status", server.client().attach(hello).status(), Status.Code.INVALID_ARGUMENT);
    };
  }

  private static void bareMessages(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    call.send(TextMessage.encode("b"));
    call.send(TextMessage.encode("c"));
    for (String text : List.of("a", "b", "c")) {
      server.received(text);
    }
    ServerStage.expectAck(call, 3);
    // A second header, and positions go on.
    server.say(call, 4, "d");
    server.received("d");
  }

  private static void firstWithoutHeader(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    call.send(TextMessage.encode("a"));
    Check.equal("status", call.status(), Status.Code.INTERNAL);
  }

  private static void bareAfterTwo(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.say(call, 2, "b");
    call.send(TextMessage.encode("c"));
    Check.equal("status", call.status(), Status.Code.INTERNAL);
    server.received("a");
    server.received("b");
    WireClientCall next = server.resume(0, 3);
    server.say(next, 3, "c");
    server.received("c");
  }

  private static void callHalfClose(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    call.halfClose();
    server.received("a");
    server.receivedHalfClose();
    server.send("x");
    ServerStage.expect(call, 1, "x");
    // The half-close took position 2: a later attachment need not say it again.
    server.client().relay().cut();
    call.events().end();
    WireClientCall next = server.resume(1, 3);
    server.finish(0);
    ServerStage.expectFinal(next, 2, 0);
  }

  private static void sixteen(Stage stage) throws Exception {
    ServerStage server = stage.server();
    server.listen(Map.of("receiveMessages", 4L, "reading", "manual"));
    WireClientCall call = server.attach(server.hello());
    server.opened();
    server.say(call, 1, "m1");
    for (int i = 2; i <= 16; i++) {
      call.send(TextMessage.encode("m" + i));
    }
    server.probe(call, 1);
    server.read(16);
    for (int i = 1; i <= 16; i++) {
      server.received("m" + i);
    }
  }

  private static void moved(Stage stage) throws Exception {
    ServerStage server = stage.server().listen(Map.of("address", "10.0.0.1:50051"));
    WireHello hello = server.hello();
    hello.attach(2).untouched(false);
    hello.token(
        WireToken.issue(ServerStage.KEY, hello.session(), "", PeerMethods.TALK, "10.0.0.2:50051"));
    WireRefusal refusal = server.client().attach(hello).refusal();
    Check.equal("refusal", refusal, WireRefusal.moved("10.0.0.2:50051"));
  }

  private static void unknownToken(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHello hello = server.hello().attach(2).untouched(false);
    hello.token(WireToken.issue(ServerStage.KEY, hello.session(), "", PeerMethods.TALK, ""));
    refuses(server.client().attach(hello), WireRefusal.UNKNOWN, Status.Code.FAILED_PRECONDITION);
  }

  static void refuses(WireClientCall call, long code, Status.Code status)
      throws InterruptedException {
    PeerEvent.Ended ended = call.events().end();
    Check.equal("refusals in the trailers", ended.handshakes().size(), 1);
    Check.equal("code", WireRefusal.parse(ended.handshakes().get(0)).code(), code);
    Check.equal("status", ended.status().getCode(), status);
  }

  private static void forgedToken(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    byte[] forged = new byte[32];
    WireHello hello = server.hello().token(forged);
    refuses(server.client().attach(hello), WireRefusal.DENIED, Status.Code.PERMISSION_DENIED);
    // The session and its attachment are as they were.
    call.send(WireFrame.of(ServerStage.TAG).withSeq(1).withText("a"));
    server.received("a");
  }

  private static void otherPrincipal(Stage stage) throws Exception {
    ServerStage server = stage.server().listen(Map.of("principalHeader", "x-user"));
    WireClientCall call = server.client().attach(server.hello(), Map.of("x-user", "alice"));
    byte[] token = call.welcome().token();
    server.opened();
    WireHello hello = WireHello.later(server.session(), 2, 7, token);
    refuses(
        server.client().attach(hello, Map.of("x-user", "mallory")),
        WireRefusal.DENIED,
        Status.Code.PERMISSION_DENIED);
    server.client().attach(hello, Map.of("x-user", "alice")).welcome();
  }

  private static void noTokenAfterWelcome(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.probe(call, 5);
    WireHello hello = server.hello().token(new byte[0]);
    refuses(server.client().attach(hello), WireRefusal.DENIED, Status.Code.PERMISSION_DENIED);
  }

  private static void touchedUnknown(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireHello hello = server.hello().attach(2).untouched(false).age(1_000).touchedBy(1);
    refuses(server.client().attach(hello), WireRefusal.UNKNOWN, Status.Code.FAILED_PRECONDITION);
  }

  private static void touchedOnly(Stage stage) throws Exception {
    ServerStage server = stage.server().listen(Map.of("onlyInstance", 1L));
    WireClientCall any = server.attach(server.hello());
    server.opened();
    server.probe(any, 1);
    // It is up for longer than this session is old, and would know.
    WireHello young = WireHello.first(new byte[16], 9).attach(2).untouched(false);
    server.client().attach(young.age(1).touchedBy(1)).welcome();
    WireHello old = WireHello.first(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6}, 9);
    refuses(
        server.client().attach(old.attach(2).untouched(false).age(100_000_000).touchedBy(1)),
        WireRefusal.UNKNOWN,
        Status.Code.FAILED_PRECONDITION);
  }

  private static void untouchedBegins(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    // Earlier attempts reached nobody.
    WireClientCall call = server.attach(server.hello().attach(4));
    server.opened();
    call.send(WireFrame.of(ServerStage.TAG).withSeq(1).withText("a"));
    server.received("a");
  }
}
