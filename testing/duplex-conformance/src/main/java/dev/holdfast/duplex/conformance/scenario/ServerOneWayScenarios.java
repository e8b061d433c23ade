package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerEvents;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a server's methods in one direction. */
final class ServerOneWayScenarios {
  private static final long INTERNAL = Status.Code.INTERNAL.value();
  private static final long CREDIT = 20;
  private static final int BEYOND_CREDIT = 100;

  /** Longer than half of the time after which a client ends its request side. */
  private static final Duration SILENCE = Duration.ofMillis(700);

  private static final Duration THREE_SILENCES = Duration.ofSeconds(3);

  private ServerOneWayScenarios() {}

  static List<Scenario> all() {
    Set<String> list = Set.of("server-streaming");
    Set<String> listHeld = Set.of("server-streaming", "held-response");
    Set<String> collect = Set.of("client-streaming");
    Set<String> byHand = Set.of("client-streaming", "reading", "receiveMessages");
    return new ScenarioList(Scenario.Role.SERVER)
        .add("server-server-stream", "M79 M72", list, ServerOneWayScenarios::serverStream)
        .add("server-server-stream-ended", "M55 M79", list, ServerOneWayScenarios::endedRequests)
        .add("server-second-request", "M79", list, ServerOneWayScenarios::secondRequest)
        .add("server-server-stream-plain", "M62", list, ServerOneWayScenarios::plainList)
        .add("server-client-stream", "M72", collect, ServerOneWayScenarios::clientStream)
        .add("server-bare-beyond-credit", "M78", byHand, ServerOneWayScenarios::beyondCredit)
        .add("server-bare-half-close", "M78", collect, ServerOneWayScenarios::bareHalfClose)
        .add("server-second-response", "M80", collect, ServerOneWayScenarios::secondResponse)
        .add("server-no-response", "M80", collect, ServerOneWayScenarios::noResponse)
        .add("server-client-stream-plain", "M62", collect, ServerOneWayScenarios::plainCollect)
        .add("server-held-response", "M82", listHeld, ServerOneWayScenarios::heldResponse)
        .add("server-held-first-response", "M82", listHeld, ServerOneWayScenarios::heldAtFirst)
        .add("server-response-not-held", "M82", listHeld, ServerOneWayScenarios::notHeld)
        .toList();
  }

