package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import io.grpc.Status;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a client whose server hands its session over to another instance. */
final class ClientHandoverScenarios {
  private static final Duration A_WHILE = Duration.ofMillis(300);

  /** Longer than any scenario: no client ends its request side before the welcome. */
  private static final long LONG_SILENCE_MILLIS = 60_000;

  /**
   * The token of the next owner, another one than that of the old owner, which is to be forgotten.
   */
  private static final byte[] NEXT_TOKEN = new byte[24];

  static {
    Arrays.fill(NEXT_TOKEN, (byte) 5);
  }

  private ClientHandoverScenarios() {}

  static List<Scenario> all() {
    Set<String> taken = Set.of("hand-over");
    Set<String> patience = Set.of("hand-over", "backoffCapMs", "handshakeMs");
    Set<String> list = Set.of("hand-over", "server-streaming");
    Set<String> restart = Set.of("hand-over", "server-streaming", "restart");
    return new ScenarioList(Scenario.Role.CLIENT)
        .add("client-hand-over-offer", "H1", taken, ClientHandoverScenarios::offer)
        .add("client-hand-over", "H3 H6 H7", taken, ClientHandoverScenarios::takes)
        .add("client-hand-over-leaving", "H6", taken, ClientHandoverScenarios::leaving)
        .add("client-hand-over-keeps", "H3 H6", taken, ClientHandoverScenarios::keeps)
        .add("client-hand-over-in-hand", "H6", taken, ClientHandoverScenarios::inHand)
        .add("client-hand-over-stray", "H4 M7", taken, ClientHandoverScenarios::stray)
        .add("client-hand-over-unreadable", "H5 M40", taken, ClientHandoverScenarios::unreadable)
        .add("client-hand-over-elsewhere", "H5", taken, ClientHandoverScenarios::otherPosition)
        .add("client-hand-over-settled", "H8", taken, ClientHandoverScenarios::settled)
        .add("client-hand-over-twice", "H3 H8", taken, ClientHandoverScenarios::twice)
        .add("client-hand-over-busy", "H9 M32", taken, ClientHandoverScenarios::busy)
        .add("client-hand-over-cut", "H9 M27", taken, ClientHandoverScenarios::cut)
        .add(
            "client-hand-over-old-owner-fails",
            "H9 M28",
            taken,
            ClientHandoverScenarios::oldOwnerFails)
        .add(
            "client-hand-over-old-owner-fails-unread",
            "H9 M28",
            taken,
            ClientHandoverScenarios::failsUnread)
        .add(
            "client-hand-over-old-owner-resets",
            "H9 M29",
            taken,
            ClientHandoverScenarios::oldOwnerResets)
        .add("client-hand-over-unknown", "H9", taken, stage -> ends(stage, WireRefusal.UNKNOWN))
        .add("client-hand-over-denied", "H9", taken, stage -> ends(stage, WireRefusal.DENIED))
        .add("client-hand-over-plain", "H9", taken, ClientHandoverScenarios::plain)
        .add("client-hand-over-nobody", "H9", patience, ClientHandoverScenarios::nobody)
        .add("client-hand-over-cancel", "H6 M36", taken, ClientHandoverScenarios::cancel)
        .add("client-hand-over-replay", "H6 H11", list, ClientHandoverScenarios::replay)
        .add("client-hand-over-restart", "H13", list, ClientHandoverScenarios::restartUnnoticed)
        .add("client-hand-over-restart-refused", "H13", list, ClientHandoverScenarios::noticed)
        .add("client-hand-over-restart-told", "H13", restart, ClientHandoverScenarios::told)
        .toList();
  }

  /** Sends the last frame of an owner, with a hand-over in it. */
  private static void handOver(WireServerCall call, WireHandover handover, long ack) {
    end(call, handover.position(), ack, handover.encode());
  }

  private static void end(WireServerCall call, long seq, long ack, byte[] body) {
    call.send(
        ClientStage.frame(call)
            .withSeq(seq)
            .withAck(ack)
            .withFlags(WireFrame.FINAL | WireFrame.MOVED)
            .withStatus(Status.Code.UNAVAILABLE.value())
            .withBody(body));
  }

  /** A session that has processed two messages and sent one. */
  private static WireServerCall twoAndOne(ClientStage client) throws Exception {
    WireServerCall call = client.begin();
    client.send("a", "b");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    ClientStage.say(call, 1, "x");
    client.received("x");
    // Told is not yet processed, and a hello of that moment says less.
    ClientStage.expectAck(call, 1);
    return call;
  }

