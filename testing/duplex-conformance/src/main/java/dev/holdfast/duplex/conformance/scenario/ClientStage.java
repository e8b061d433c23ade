package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireServer;
import dev.holdfast.duplex.conformance.peer.WireServerCall;
import dev.holdfast.duplex.conformance.wire.FinalBody;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/** A stream of a client under test, and the reference server that answers it. */
final class ClientStage {
  /** A token of no owner. */
  static final byte[] TOKEN = new byte[32];

  static {
    Arrays.fill(TOKEN, (byte) 7);
  }

  /**
   * The options of a client that is not told otherwise. Attempts follow each other fast, and none
   * is given up because the machine stood still for seconds: a scenario answers each attempt once.
   */
  private static final Map<String, Object> DEFAULTS =
      Map.of("handshakeMs", 60_000L, "backoffBaseMs", 50L, "backoffCapMs", 200L);

  private final Stage stage;
  private final Implementation implementation;
  private final String stream;
  private final WireServer server;

  /** The stream whose channel this one uses; empty for a channel of its own. */
  private final String channelOf;

  private String method = PeerMethods.TALK;
  private long attach;

  ClientStage(Stage stage, Implementation implementation) throws IOException {
    this(stage, implementation, stage.own(WireServer.start()), "");
  }

  private ClientStage(
      Stage stage, Implementation implementation, WireServer server, String channelOf) {
    this.stage = stage;
    this.implementation = implementation;
    this.stream = stage.newStream();
    this.server = server;
    this.channelOf = channelOf;
  }

  /** Lets the application call another method than the bidirectional one. */
  ClientStage of(String otherMethod) {
    method = otherMethod;
    return this;
  }

  /** Another stream of the same method, on the channel of this one. */
  ClientStage another() {
    return new ClientStage(stage, implementation, server, stream).of(method);
  }

  WireServer server() {
    return server;
  }

  /** One more reference server, as another instance. */
  WireServer anotherServer() throws IOException {
    return stage.own(WireServer.start());
  }

  /** Opens the stream; its application takes each message at once. */
  ClientStage open() throws IOException {
    return open(Map.of());
  }

  ClientStage open(Map<String, Object> options) throws IOException {
    return openAt(server.address(), options);
  }

  /** Opens the stream to a server at another address. */
  ClientStage openAt(String target, Map<String, Object> options) throws IOException {
    JsonLine all = new JsonLine(DEFAULTS);
    for (Map.Entry<String, Object> option : options.entrySet()) {
      all = all.with(option.getKey(), option.getValue());
    }
    implementation.send(
        command("open")
            .with("target", target)
            .with("method", method)
            .with("channel", channelOf)
            .with("options", all.fields()));
    return this;
  }

  void send(String... texts) throws IOException {
    for (String text : texts) {
      implementation.send(command("send").with("text", text));
    }
  }

  void send(String text, int size) throws IOException {
    implementation.send(command("send").with("text", text).with("size", (long) size));
  }

  void halfClose() throws IOException {
    implementation.send(command("half-close"));
  }

  void cancel() throws IOException {
    implementation.send(command("cancel"));
  }

  /** Lets the application take so many messages more, when it reads by hand. */
  void read(int count) throws IOException {
    implementation.send(command("read").with("count", (long) count));
  }

  /** Waits until the implementation has taken a message of its application. */
  void awaitSent(String text) throws InterruptedException {
    JsonLine sent;
    do {
      sent = implementation.await("sent", stream);
    } while (!sent.text("text").equals(text));
  }

  private JsonLine command(String what) {
    return JsonLine.of("do", what).with("stream", stream);
  }

  /** The next attachment, which must have a higher number than all before. */
  WireServerCall accept() throws InterruptedException {
    return accept(server);
  }

  WireServerCall accept(WireServer at) throws InterruptedException {
    WireServerCall call = at.accept();
    WireHello hello = call.hello();
    Check.isTrue(
        "attach %d after %d (expected: above)".formatted(hello.attach(), attach),
        hello.attach() > attach);
    attach = hello.attach();
    return call;
  }

  /** Opens the stream, welcomes its first attachment, and waits until the client knows. */
  WireServerCall begin() throws IOException, InterruptedException {
    return begin(Map.of());
  }

  WireServerCall begin(Map<String, Object> options) throws IOException, InterruptedException {
    return beginWith(WireWelcome.first(TOKEN), options);
  }

