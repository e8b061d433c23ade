package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.ResponseHoldingProxy;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.lab.TcpRelay;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * A stream from a client under test to a server under test, through a relay. Used by one thread.
 */
final class PairStage {
  final Implementation client;
  final Implementation server;
  final TcpRelay relay;
  final int port;
  final String stream;
  final String handler;

  PairStage(Stage stage) throws Exception {
    this(stage, PeerMethods.TALK);
  }

  PairStage(Stage stage, String method) throws Exception {
    this(stage, method, Map.of());
  }

  PairStage(Stage stage, String method, Map<String, Object> options) throws Exception {
    this(stage, method, options, port -> port);
  }

  private PairStage(Stage stage, String method, Map<String, Object> options, Hop hop)
      throws Exception {
    client = stage.clientImplementation();
    server = stage.serverImplementation();
    stream = stage.newStream();
    port = listen(server);
    relay = stage.own(TcpRelay.toPort(hop.before(port)));
    client.send(
        JsonLine.of("do", "open")
            .with("stream", stream)
            .with("target", "127.0.0.1:" + relay.port())
            .with("method", method)
            .with("options", quick(options)));
    handler = server.await("opened", "").text("stream");
  }

  /** A stream whose responses a proxy holds until they are complete. */
  static PairStage holdingResponses(Stage stage, String method) throws Exception {
    return new PairStage(
        stage, method, Map.of(), port -> stage.own(new ResponseHoldingProxy(port)).port());
  }

  /** A hop between the relay and the server. */
  private interface Hop {
    /** Returns the port of the hop before the server on a port. */
    int before(int port) throws Exception;
  }

  static int listen(Implementation server) throws Exception {
    String key = HexFormat.of().formatHex(ServerStage.KEY);
    server.send(JsonLine.of("do", "listen").with("options", Map.of("tokenKey", key)));
    return server.awaitPort();
  }

  private static Map<String, Object> quick(Map<String, Object> options) {
    Map<String, Object> all = new HashMap<>(options);
    all.put("backoffBaseMs", 20L);
    all.put("backoffCapMs", 100L);
    return all;
  }

  /** Lets another server of the same process listen after it. */
  void stopServer() throws IOException, InterruptedException {
    server.send(JsonLine.of("do", "reset"));
    server.await("reset", "");
  }

  /** Waits until the client has taken a message. */
  void sent(String text) throws InterruptedException {
    while (!client.await("sent", stream).text("text").equals(text)) {
      // Those before it.
    }
  }

  void say(String text, int size) throws IOException {
    client.send(sending(stream, text, size));
  }

  void answer(String text, int size) throws IOException {
    server.send(sending(handler, text, size));
  }

  static JsonLine sending(String stream, String text, int size) {
    return JsonLine.of("do", "send")
        .with("stream", stream)
        .with("text", text)
        .with("size", (long) size);
  }

  void atServer(String text) throws InterruptedException {
    message(server.await("message", handler, Duration.ofSeconds(30)), text);
  }

  void atClient(String text) throws InterruptedException {
    message(client.await("message", stream, Duration.ofSeconds(30)), text);
  }

  static void message(JsonLine event, String text) {
    Check.equal("message", TextMessage.name(event.text("text")), text);
  }

  void halfClose() throws IOException {
    client.send(JsonLine.of("do", "half-close").with("stream", stream));
  }

  void finish() throws IOException {
    server.send(JsonLine.of("do", "finish").with("stream", handler).with("status", 0L));
  }

  void ends() throws InterruptedException {
    Check.equal("status", client.await("ended", stream).number("status"), 0L);
    Check.equal("reason", server.await("closed", handler).text("reason"), "FINISHED");
  }

  /** Messages both ways, and what happens before each. */
  void exchange(int messages, int size, Scenario.Script before, Stage stage) throws Exception {
    for (int i = 1; i <= messages; i++) {
      before.run(stage);
      say("m" + i, size);
      answer("x" + i, size);
    }
    for (int i = 1; i <= messages; i++) {
      atServer("m" + i);
      atClient("x" + i);
    }
    halfClose();
    server.await("half-closed", handler);
    finish();
    ends();
  }
}