  /** The attachment that shows a hand-over, which must do so as the page says. */
  private static WireServerCall shown(ClientStage client, WireServerCall old, WireHandover handover)
      throws Exception {
    WireServerCall next = client.accept();
    WireHello hello = next.hello();
    Check.equal("hand-over", Arrays.equals(next.handover(), handover.encode()), true);
    Check.equal("session", Arrays.equals(hello.session(), old.hello().session()), true);
    Check.equal("bytes of the token", hello.token().length, 0);
    Check.equal("untouched", hello.isUntouched(), false);
    return next;
  }

  /** Welcomes a session behind the positions of a hand-over, and waits for the first frame. */
  private static void take(WireServerCall next, long processed, long position) throws Exception {
    next.events().quiet(A_WHILE);
    next.welcome(welcome(processed, position));
    next.events().frame("a frame", each -> true);
  }

  private static WireWelcome welcome(long processed, long position) {
    return WireWelcome.first(NEXT_TOKEN)
        .watermark(processed)
        .low(position + 1)
        .credit(processed + 256);
  }

  private static void offer(Stage stage) throws Exception {
    ClientStage client = stage.client().open();
    WireServerCall call = client.accept();
    Check.equal("offer", WireHandover.isOffer(call.handover()), true);
    call.welcome(WireWelcome.first(ClientStage.TOKEN));
    ClientStage.probe(call, 1);
    client.cut();
    WireServerCall next = client.resume(0);
    Check.equal("offer", WireHandover.isOffer(next.handover()), true);
    client.finishAndConfirm(next, 1, 0);
  }

  private static void takes(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    WireServerCall next = shown(client, call, handover);
    Check.equal("low", next.hello().low(), 3L);
    Check.equal("watermark", next.hello().watermark(), 2L);
    take(next, 2, 2);
    ClientStage.say(next, 3, "y");
    client.received("y");
    client.send("c");
    ClientStage.expect(next, 3, "c");
    client.finishAndConfirm(next, 4, 3);
  }

  private static void leaving(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    call.send(ClientStage.frame(call).withFlags(WireFrame.DRAIN | WireFrame.LEAVING));
    call.events().frame("SETTLED", each -> each.has(WireFrame.SETTLED));
    client.send("c");
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    WireServerCall next = shown(client, call, handover);
    next.welcome(welcome(2, 2));
    // The next owner does not leave.
    ClientStage.expect(next, 3, "c");
    client.finishAndConfirm(next, 3, 3);
  }

  private static void keeps(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a", "b", "c");
    ClientStage.expect(call, 1, "a");
    ClientStage.expect(call, 2, "b");
    ClientStage.expect(call, 3, "c");
    WireHandover handover = WireHandover.of(1, 1, 1);
    handOver(call, handover, 1);
    WireServerCall next = shown(client, call, handover);
    Check.equal("low", next.hello().low(), 2L);
    client.send("d");
    next.events().quiet(A_WHILE);
    next.welcome(welcome(1, 1));
    ClientStage.expect(next, 2, "b");
    ClientStage.expect(next, 3, "c");
    ClientStage.expect(next, 4, "d");
    client.finishAndConfirm(next, 2, 4);
  }

  private static void inHand(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin(Map.of("reading", "manual"));
    ClientStage.say(call, 1, "x");
    ClientStage.say(call, 2, "y");
    WireHandover handover = WireHandover.of(3, 0, 1);
    handOver(call, handover, 0);
    ClientStage.probe(call, 2);
    client.read(1);
    client.received("x");
    client.read(1);
    client.received("y");
    client.read(1);
    WireServerCall next = shown(client, call, handover);
    next.welcome(welcome(0, 3));
    ClientStage.say(next, 4, "z");
    client.received("z");
    client.read(1);
    client.finishAndConfirm(next, 5, 0);
  }

  /** The old owner sends a message behind its last word, at a position of the next owner. */
  private static void stray(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    WireServerCall next = shown(client, call, handover);
    ClientStage.say(call, 3, "stray");
    call.events().end();
    take(next, 2, 2);
    ClientStage.say(next, 3, "y");
    client.received("y");
    client.finishAndConfirm(next, 4, 2);
  }

  private static void unreadable(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    byte[] body = WireHandover.of(2, 2, 1).encode();
    // A field that only another version knows.
    byte[] longer = Arrays.copyOf(body, body.length + 2);
    longer[body.length] = 9 << 3;
    longer[body.length + 1] = 1;
    end(call, 2, 2, longer);
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    client.moved(2);
  }