  /** Accepts the next attachment and welcomes it at a position. */
  WireServerCall resume(long watermark) throws InterruptedException {
    WireServerCall call = accept();
    call.welcome(WireWelcome.first(TOKEN).watermark(watermark).credit(watermark + 256));
    return call;
  }

  /** Sends a probe and takes its answer: the client has seen the welcome and all frames before. */
  static void probe(WireServerCall call, long number) throws InterruptedException {
    call.send(frame(call).withProbe(number));
    WireFrame echo = call.events().frame("ECHO", each -> each.has(WireFrame.ECHO));
    Check.equal("probe", echo.probe(), number);
  }

  /**
   * Sends a probe on a call of a client whose time of a handshake is short.
   *
   * @return false when the client had given the call up, as the welcome came too late
   */
  static boolean answersProbe(WireServerCall call, long number) throws InterruptedException {
    call.send(frame(call).withProbe(number));
    return call.events().frameBeforeEnd(each -> each.has(WireFrame.ECHO));
  }

  /** Opens the stream, welcomes it with a token, and waits until the client knows. */
  WireServerCall beginWith(WireWelcome welcome, Map<String, Object> options)
      throws IOException, InterruptedException {
    open(options);
    WireServerCall call = accept();
    call.welcome(welcome);
    probe(call, 1);
    return call;
  }

  /** Resets the connection below. */
  void cut() {
    server.relay().cut();
  }

  /** A frame of an attachment. */
  static WireFrame frame(WireServerCall call) {
    return WireFrame.of(call.hello().tag());
  }

  /** A message of the server. */
  static void say(WireServerCall call, long seq, String text) {
    call.send(frame(call).withSeq(seq).withText(text));
  }

  static void ack(WireServerCall call, long ack) {
    call.send(frame(call).withAck(ack));
  }

  /** The final status of the server, which acknowledges as well. */
  static void finish(WireServerCall call, long seq, long ack, long status) {
    call.send(
        frame(call)
            .withSeq(seq)
            .withAck(ack)
            .withFlags(WireFrame.FINAL)
            .withStatus(status)
            .withBody(FinalBody.encode("as the script says", Map.of("x-script", "yes"))));
  }

  /** The next message of the client, which must have this position and text. */
  static void expect(WireServerCall call, long seq, String text) throws InterruptedException {
    WireFrame message = call.events().message();
    Check.equal("text of position " + seq, message.text(), text);
    Check.equal("position of " + text, message.seq(), seq);
  }

  /** The next frame that acknowledges at least a position. */
  static WireFrame expectAck(WireServerCall call, long least) throws InterruptedException {
    return call.events().frame("ack of " + least, each -> each.ack() >= least);
  }

  /** The next event of the application, which must be this message. */
  void received(String text) throws InterruptedException {
    JsonLine event = implementation.await("message", stream);
    Check.equal("message", TextMessage.name(event.text("text")), text);
  }

  /** The end of the application's call with a status of the server. */
  JsonLine ended(long status) throws InterruptedException {
    JsonLine event = implementation.await("ended", stream);
    Check.equal("status", event.number("status"), status);
    return event;
  }

  /** As {@link #ended}, where messages may come before the end. */
  void endsAnyway(long status) throws InterruptedException {
    JsonLine event = implementation.awaitPast("message", "ended", stream);
    Check.equal("status", event.number("status"), status);
  }

  /** The end of the application's call as lost. */
  JsonLine lost(String reason) throws InterruptedException {
    JsonLine event = implementation.await("lost", stream);
    Check.equal("reason", event.text("reason"), reason);
    return event;
  }

  /** The end of the application's call as moved. */
  JsonLine moved(long processed) throws InterruptedException {
    JsonLine event = implementation.await("moved", stream);
    Check.equal("processed", event.number("processed"), processed);
    return event;
  }

  /** A handler that begins anew is told to the application, with the messages before it. */
  void restarted(long messages) throws InterruptedException {
    JsonLine event = implementation.await("restarted", stream);
    Check.equal("messages", event.number("messages"), messages);
  }

  /** Ends the session well, so that the implementation shows that it still has it. */
  void finishAndConfirm(WireServerCall call, long seq, long ack) throws InterruptedException {
    finish(call, seq, ack, 0);
    expectAck(call, seq);
    call.close(io.grpc.Status.OK);
    ended(0);
  }
}
