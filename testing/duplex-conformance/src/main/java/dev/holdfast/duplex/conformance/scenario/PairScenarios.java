package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.lab.RelayDirection;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scenarios of a client and a server under test with a faulty path between them. */
final class PairScenarios {
  private static final int MESSAGES = 300;

  private PairScenarios() {}

  static List<Scenario> all() {
    return new ScenarioList(Scenario.Role.PAIR)
        .add("pair-echo", "M1 M35 M56", PairScenarios::echo)
        .add("pair-cuts", "M1 M4 M5 M27", PairScenarios::cuts)
        .add("pair-cut-by-bytes", "M4 M5 M27", PairScenarios::cutByBytes)
        .add("pair-large-messages", "M11 M66 M69", PairScenarios::large)
        .add("pair-slow-path", "M64 M66", PairScenarios::slowPath)
        .add("pair-final-status-lost", "M35 M56", PairScenarios::finalLost)
        .add("pair-half-close-lost", "M4 M35", PairScenarios::halfCloseLost)
        .add("pair-cancel", "M36 M57", PairScenarios::cancel)
        .add("pair-drain", "M39 M40 M59 M60", Set.of("drain"), PairScenarios::drain)
        .add(
            "pair-server-stream-cuts",
            "M72 M74 M4",
            Set.of("server-streaming"),
            PairScenarios::serverStreamCuts)
        .add(
            "pair-client-stream-cuts",
            "M72 M76 M4",
            Set.of("client-streaming"),
            PairScenarios::clientStreamCuts)
        .add(
            "pair-held-response",
            "M81 M82",
            Set.of("server-streaming", "held-response"),
            PairScenarios::heldResponse)
        .toList();
  }

  private static void echo(Stage stage) throws Exception {
    new PairStage(stage).exchange(MESSAGES, 0, unused -> {}, stage);
  }

  private static void cuts(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    for (int round = 1; round <= 10; round++) {
      for (int i = 1; i <= 10; i++) {
        pair.say("m" + round + "-" + i, 0);
        pair.answer("x" + round + "-" + i, 0);
      }
      pair.relay.cut();
      for (int i = 1; i <= 10; i++) {
        pair.atServer("m" + round + "-" + i);
        pair.atClient("x" + round + "-" + i);
      }
    }
    pair.finish();
    pair.ends();
  }

  private static void cutByBytes(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    pair.say("m0", 0);
    pair.atServer("m0");
    for (int round = 1; round <= 12; round++) {
      // Behind ever more bytes of the connection, within headers, frames and bodies.
      pair.relay.limit(
          round % 2 == 0 ? RelayDirection.TO_CLIENT : RelayDirection.TO_SERVER, 37L * round);
      pair.say("m" + round, 100);
      pair.answer("x" + round, 100);
      pair.relay.cut();
      pair.relay.heal();
      pair.atServer("m" + round);
      pair.atClient("x" + round);
    }
    pair.finish();
    pair.ends();
  }

  private static void large(Stage stage) throws Exception {
    new PairStage(stage).exchange(20, 500_000, unused -> {}, stage);
  }

  private static void slowPath(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    pair.relay.delay(RelayDirection.TO_CLIENT, Duration.ofMillis(30));
    pair.relay.delay(RelayDirection.TO_SERVER, Duration.ofMillis(30));
    pair.exchange(MESSAGES * 2, 0, unused -> {}, stage);
  }

  private static void finalLost(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    pair.say("m", 0);
    pair.atServer("m");
    pair.relay.stall(RelayDirection.TO_CLIENT);
    pair.answer("x", 0);
    pair.finish();
    pair.relay.cut();
    pair.relay.heal();
    pair.atClient("x");
    pair.ends();
  }

  private static void halfCloseLost(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    pair.say("m", 0);
    pair.atServer("m");
    pair.relay.stall(RelayDirection.TO_SERVER);
    pair.halfClose();
    pair.relay.cut();
    pair.relay.heal();
    pair.server.await("half-closed", pair.handler);
    pair.finish();
    pair.ends();
  }

  private static void cancel(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    pair.say("m", 0);
    pair.atServer("m");
    pair.client.send(JsonLine.of("do", "cancel").with("stream", pair.stream));
    Check.equal(
        "status",
        pair.client.await("ended", pair.stream).number("status"),
        (long) Status.Code.CANCELLED.value());
    Check.equal("reason", pair.server.await("closed", pair.handler).text("reason"), "CANCELLED");
  }

  private static void drain(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage);
    for (String text : List.of("a", "b", "c")) {
      pair.say(text, 0);
      pair.atServer(text);
    }
    pair.server.send(JsonLine.of("do", "drain").with("graceMs", 5_000L));
    Check.equal("processed", pair.client.await("moved", pair.stream).number("processed"), 3L);
    Check.equal("reason", pair.server.await("closed", pair.handler).text("reason"), "MOVED");
  }

  private static void serverStreamCuts(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage, PeerMethods.LIST);
    pair.say("request", 0);
    pair.atServer("request");
    pair.server.await("half-closed", pair.handler);
    for (int round = 1; round <= 10; round++) {
      for (int i = 1; i <= 10; i++) {
        pair.answer("x" + round + "-" + i, 0);
      }
      pair.atClient("x" + round + "-1");
      pair.relay.cut();
      for (int i = 2; i <= 10; i++) {
        pair.atClient("x" + round + "-" + i);
      }
    }
    pair.finish();
    pair.ends();
  }

  /** More messages than a first credit, so that some must be acknowledged before others come. */
  private static void heldResponse(Stage stage) throws Exception {
    PairStage pair = PairStage.holdingResponses(stage, PeerMethods.LIST);
    pair.say("request", 0);
    pair.atServer("request");
    pair.server.await("half-closed", pair.handler);
    for (int i = 1; i <= 2 * MESSAGES; i++) {
      pair.answer("x" + i, 0);
    }
    for (int i = 1; i <= 2 * MESSAGES; i++) {
      pair.atClient("x" + i);
    }
    // And one by one.
    for (int i = 1; i <= 3; i++) {
      pair.answer("y" + i, 0);
      pair.atClient("y" + i);
    }
    pair.finish();
    pair.ends();
  }

  private static void clientStreamCuts(Stage stage) throws Exception {
    PairStage pair = new PairStage(stage, PeerMethods.COLLECT, Map.of("sendMessages", 3L));
    for (int round = 1; round <= 10; round++) {
      for (int i = 1; i <= 10; i++) {
        pair.say("m" + round + "-" + i, 0);
      }
      pair.atServer("m" + round + "-1");
      // The first ones are acknowledged by then, so the client was welcomed.
      pair.sent("m" + round + "-10");
      pair.relay.cut();
      for (int i = 2; i <= 10; i++) {
        pair.atServer("m" + round + "-" + i);
      }
    }
    pair.halfClose();
    pair.server.await("half-closed", pair.handler);
    pair.answer("x", 0);
    pair.finish();
    pair.atClient("x");
    pair.ends();
  }
}