  private static void otherPosition(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    end(call, 2, 2, WireHandover.of(3, 2, 1).encode());
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    client.moved(2);
  }

  private static void settled(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    WireServerCall next = shown(client, call, handover);
    take(next, 2, 2);
    // A reset could overtake the ack of the final frame.
    call.events().halfClose();
    client.cut();
    WireServerCall again = client.accept();
    Check.equal("offer", WireHandover.isOffer(again.handover()), true);
    Check.equal("token", Arrays.equals(again.hello().token(), NEXT_TOKEN), true);
    again.welcome(welcome(2, 2));
    client.finishAndConfirm(again, 3, 2);
  }

  private static void twice(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover first = WireHandover.of(2, 2, 1);
    handOver(call, first, 2);
    WireServerCall next = shown(client, call, first);
    take(next, 2, 2);
    client.send("c");
    ClientStage.expect(next, 3, "c");
    ClientStage.say(next, 3, "y");
    client.received("y");
    WireHandover second = WireHandover.of(4, 3, 2);
    handOver(next, second, 3);
    WireServerCall last = shown(client, next, second);
    take(last, 3, 4);
    client.send("d");
    ClientStage.expect(last, 4, "d");
    client.finishAndConfirm(last, 5, 4);
  }

  private static void busy(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    shown(client, call, handover).refuse(WireRefusal.busy(100), Status.UNAVAILABLE);
    WireServerCall next = shown(client, call, handover);
    take(next, 2, 2);
    client.finishAndConfirm(next, 3, 2);
  }

  private static void cut(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    ClientStage.expectAck(call, 2);
    shown(client, call, handover);
    client.cut();
    WireServerCall next = shown(client, call, handover);
    take(next, 2, 2);
    client.finishAndConfirm(next, 3, 2);
  }

  /** The old owner's call ends with a status that ends a session, but for a hand-over. */
  private static void oldOwnerFails(Stage stage) throws Exception {
    List<Status> ends =
        List.of(
            Status.PERMISSION_DENIED,
            Status.RESOURCE_EXHAUSTED,
            Status.UNAUTHENTICATED,
            Status.UNIMPLEMENTED);
    for (Status end : ends) {
      ClientStage client = stage.client();
      WireServerCall call = twoAndOne(client);
      WireHandover handover = WireHandover.of(2, 2, 1);
      handOver(call, handover, 2);
      ClientStage.expectAck(call, 2);
      WireServerCall next = shown(client, call, handover);
      call.close(end);
      take(next, 2, 2);
      client.finishAndConfirm(next, 3, 2);
    }
  }

  /** The old owner's call fails while a message before the hand-over waits for the application. */
  private static void failsUnread(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin(Map.of("reading", "manual"));
    ClientStage.say(call, 1, "x");
    WireHandover handover = WireHandover.of(2, 0, 1);
    handOver(call, handover, 0);
    ClientStage.probe(call, 2);
    call.close(Status.PERMISSION_DENIED);
    WireServerCall again = client.accept();
    Check.equal("offer", WireHandover.isOffer(again.handover()), true);
    client.read(1);
    client.received("x");
    client.read(1);
    WireServerCall next = shown(client, call, handover);
    next.welcome(welcome(0, 2));
    ClientStage.say(next, 3, "y");
    client.received("y");
    client.read(1);
    client.finishAndConfirm(next, 4, 0);
  }

  /** The third attachment that is reset behind the same message is that of the old owner. */
  private static void oldOwnerResets(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = client.begin();
    client.send("a");
    for (int i = 0; i < 2; i++) {
      ClientStage.expect(call, 1, "a");
      reset(call);
      call = client.resume(0);
    }
    ClientStage.expect(call, 1, "a");
    WireHandover handover = WireHandover.of(1, 0, 1);
    handOver(call, handover, 0);
    WireServerCall next = shown(client, call, handover);
    reset(call);
    next.welcome(welcome(0, 1));
    ClientStage.expect(next, 1, "a");
    client.finishAndConfirm(next, 2, 1);
  }

  /** Lets the client end a call by a header that it can't read, which counts as a reset. */
  private static void reset(WireServerCall call) throws Exception {
    call.send(WireFrame.header(new byte[] {8}));
    call.events().end();
  }

