package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerEvent;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a client's calls of methods in one direction. */
final class ClientOneWayScenarios {
  /** Longer than any scenario: what waits for the silence of a server is late. */
  private static final long LONG_SILENCE_MILLIS = 60_000;

  private static final long SHORT_SILENCE_MILLIS = 400;

  /** So long that a client waits for it even if its machine stood still for seconds meanwhile. */
  private static final long NOTED_SILENCE_MILLIS = 3_000;

  private static final long HANDSHAKE_MILLIS = 5_000;

  /** The time in which what waits for nothing has come. */
  private static final Duration SOON = Duration.ofSeconds(10);

  private static final Duration A_WHILE = Duration.ofMillis(300);
  private static final int BEYOND_THE_FIRST = 40;

  /**
   * The initial credit. A call buffers so many messages in some libraries, and its request side may
   * end while that buffer is full: nothing tells then that there is room again.
   */
  private static final int FIRST = 16;

  private static final int MOST_TURNS = 4;

  /** More than the answers that show a client the half-duplex path. */
  private static final int HELD_RESPONSES = 5;

  private static final String SERVER_STREAMING = "server-streaming";
  private static final String CLIENT_STREAMING = "client-streaming";

  private ClientOneWayScenarios() {}

  static List<Scenario> all() {
    Set<String> list = Set.of(SERVER_STREAMING);
    Set<String> listShared = Set.of(SERVER_STREAMING, "channel");
    Set<String> listHalfDuplex = Set.of(SERVER_STREAMING, "half-duplex");
    Set<String> listHeld = Set.of(SERVER_STREAMING, "half-duplex", "held-response");
    Set<String> listUnanswered =
        Set.of(SERVER_STREAMING, "half-duplex", "held-response", "handshakeMs");
    Set<String> collect = Set.of(CLIENT_STREAMING);
    return new ScenarioList(Scenario.Role.CLIENT)
        .add("client-server-stream", "M72 M73", list, ClientOneWayScenarios::serverStream)
        .add("client-server-stream-again", "M74", list, ClientOneWayScenarios::readsTheFirst)
        .add("client-server-stream-cut", "M72 M4", list, ClientOneWayScenarios::serverStreamCut)
        .add("client-server-stream-known", "M75 M72", listShared, ClientOneWayScenarios::keptOpen)
        .add("client-server-stream-doubt", "M75", listShared, ClientOneWayScenarios::doubt)
        .add("client-server-stream-plain", "M73 M23", list, ClientOneWayScenarios::plainList)
        .add("client-server-stream-late-cut", "M77", list, ClientOneWayScenarios::lateCut)
        .add("client-server-stream-early-cut", "M77 M18", list, ClientOneWayScenarios::earlyCut)
        .add(
            "client-client-stream",
            "M72 M76",
            collect,
            stage -> clientStream(stage, BEYOND_THE_FIRST))
        .add("client-client-stream-at-once", "M72", collect, stage -> clientStream(stage, FIRST))
        .add("client-client-stream-response", "M74", collect, ClientOneWayScenarios::response)
        .add("client-client-stream-empty", "M74", collect, ClientOneWayScenarios::empty)
        .add("client-client-stream-cancel", "M74 M36", collect, ClientOneWayScenarios::cancel)
        .add("client-client-stream-plain", "M76 M23", collect, ClientOneWayScenarios::plainCollect)
        .add("client-half-duplex", "M81", listHalfDuplex, ClientOneWayScenarios::halfDuplex)
        .add("client-held-response", "M81 M35", listHeld, ClientOneWayScenarios::heldResponse)
        .add("client-half-duplex-silent", "M83", listUnanswered, ClientOneWayScenarios::unanswered)
        .toList();
  }

  private static ClientStage list(Stage stage, long silenceMillis) throws IOException {
    return stage.client().of(PeerMethods.LIST).open(Map.of("assumePlainMs", silenceMillis));
  }

  private static ClientStage collect(Stage stage, long silenceMillis) throws IOException {
    return stage.client().of(PeerMethods.COLLECT).open(Map.of("assumePlainMs", silenceMillis));
  }

  /** Sends the request of a server-streaming call, and takes what the first attachment says. */
  private static WireServerCall request(ClientStage client) throws Exception {
    client.send("a");
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    return call;
  }

  private static WireServerCall requestAndHalfClose(ClientStage client) throws Exception {
    WireServerCall call = request(client);
    endsRequests(call);
    return call;
  }

  /** The next event, which is the end of the request side. */
  private static void endsRequests(WireServerCall call) throws InterruptedException {
    PeerEvent event = call.events().next(SOON);
    Check.isTrue(
        event + " (expected: the request side ends)", event instanceof PeerEvent.HalfClosed);
  }

  private static WireWelcome welcome(long watermark) {
    return WireWelcome.first(ClientStage.TOKEN).watermark(watermark).credit(watermark + 256);
  }

  /** The next attachment, which holds nothing any more. */
  private static WireServerCall acknowledged(ClientStage client) throws InterruptedException {
    WireServerCall call = client.accept();
    Check.equal("low", call.hello().low(), 3L);
    call.welcome(welcome(2));
    return call;
  }

