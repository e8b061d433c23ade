package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Scenarios of a client under test whose stream moves from one server under test to another. */
final class PairHandoverScenarios {
  private static final long GRACE_MILLIS = 120_000;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private PairHandoverScenarios() {}

  static List<Scenario> all() {
    String rules = "H2 H3 H6 H11 H12";
    return new ScenarioList(Scenario.Role.PAIR)
        .add(
            "pair-hand-over",
            rules,
            Set.of("cursor", "drain", "hand-over"),
            PairHandoverScenarios::talk)
        .add(
            "pair-hand-over-list",
            rules,
            Set.of("cursor", "drain", "hand-over", "server-streaming"),
            PairHandoverScenarios::list)
        .toList();
  }

  /** A pair whose stream is on its way to another server. */
  private static final class MovedPair {
    private final PairStage pair;
    private final Implementation next;
    private String handler = "";

    MovedPair(PairStage pair, Implementation next, String cursor) throws Exception {
      this.pair = pair;
      this.next = next;
      pair.relay.retarget(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), PairStage.listen(next)));
      pair.server.send(
          JsonLine.of("do", "mark").with("stream", pair.handler).with("cursor", cursor));
      pair.server.await("marked", pair.handler);
      pair.server.send(JsonLine.of("do", "drain").with("graceMs", GRACE_MILLIS));
      Check.equal("reason", pair.server.await("closed", pair.handler).text("reason"), "MOVED");
    }

    /**
     * Waits until the client has the hand-over, and a handler of the other server goes on from a
     * cursor.
     */
    void goesOnFrom(String cursor) throws Exception {
      pair.server.awaitDrained(pair.port);
      pair.relay.cut();
      JsonLine opened = next.await("opened", "", PATIENCE);
      Check.equal("cursor", opened.text("cursor"), cursor);
      handler = opened.text("stream");
    }

    void answer(String text) throws IOException {
      next.send(PairStage.sending(handler, text, 0));
    }

    void atServer(String text) throws InterruptedException {
      PairStage.message(next.await("message", handler, PATIENCE), text);
    }

    void finish() throws IOException, InterruptedException {
      next.await("half-closed", handler);
      next.send(JsonLine.of("do", "finish").with("stream", handler).with("status", 0L));
      Check.equal("status", pair.client.await("ended", pair.stream).number("status"), 0L);
      Check.equal("reason", next.await("closed", handler).text("reason"), "FINISHED");
    }
  }

  private static void talk(Stage stage) throws Exception {
    for (Implementation next : stage.nextServers()) {
      PairStage pair = new PairStage(stage);
      for (int i = 1; i <= 10; i++) {
        pair.say("m" + i, 0);
        pair.atServer("m" + i);
        pair.answer("x" + i, 0);
        pair.atClient("x" + i);
      }
      MovedPair moved = new MovedPair(pair, next, "behind 10");
      for (int i = 11; i <= 20; i++) {
        pair.say("m" + i, 0);
      }
      moved.goesOnFrom("behind 10");
      for (int i = 11; i <= 20; i++) {
        moved.atServer("m" + i);
        moved.answer("x" + i);
        pair.atClient("x" + i);
      }
      pair.halfClose();
      moved.finish();
      pair.stopServer();
    }
  }

  private static void list(Stage stage) throws Exception {
    for (Implementation next : stage.nextServers()) {
      PairStage pair = new PairStage(stage, PeerMethods.LIST);
      pair.say("request", 0);
      pair.atServer("request");
      pair.server.await("half-closed", pair.handler);
      for (int i = 1; i <= 10; i++) {
        pair.answer("x" + i, 0);
      }
      MovedPair moved = new MovedPair(pair, next, "behind 10");
      moved.goesOnFrom("behind 10");
      moved.atServer("request");
      for (int i = 11; i <= 20; i++) {
        moved.answer("x" + i);
      }
      for (int i = 1; i <= 20; i++) {
        pair.atClient("x" + i);
      }
      moved.finish();
      pair.stopServer();
    }
  }
}