  /** A refusal that says that nobody takes the session over. */
  private static void ends(Stage stage, long code) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 1, 1);
    handOver(call, handover, 1);
    ClientStage.expectAck(call, 2);
    shown(client, call, handover).refuse(WireRefusal.of(code), Status.FAILED_PRECONDITION);
    client.moved(1);
  }

  private static void plain(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    ClientStage.expectAck(call, 2);
    shown(client, call, handover).headers();
    client.moved(2);
  }

  private static void nobody(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call =
        client.beginWith(
            WireWelcome.first(ClientStage.TOKEN).ttl(1_000),
            Map.of("handshakeMs", 500L, "backoffBaseMs", 50L, "backoffCapMs", 200L));
    client.send("a");
    ClientStage.expect(call, 1, "a");
    client.server().relay().refuseNew();
    handOver(call, WireHandover.of(1, 1, 1), 1);
    ClientStage.expectAck(call, 1);
    client.cut();
    client.moved(1);
  }

  private static void cancel(Stage stage) throws Exception {
    ClientStage client = stage.client();
    WireServerCall call = twoAndOne(client);
    WireHandover handover = WireHandover.of(2, 2, 1);
    handOver(call, handover, 2);
    WireServerCall next = shown(client, call, handover);
    client.cancel();
    client.ended(Status.Code.CANCELLED.value());
    next.welcome(welcome(2, 2));
    next.events().frame("CANCEL", each -> each.has(WireFrame.CANCEL));
  }

  /** A server-streaming session on an attachment whose request side is open. */
  private static WireServerCall listed(ClientStage client) throws Exception {
    client.send("a");
    WireServerCall first = client.accept();
    ClientStage.expect(first, 1, "a");
    first.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(2));
    WireServerCall call = client.accept();
    call.welcome(WireWelcome.first(ClientStage.TOKEN).watermark(2));
    ClientStage.probe(call, 1);
    return call;
  }

  private static ClientStage list(Stage stage, Map<String, Object> options) throws Exception {
    Map<String, Object> all = new HashMap<>(options);
    all.put("assumePlainMs", LONG_SILENCE_MILLIS);
    return stage.client().of(PeerMethods.LIST).open(all);
  }

  /** The next owner gets the request, and its end, at their first positions. */
  private static WireServerCall requestedAgain(
      ClientStage client, WireServerCall call, WireHandover handover) throws Exception {
    WireServerCall next = shown(client, call, handover);
    Check.equal("low", next.hello().low(), 1L);
    next.events().quiet(A_WHILE);
    next.welcome(welcome(0, handover.position()));
    ClientStage.expect(next, 1, "a");
    WireFrame last = next.events().frame("HALF_CLOSE", each -> each.has(WireFrame.HALF_CLOSE));
    Check.equal("position", last.seq(), 2L);
    return next;
  }

  private static void replay(Stage stage) throws Exception {
    ClientStage client = list(stage, Map.of());
    WireServerCall call = listed(client);
    ClientStage.say(call, 1, "x");
    client.received("x");
    WireHandover handover = WireHandover.of(2, 0, 1).replaying();
    handOver(call, handover, 2);
    WireServerCall next = requestedAgain(client, call, handover);
    ClientStage.say(next, 3, "y");
    client.received("y");
    client.finishAndConfirm(next, 4, 2);
  }

  private static void restartUnnoticed(Stage stage) throws Exception {
    ClientStage client = list(stage, Map.of());
    WireServerCall call = listed(client);
    WireHandover handover = WireHandover.of(1, 0, 1).restarting();
    handOver(call, handover, 2);
    WireServerCall next = requestedAgain(client, call, handover);
    ClientStage.say(next, 2, "x");
    client.received("x");
    client.finishAndConfirm(next, 3, 2);
  }

  private static void noticed(Stage stage) throws Exception {
    ClientStage client = list(stage, Map.of());
    WireServerCall call = listed(client);
    ClientStage.say(call, 1, "x");
    client.received("x");
    handOver(call, WireHandover.of(2, 0, 1).restarting(), 2);
    ClientStage.expectAck(call, 2);
    call.close(Status.OK);
    client.moved(2);
  }

  private static void told(Stage stage) throws Exception {
    ClientStage client = list(stage, Map.of("restart", 1L));
    WireServerCall call = listed(client);
    ClientStage.say(call, 1, "x");
    client.received("x");
    WireHandover handover = WireHandover.of(2, 0, 1).restarting();
    handOver(call, handover, 2);
    WireServerCall next = requestedAgain(client, call, handover);
    ClientStage.say(next, 3, "x");
    client.restarted(1);
    client.received("x");
    client.finishAndConfirm(next, 4, 2);
  }
}