  private static void serverStream(Stage stage) throws Exception {
    ClientStage client = list(stage, LONG_SILENCE_MILLIS);
    WireServerCall first = requestAndHalfClose(client);
    first.welcome(welcome(2));
    WireServerCall call = acknowledged(client);
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    client.received("x");
    client.received("y");
    client.finishAndConfirm(call, 3, 2);
  }

  private static void readsTheFirst(Stage stage) throws Exception {
    ClientStage client = list(stage, LONG_SILENCE_MILLIS);
    WireServerCall first = requestAndHalfClose(client);
    first.welcome(welcome(2));
    // Until the next attachment is welcomed this one is read.
    WireServerCall next = client.accept();
    ClientStage.say(first, 1, "x");
    client.received("x");
    next.welcome(welcome(2));
    ClientStage.say(next, 1, "x");
    ClientStage.say(next, 2, "y");
    client.received("y");
    client.finishAndConfirm(next, 3, 2);
  }

  private static void serverStreamCut(Stage stage) throws Exception {
    ClientStage client = list(stage, LONG_SILENCE_MILLIS);
    requestAndHalfClose(client).welcome(welcome(2));
    WireServerCall call = acknowledged(client);
    ClientStage.say(call, 1, "x");
    client.received("x");
    ClientStage.expectAck(call, 1);
    client.cut();
    WireServerCall next = client.accept();
    Check.equal("watermark", next.hello().watermark(), 1L);
    next.welcome(welcome(2));
    ClientStage.say(next, 2, "y");
    client.received("y");
    client.finishAndConfirm(next, 3, 2);
  }

  /** Another stream of a method that has found sessions. */
  private static ClientStage known(Stage stage, long silenceMillis) throws Exception {
    ClientStage first = list(stage, silenceMillis);
    requestAndHalfClose(first).welcome(welcome(2));
    first.finishAndConfirm(acknowledged(first), 1, 2);
    return first.another().open();
  }

  private static void keptOpen(Stage stage) throws Exception {
    ClientStage client = known(stage, LONG_SILENCE_MILLIS);
    WireServerCall call = request(client);
    call.events().quiet(A_WHILE);
    call.welcome(welcome(1));
    WireFrame last = call.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    Check.equal("position", last.seq(), 2L);
    ClientStage.say(call, 1, "x");
    client.received("x");
    client.finishAndConfirm(call, 2, 2);
  }

  private static void doubt(Stage stage) throws Exception {
    ClientStage client = known(stage, SHORT_SILENCE_MILLIS);
    WireServerCall call = requestAndHalfClose(client);
    answerAsPlain(client, call);
  }

  private static void plainList(Stage stage) throws Exception {
    ClientStage client = list(stage, LONG_SILENCE_MILLIS);
    answerAsPlain(client, requestAndHalfClose(client));
  }

  private static void answerAsPlain(ClientStage client, WireServerCall call) throws Exception {
    call.headers();
    call.send(WireFrame.bare(WireFrame.of(1).withText("x").body()));
    client.received("x");
    call.close(Status.OK);
    client.ended(0);
  }

  private static void lateCut(Stage stage) throws Exception {
    ClientStage client = list(stage, SHORT_SILENCE_MILLIS);
    WireServerCall call = requestAndHalfClose(client);
    call.events().quiet(Duration.ofMillis(2 * SHORT_SILENCE_MILLIS));
    client.cut();
    client.ended(Status.Code.UNAVAILABLE.value());
  }

  private static void earlyCut(Stage stage) throws Exception {
    ClientStage client = list(stage, LONG_SILENCE_MILLIS);
    requestAndHalfClose(client);
    client.cut();
    WireServerCall call = client.accept();
    WireHello hello = call.hello();
    Check.equal("untouched", hello.isUntouched(), false);
    call.welcome(welcome(2));
    client.finishAndConfirm(call, 1, 2);
  }

  private static void clientStream(Stage stage, int messages) throws Exception {
    ClientStage client = collect(stage, LONG_SILENCE_MILLIS);
    for (int i = 1; i <= messages; i++) {
      client.send("m" + i);
    }
    client.halfClose();
    WireServerCall call = client.accept();
    for (int i = 1; i <= messages; i++) {
      ClientStage.expect(call, i, "m" + i);
    }
    endsRequests(call);
    call.welcome(welcome(0));
    respond(client, call, messages + 1);
  }

  /** Answers a client-streaming call, whose acknowledgement comes with another attachment. */
  private static void respond(ClientStage client, WireServerCall call, long ack) throws Exception {
    ClientStage.say(call, 1, "x");
    ClientStage.finish(call, 2, ack, 0);
    client.received("x");
    WireServerCall next = client.accept();
    if (next.hello().watermark() == 2) {
      next.refuse(WireRefusal.of(WireRefusal.EXPIRED), Status.FAILED_PRECONDITION);
    } else {
      // The client had something to say before it had the status.
      next.welcome(welcome(ack));
      ClientStage.finish(next, 2, ack, 0);
      ClientStage.expectAck(next, 2);
      next.close(Status.OK);
    }
    client.ended(0);
  }