  private static void serverStream(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST);
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.receivedHalfClose();
    server.send("x", "y");
    ServerStage.expect(call, 1, "x");
    ServerStage.expect(call, 2, "y");
    call.send(server.frame().withSeq(2).withFlags(WireFrame.HALF_CLOSE));
    end(server, call, 3);
  }

  /** Ends the handler well, and confirms that. */
  private static void end(ServerStage server, WireClientCall call, long seq) throws Exception {
    server.finish(0);
    ServerStage.expectFinal(call, seq, 0);
    call.send(server.frame().withAck(seq));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("FINISHED");
  }

  /** A client that does not know the server says all at once, and comes again to acknowledge. */
  private static void endedRequests(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall first = requested(server, true);
    server.send("x");
    ServerStage.expect(first, 1, "x");
    WireClientCall next = server.resume(1, 3);
    server.send("y");
    ServerStage.expect(next, 2, "y");
    end(server, next, 3);
  }

  /** A client that hears nothing, as a hop holds the response, ends its request side. */
  private static void heldResponse(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall first = requested(server, false);
    server.send("x");
    ServerStage.expect(first, 1, "x");
    first.events().quiet(SILENCE);
    first.halfClose();
    Check.equal("status", first.status(), Status.Code.UNAVAILABLE);
    WireClientCall next = server.resume(1, 3);
    next.events().quiet(SILENCE);
    next.halfClose();
    server.send("y");
    ServerStage.expect(next, 2, "y");
    Check.equal("status", next.status(), Status.Code.UNAVAILABLE);
    end(server, server.resume(2, 3), 3);
  }

  /** A client that does not know the server ends its request side at once. */
  private static void heldAtFirst(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall first = requested(server, true);
    server.send("x");
    ServerStage.expect(first, 1, "x");
    Check.equal("status", first.status(), Status.Code.UNAVAILABLE);
    // It knows now what helps, and the server what its response needs.
    WireClientCall next = halfClosed(server, 1);
    server.send("y");
    ServerStage.expect(next, 2, "y");
    Check.equal("status", next.status(), Status.Code.UNAVAILABLE);
    end(server, server.resume(2, 3), 3);
  }

  /** A hop holds the requests, and the responses arrive. */
  private static void notHeld(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    var unused = requested(server, true);
    WireClientCall next = halfClosed(server, 0);
    server.send("x");
    ServerStage.expect(next, 1, "x");
    next.events().quiet(THREE_SILENCES);
    end(server, server.resume(1, 3), 2);
  }

  /** The first attachment, whose handler has the request. */
  private static WireClientCall requested(ServerStage server, boolean halfCloses) throws Exception {
    WireClientCall call = server.client().attach(server.hello());
    server.say(call, 1, "a");
    if (halfCloses) {
      call.halfClose();
    }
    server.welcomed(call);
    server.opened();
    server.received("a");
    server.receivedHalfClose();
    return call;
  }

  /** A later attachment whose request side ends with its hello. */
  private static WireClientCall halfClosed(ServerStage server, long watermark) throws Exception {
    WireClientCall call =
        server.client().attach(server.hello().watermark(watermark).low(3).credit(watermark + 256));
    call.halfClose();
    server.welcomed(call);
    return call;
  }

  private static void secondRequest(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST);
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.receivedHalfClose();
    server.say(call, 2, "b");
    ServerStage.expectFinal(call, 1, INTERNAL);
  }

  private static void clientStream(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT);
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.say(call, 2, "b");
    server.received("a");
    server.received("b");
    call.send(server.frame().withSeq(3).withFlags(WireFrame.HALF_CLOSE));
    server.receivedHalfClose();
    server.send("x");
    ServerStage.expect(call, 1, "x");
    end(server, call, 2);
  }

  /**
   * A client that has not read the welcome yet, and knows no credit. The server has all messages
   * before one is read, as each that is read gives credit.
   */
  private static void beyondCredit(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT);
    WireClientCall call = server.begin(Map.of("reading", "manual", "receiveMessages", CREDIT));
    server.say(call, 1, "m1");
    for (int i = 2; i <= BEYOND_CREDIT; i++) {
      call.send(TextMessage.encode("m" + i));
    }
    server.probe(call, 1);
    server.read(BEYOND_CREDIT);
    for (int i = 1; i <= BEYOND_CREDIT; i++) {
      server.received("m" + i);
    }
    call.send(server.frame().withSeq(BEYOND_CREDIT + 1).withFlags(WireFrame.HALF_CLOSE));
    server.read(1);
    server.receivedHalfClose();
    server.send("x");
    ServerStage.expect(call, 1, "x");
  }

  /** The half-close of such a client is that of its call. */
  private static void bareHalfClose(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT);
    WireClientCall call = server.begin();
    server.say(call, 1, "m1");
    for (int i = 2; i <= BEYOND_CREDIT; i++) {
      call.send(TextMessage.encode("m" + i));
    }
    call.halfClose();
    for (int i = 1; i <= BEYOND_CREDIT; i++) {
      server.received("m" + i);
    }
    server.receivedHalfClose();
    server.send("x");
    ServerStage.expect(call, 1, "x");
  }

  private static void secondResponse(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT);
    WireClientCall call = server.begin();
    server.send("x", "y");
    ServerStage.expect(call, 1, "x");
    ServerStage.expectFinal(call, 2, INTERNAL);
  }

  private static void noResponse(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT);
    WireClientCall call = server.begin();
    server.finish(0);
    ServerStage.expectFinal(call, 1, INTERNAL);
  }

  private static void plainList(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.LIST).listen();
    WireClientCall call = server.client().call(Map.of());
    call.send(TextMessage.encode("a"));
    call.halfClose();
    server.opened();
    server.received("a");
    server.receivedHalfClose();
    server.send("x");
    expectPlain(call, "x");
    server.finish(0);
    Check.equal("status", call.status(), Status.Code.OK);
  }

  private static void plainCollect(Stage stage) throws Exception {
    ServerStage server = stage.server().of(PeerMethods.COLLECT).listen();
    WireClientCall call = server.client().call(Map.of());
    call.send(TextMessage.encode("a"));
    call.send(TextMessage.encode("b"));
    call.halfClose();
    server.opened();
    server.received("a");
    server.received("b");
    server.receivedHalfClose();
    server.send("x");
    expectPlain(call, "x");
    server.finish(0);
    Check.equal("status", call.status(), Status.Code.OK);
  }

  /** Response headers without a welcome, and a message without a header. */
  private static void expectPlain(WireClientCall call, String text) throws InterruptedException {
    PeerEvent headers = call.events().next(PeerEvents.PATIENCE);
    Check.isTrue(
        headers + " (expected: headers without a welcome)",
        headers instanceof PeerEvent.Headers came && came.handshakes().isEmpty());
    PeerEvent message = call.events().next(PeerEvents.PATIENCE);
    Check.isTrue(
        message + " (expected: " + text + " without a header)",
        message instanceof PeerEvent.Message came
            && !WireFrame.parse(came.bytes()).hasHeader()
            && WireFrame.parse(came.bytes()).text().equals(text));
  }
}
