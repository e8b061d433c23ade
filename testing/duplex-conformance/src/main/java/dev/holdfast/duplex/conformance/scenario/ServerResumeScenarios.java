package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireRefusal;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import dev.holdfast.lab.RelayDirection;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a server's later attachments, and of the end of its sessions. */
final class ServerResumeScenarios {
  /** How long a session without an attachment is kept, and is known to be over afterwards. */
  private static final Duration TTL = Duration.ofMillis(700);

  private ServerResumeScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.SERVER)
        .add("server-resumes-after-cut", "M4 M5 M45", ServerResumeScenarios::resumes)
        .add("server-resume-welcome", "M2 M4 M45", ServerResumeScenarios::resumeWelcome)
        .add("server-stale-hello", "M52", ServerResumeScenarios::staleHello)
        .add("server-fenced-by-number", "M49 M61", ServerResumeScenarios::fencedByNumber)
        .add("server-newer-replaces-older", "M50 M61", ServerResumeScenarios::replaces)
        .add("server-older-is-unread", "M50", ServerResumeScenarios::olderUnread)
        .add("server-half-open", "M50 M4", ServerResumeScenarios::halfOpen)
        .add("server-watermark-ahead", "M51 M61", ServerResumeScenarios::watermarkAhead)
        .add("server-low-ahead", "M51 M61", ServerResumeScenarios::lowAhead)
        .add("server-expired", "M58 M53", Set.of("ttlMs"), ServerResumeScenarios::expired)
        .add("server-cut-is-not-an-end", "M58", ServerResumeScenarios::cutIsNoEnd)
        .add("server-reset-is-not-an-end", "M58", ServerResumeScenarios::resetIsNoEnd)
        .add("server-final-status", "M56 M61", ServerResumeScenarios::finalStatus)
        .add("server-final-resent", "M56 M4", ServerResumeScenarios::finalResent)
        .add("server-final-acked-by-hello", "M56", ServerResumeScenarios::finalAckedByHello)
        .add("server-tombstone", "M53 M56", ServerResumeScenarios::tombstone)
        .add("server-cancel", "M57 M61", ServerResumeScenarios::cancel)
        .add("server-cancel-tombstone", "M57 M53", ServerResumeScenarios::cancelTombstone)
        .add("server-deadline", "M63", ServerResumeScenarios::deadline)
        .add("server-deadline-of-first-hello", "M63", ServerResumeScenarios::firstDeadline)
        .add("server-drain-new-sessions", "M59 M61", Set.of("drain"), ServerResumeScenarios::busy)
        .add("server-leaving", "M59 M60", Set.of("drain"), ServerResumeScenarios::leaving)
        .add(
            "server-leaving-resumed",
            "M59 M60",
            Set.of("drain"),
            ServerResumeScenarios::leftResumed)
        .add("server-leaving-grace", "M60", Set.of("drain"), ServerResumeScenarios::grace)
        .add("server-cut-at-each-position", "M4 M5 M52", ServerResumeScenarios::cutAtEach)
        .toList();
  }

  /** A session in which the server sent two messages, and got one. */
  private static WireClientCall two(ServerStage server) throws Exception {
    WireClientCall call = server.begin();
    server.say(call, 1, "a");
    server.received("a");
    server.send("x", "y");
    ServerStage.expect(call, 1, "x");
    ServerStage.expect(call, 2, "y");
    return call;
  }

  private static void cut(ServerStage server, WireClientCall call) throws Exception {
    server.client().relay().cut();
    call.events().end();
  }

  private static void resumes(Stage stage) throws Exception {
    ServerStage server = stage.server();
    cut(server, two(server));
    WireClientCall next = server.resume(1, 1);
    server.say(next, 1, "a");
    server.say(next, 2, "b");
    ServerStage.expect(next, 2, "y");
    server.received("b");
  }

  private static void resumeWelcome(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    call.send(server.frame().withAck(1));
    server.probe(call, 3);
    cut(server, call);
    WireWelcome welcome = server.welcome(1, 1);
    Check.equal("watermark", welcome.watermark(), 1L);
    Check.equal("low", welcome.low(), 2L);
    Check.isTrue("credit of " + welcome, welcome.credit() > 1);
  }

  private static void staleHello(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    call.send(server.frame().withAck(2));
    server.probe(call, 3);
    server.send("z");
    ServerStage.expect(call, 3, "z");
    // The hello was written before the ack of 2, which overtook it.
    WireClientCall next = server.resume(1, 1);
    ServerStage.expect(next, 3, "z");
  }

  private static void fencedByNumber(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = server.attach(server.hello().attach(5));
    server.opened();
    WireHello late = WireHello.later(server.session(), 4, 8, server.token());
    ServerOpeningScenarios.refuses(
        server.client().attach(late), WireRefusal.FENCED, Status.Code.ABORTED);
    WireHello same = WireHello.later(server.session(), 5, 8, server.token());
    ServerOpeningScenarios.refuses(
        server.client().attach(same), WireRefusal.FENCED, Status.Code.ABORTED);
    call.send(WireFrame.of(ServerStage.TAG).withSeq(1).withText("a"));
    server.received("a");
  }

  private static void replaces(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    WireClientCall next = server.resume(2, 1);
    ServerOpeningScenarios.refuses(call, WireRefusal.FENCED, Status.Code.ABORTED);
    server.say(next, 2, "b");
    server.received("b");
  }

  private static void olderUnread(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    WireFrame old = server.frame().withSeq(1).withText("old");
    WireClientCall next = server.resume(0, 1);
    call.send(old);
    server.say(next, 1, "new");
    server.received("new");
  }

  private static void halfOpen(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    // The server's old connection stays open and brings nothing any more.
    server.client().relay().connections().forEach(each -> each.stall(RelayDirection.TO_SERVER));
    try (var other = new dev.holdfast.duplex.conformance.peer.WireClient(server.port())) {
      WireClientCall next = other.attach(server.hello().watermark(1).low(1));
      Check.equal("watermark", next.welcome().watermark(), 1L);
      ServerStage.expect(next, 2, "y");
      server.say(next, 2, "b");
      server.received("b");
    }
    call.reset();
  }

  private static void watermarkAhead(Stage stage) throws Exception {
    ServerStage server = stage.server();
    two(server);
    gap(server, server.hello().watermark(3).low(1));
  }

  private static void lowAhead(Stage stage) throws Exception {
    ServerStage server = stage.server();
    two(server);
    gap(server, server.hello().watermark(2).low(3));
  }

  private static void gap(ServerStage server, WireHello hello) throws Exception {
    ServerOpeningScenarios.refuses(
        server.client().attach(hello), WireRefusal.GAP, Status.Code.FAILED_PRECONDITION);
    server.closed("GAP");
    ServerOpeningScenarios.refuses(
        server.client().attach(server.hello().watermark(2)),
        WireRefusal.EXPIRED,
        Status.Code.FAILED_PRECONDITION);
  }

  private static void expired(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin(Map.of("ttlMs", TTL.toMillis()));
    server.say(call, 1, "a");
    server.received("a");
    long cutNanos = System.nanoTime();
    cut(server, call);
    server.closed("EXPIRED");
    Check.waited("the end", cutNanos, TTL.toMillis() - 10);
    WireRefusal refusal = server.client().attach(server.hello()).refusal();
    // The session ended a TTL after the cut at the earliest, and is known to be over for one more.
    boolean forgotten =
        refusal.code() == WireRefusal.UNKNOWN
            && System.nanoTime() - cutNanos > TTL.multipliedBy(2).toNanos();
    if (!forgotten) {
      Check.equal("code", refusal.code(), WireRefusal.EXPIRED);
      Check.equal("processed", refusal.processed(), 1L);
    }
  }

  private static void cutIsNoEnd(Stage stage) throws Exception {
    ServerStage server = stage.server();
    cut(server, two(server));
    server.send("z");
    WireClientCall next = server.resume(2, 2);
    ServerStage.expect(next, 3, "z");
  }

  private static void resetIsNoEnd(Stage stage) throws Exception {
    ServerStage server = stage.server();
    two(server).reset();
    WireClientCall next = server.resume(2, 2);
    server.say(next, 2, "b");
    server.received("b");
  }

  private static void finalStatus(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.finish(Status.Code.NOT_FOUND.value());
    WireFrame last = ServerStage.expectFinal(call, 3, Status.Code.NOT_FOUND.value());
    Check.equal("ack", last.ack(), 1L);
    byte[] body = last.body();
    // Field 1, a string.
    Check.equal("first byte of the body", (int) body[0], 0x0a);
    call.send(server.frame().withAck(3));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("FINISHED");
  }

  private static void finalResent(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.finish(0);
    ServerStage.expectFinal(call, 3, 0);
    cut(server, call);
    WireClientCall next = server.resume(2, 2);
    ServerStage.expectFinal(next, 3, 0);
    next.send(server.frame().withAck(3));
    Check.equal("status", next.status(), Status.Code.OK);
    server.closed("FINISHED");
  }

  private static void finalAckedByHello(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.finish(0);
    ServerStage.expectFinal(call, 3, 0);
    cut(server, call);
    server.client().attach(server.hello().watermark(3).low(2)).events().end();
    server.closed("FINISHED");
  }

  private static void tombstone(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.finish(0);
    ServerStage.expectFinal(call, 3, 0);
    call.send(server.frame().withAck(3));
    Check.equal("status", call.status(), Status.Code.OK);
    WireRefusal refusal = server.client().attach(server.hello().watermark(3).low(2)).refusal();
    Check.equal("code", refusal.code(), WireRefusal.EXPIRED);
    Check.equal("processed", refusal.processed(), 1L);
  }

  private static void cancel(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    call.send(server.frame().withFlags(WireFrame.CANCEL));
    server.closed("CANCELLED");
    Check.equal("status", call.status(), Status.Code.OK);
  }

  private static void cancelTombstone(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    call.send(server.frame().withFlags(WireFrame.CANCEL));
    call.events().end();
    ServerOpeningScenarios.refuses(
        server.client().attach(server.hello().watermark(2).low(2)),
        WireRefusal.EXPIRED,
        Status.Code.FAILED_PRECONDITION);
  }

  private static void deadline(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = server.attach(server.hello().remaining(600));
    server.opened();
    server.closed("DEADLINE");
    call.events().end();
  }

  private static void firstDeadline(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    WireClientCall call = server.attach(server.hello().remaining(1_000));
    server.opened();
    cut(server, call);
    server.attach(server.hello().remaining(60_000));
    server.closed("DEADLINE");
  }

  private static void busy(Stage stage) throws Exception {
    ServerStage server = stage.server().listen();
    server.drain(1_000);
    ServerOpeningScenarios.refuses(
        server.client().attach(server.hello()), WireRefusal.BUSY, Status.Code.UNAVAILABLE);
  }

  static WireFrame expectLeaving(WireClientCall call) throws Exception {
    WireFrame leaving = call.events().frame("LEAVING", each -> each.has(WireFrame.LEAVING));
    Check.isTrue("no DRAIN with " + leaving, leaving.has(WireFrame.DRAIN));
    return leaving;
  }

  private static void leaving(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.drain(10_000);
    expectLeaving(call);
    server.say(call, 2, "b");
    server.received("b");
    call.send(server.frame().withFlags(WireFrame.SETTLED).withLow(2));
    WireFrame last = ServerStage.expectFinal(call, 3, Status.Code.UNAVAILABLE.value());
    Check.isTrue("no MOVED with " + last, last.has(WireFrame.MOVED));
    Check.equal("ack", last.ack(), 2L);
    call.send(server.frame().withAck(3));
    Check.equal("status", call.status(), Status.Code.OK);
    server.closed("MOVED");
  }

  private static void leftResumed(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.drain(10_000);
    expectLeaving(call);
    cut(server, call);
    WireClientCall next = server.resume(2, 2);
    expectLeaving(next);
    next.send(server.frame().withFlags(WireFrame.SETTLED).withLow(1));
    WireFrame last = ServerStage.expectFinal(next, 3, Status.Code.UNAVAILABLE.value());
    Check.isTrue("no MOVED with " + last, last.has(WireFrame.MOVED));
  }

  private static void grace(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = two(server);
    server.drain(500);
    expectLeaving(call);
    // The client never says SETTLED.
    WireFrame last = ServerStage.expectFinal(call, 3, Status.Code.UNAVAILABLE.value());
    Check.isTrue("no MOVED with " + last, last.has(WireFrame.MOVED));
  }

  private static void cutAtEach(Stage stage) throws Exception {
    ServerStage server = stage.server();
    WireClientCall call = server.begin();
    int messages = 8;
    for (int i = 1; i <= messages; i++) {
      server.say(call, i, "m" + i);
      server.received("m" + i);
      server.send("x" + i);
      ServerStage.expect(call, i, "x" + i);
      cut(server, call);
      // An odd one was not processed, and comes again; what the server has comes again too.
      call = server.resume(i % 2 == 0 ? i : i - 1, i);
      server.say(call, i, "m" + i);
      if (i % 2 == 1) {
        ServerStage.expect(call, i, "x" + i);
      }
    }
    server.finish(0);
    ServerStage.expectFinal(call, messages + 1, 0);
  }
}