  private static void response(Stage stage) throws Exception {
    ClientStage client = collect(stage, LONG_SILENCE_MILLIS);
    client.send("a");
    client.halfClose();
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    endsRequests(call);
    call.welcome(welcome(2));
    Check.equal("attachment", client.server().poll(A_WHILE), null);
    respond(client, call, 2);
  }

  private static void empty(Stage stage) throws Exception {
    ClientStage client = collect(stage, LONG_SILENCE_MILLIS);
    client.halfClose();
    WireServerCall first = client.accept();
    endsRequests(first);
    first.welcome(welcome(0));
    WireServerCall call = client.resume(0);
    WireFrame last = call.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    Check.equal("position", last.seq(), 1L);
    ClientStage.say(call, 1, "x");
    ClientStage.finish(call, 2, 1, 0);
    client.received("x");
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    client.ended(0);
  }

  private static void cancel(Stage stage) throws Exception {
    ClientStage client = collect(stage, LONG_SILENCE_MILLIS);
    client.send("a");
    client.halfClose();
    WireServerCall first = client.accept();
    ClientStage.expect(first, 1, "a");
    endsRequests(first);
    first.welcome(welcome(2));
    ClientStage.say(first, 1, "x");
    client.cancel();
    client.endsAnyway(Status.Code.CANCELLED.value());
    WireServerCall call = client.resume(2);
    call.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
    call.close(Status.OK);
  }

  private static void plainCollect(Stage stage) throws Exception {
    ClientStage client = collect(stage, LONG_SILENCE_MILLIS);
    client.send("a", "b", "c");
    client.halfClose();
    WireServerCall call = client.accept();
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    ClientStage.expect(call, 3, "c");
    endsRequests(call);
    call.headers();
    call.send(WireFrame.bare(WireFrame.of(1).withText("x").body()));
    call.close(Status.OK);
    client.received("x");
    client.ended(0);
  }

  /** A hop in between passes a request on only when it is complete. */
  private static void halfDuplex(Stage stage) throws Exception {
    ClientStage client = list(stage, SHORT_SILENCE_MILLIS);
    requestAndHalfClose(client).welcome(welcome(2));
    WireServerCall call = client.accept();
    for (int i = 0; call.hello().watermark() < 2; i++) {
      Check.isTrue(
          "attachments: " + i + " (expected: one for credit, one for acks)", i < MOST_TURNS);
      endsRequests(call);
      call.welcome(welcome(2));
      ClientStage.say(call, 1, "x");
      ClientStage.finish(call, 2, 2, 0);
      call = client.accept();
    }
    call.refuse(WireRefusal.of(WireRefusal.EXPIRED), Status.FAILED_PRECONDITION);
    client.received("x");
    client.ended(0);
  }

  /** A hop in between passes a response on only when it is complete. */
  private static void heldResponse(Stage stage) throws Exception {
    ClientStage client = list(stage, SHORT_SILENCE_MILLIS);
    WireServerCall first = requestAndHalfClose(client);
    first.welcome(welcome(2));
    ClientStage.say(first, 1, "m1");
    first.close(Status.UNAVAILABLE);
    client.received("m1");
    WireServerCall call = client.accept();
    for (int turn = 1; call.hello().watermark() <= HELD_RESPONSES; turn++) {
      Check.isTrue("attachments: " + turn + " (expected: one each)", turn <= 2 * HELD_RESPONSES);
      endsRequests(call);
      call.welcome(welcome(2));
      long next = call.hello().watermark() + 1;
      if (next <= HELD_RESPONSES) {
        ClientStage.say(call, next, "m" + next);
      } else {
        ClientStage.finish(call, next, 2, 0);
      }
      call.close(Status.UNAVAILABLE);
      call = client.accept();
    }
    call.refuse(WireRefusal.of(WireRefusal.EXPIRED), Status.FAILED_PRECONDITION);
    for (int i = 2; i <= HELD_RESPONSES; i++) {
      client.received("m" + i);
    }
    client.ended(0);
  }

  /** The next server does not know that a hop holds its response. */
  private static void unanswered(Stage stage) throws Exception {
    ClientStage client =
        stage
            .client()
            .of(PeerMethods.LIST)
            .open(Map.of("assumePlainMs", NOTED_SILENCE_MILLIS, "handshakeMs", HANDSHAKE_MILLIS));
    requestAndHalfClose(client).welcome(welcome(2));
    WireServerCall call = client.accept();
    for (int i = 0; i < HELD_RESPONSES; i++) {
      endsRequests(call);
      call.welcome(welcome(2));
      call.close(Status.UNAVAILABLE);
      call = client.accept();
    }
    endsRequests(call);
    // Until the client gives up.
    call.events().end();
    WireServerCall next = client.accept();
    next.events().quiet(A_WHILE);
    endsRequests(next);
    next.welcome(welcome(2));
    ClientStage.finish(next, 1, 2, 0);
    next.close(Status.UNAVAILABLE);
    client.accept().refuse(WireRefusal.of(WireRefusal.EXPIRED), Status.FAILED_PRECONDITION);
    client.ended(0);
  }
}
