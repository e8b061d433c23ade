package dev.holdfast.duplex.conformance.scenario;

import dev.holdfast.duplex.conformance.implementation.Implementation;
import dev.holdfast.duplex.conformance.implementation.JsonLine;
import dev.holdfast.duplex.conformance.peer.PeerMethods;
import dev.holdfast.duplex.conformance.peer.WireClient;
import dev.holdfast.duplex.conformance.peer.WireClientCall;
import dev.holdfast.duplex.conformance.wire.TextMessage;
import dev.holdfast.duplex.conformance.wire.WireFrame;
import dev.holdfast.duplex.conformance.wire.WireHandover;
import dev.holdfast.duplex.conformance.wire.WireHello;
import dev.holdfast.duplex.conformance.wire.WireWelcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A server under test, and a reference client with one session. */
final class ServerStage {
  /** The secret of tokens. */
  static final byte[] KEY = "0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  static final long TAG = 300;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Stage stage;
  private final Implementation implementation;
  private final byte[] session = new byte[16];
  private String method = PeerMethods.TALK;
  private @Nullable WireClient client;
  private int port;
  private long attach;
  private byte[] token = new byte[0];
  private String stream = "";
  private String cursor = "";

  ServerStage(Stage stage, Implementation implementation) {
    this.stage = stage;
    this.implementation = implementation;
    RANDOM.nextBytes(session);
  }

  /** Lets the client call another method than the bidirectional one. */
  ServerStage of(String otherMethod) {
    method = otherMethod;
    return this;
  }

  /** Starts the server. */
  ServerStage listen() throws Exception {
    return listen(Map.of());
  }

  ServerStage listen(Map<String, Object> options) throws Exception {
    JsonLine all =
        JsonLine.of("tokenKey", HexFormat.of().formatHex(KEY))
            .with("ackEvery", 1L)
            .with("ackDelayMs", 1L);
    for (Map.Entry<String, Object> option : options.entrySet()) {
      all = all.with(option.getKey(), option.getValue());
    }
    implementation.send(JsonLine.of("do", "listen").with("options", all.fields()));
    port = implementation.awaitPort();
    client = stage.own(new WireClient(port, method));
    return this;
  }

  WireClient client() {
    return Objects.requireNonNull(client, "listen first");
  }

  int port() {
    return port;
  }

  /** The full name of the method that the client calls. */
  String method() {
    return method;
  }

  byte[] session() {
    return session.clone();
  }

  byte[] token() {
    return token.clone();
  }

  /** The hello of the next attachment: the first one, or one with the token of the last welcome. */
  WireHello hello() {
    attach++;
    return token.length == 0
        ? WireHello.first(session, TAG).attach(attach)
        : WireHello.later(session, attach, TAG + attach - 1, token);
  }

  /** The tag of the newest attachment. */
  long tag() {
    return TAG + attach - 1;
  }

  /** Attaches, and takes the welcome. */
  WireClientCall attach(WireHello hello) throws InterruptedException {
    WireClientCall call = client().attach(hello);
    welcomed(call);
    return call;
  }

  /** Attaches with a hand-over, or the offer to take one, and takes the welcome. */
  WireClientCall attach(WireHello hello, WireHandover handover) throws InterruptedException {
    WireClientCall call = client().attach(hello, handover);
    welcomed(call);
    return call;
  }

  /** Takes the welcome of an attachment, whose token is shown from now on. */
  void welcomed(WireClientCall call) throws InterruptedException {
    token = call.welcome().token();
  }

  /** Listens with its defaults, begins a session and waits for its handler. */
  WireClientCall begin() throws Exception {
    return begin(Map.of());
  }

  WireClientCall begin(Map<String, Object> options) throws Exception {
    listen(options);
    WireClientCall call = attach(hello());
    opened();
    return call;
  }

  /** Takes the event of a handler that was started. */
  void opened() throws InterruptedException {
    JsonLine opened = implementation.await("opened", "");
    stream = opened.text("stream");
    cursor = opened.text("cursor");
  }

  /** The cursor from which the handler went on that was started last; empty for none. */
  String cursor() {
    return cursor;
  }

  /** Whether no handler was started that no scenario has awaited. */
  boolean hasNoneOpened() {
    return implementation.hasNone("opened");
  }

  /** Whether no handler got a message that no scenario has awaited. */
  boolean hasNoneReceived() {
    return implementation.hasNone("message");
  }

  /** Attaches anew at these positions, and takes the welcome. */
  WireClientCall resume(long watermark, long low) throws InterruptedException {
    return attach(hello().watermark(watermark).low(low).credit(watermark + 256));
  }

  /** The welcome of a new attachment at these positions. */
  WireWelcome welcome(long watermark, long low) throws InterruptedException {
    WireClientCall call = client().attach(hello().watermark(watermark).low(low));
    return call.welcome();
  }

  /** A frame of the newest attachment. */
  WireFrame frame() {
    return WireFrame.of(tag());
  }

  void say(WireClientCall call, long seq, String text) {
    call.send(frame().withSeq(seq).withText(text));
  }

  // The server's application.

  private JsonLine command(String what) {
    return JsonLine.of("do", what).with("stream", stream);
  }

  void send(String... texts) throws IOException {
    for (String text : texts) {
      implementation.send(command("send").with("text", text));
    }
  }

  void read(int count) throws IOException {
    implementation.send(command("read").with("count", (long) count));
  }

  /** Waits until the handler has marked a cursor, after the messages before it. */
  void mark(String text) throws IOException, InterruptedException {
    beginMark(text);
    implementation.await("marked", stream);
  }

  /** As {@link #mark}, where the end of the handler may come before the event. */
  void beginMark(String text) throws IOException {
    implementation.send(command("mark").with("cursor", text));
  }

  /** Ends the handler with a status. */
  void finish(long status) throws IOException {
    implementation.send(
        command("finish")
            .with("status", status)
            .with("description", "as the script says")
            .with("trailers", Map.of("x-script", "yes")));
  }

  void drain(long graceMillis) throws IOException {
    implementation.send(JsonLine.of("do", "drain").with("graceMs", graceMillis));
  }

  void received(String text) throws InterruptedException {
    JsonLine event = implementation.await("message", stream);
    Check.equal("message", TextMessage.name(event.text("text")), text);
  }

  void receivedHalfClose() throws InterruptedException {
    implementation.await("half-closed", stream);
  }

  void closed(String reason) throws InterruptedException {
    Check.equal("reason", implementation.await("closed", stream).text("reason"), reason);
  }

  void awaitSent(String text) throws InterruptedException {
    JsonLine sent;
    do {
      sent = implementation.await("sent", stream);
    } while (!sent.text("text").equals(text));
  }

  // What the client sees.

  /** The next message of the server, which must have this position and text. */
  static WireFrame expect(WireClientCall call, long seq, String text) throws InterruptedException {
    WireFrame message = call.events().message();
    Check.equal("text of position " + seq, message.text(), text);
    Check.isTrue("header of " + message, message.hasHeader());
    Check.equal("position of " + text, message.seq(), seq);
    return message;
  }

  static WireFrame expectAck(WireClientCall call, long least) throws InterruptedException {
    return call.events().frame("ack of " + least, each -> each.ack() >= least);
  }

  static WireFrame expectFinal(WireClientCall call, long seq, long status)
      throws InterruptedException {
    WireFrame last = call.events().frame("FINAL", each -> each.has(WireFrame.FINAL));
    Check.equal("position of FINAL", last.seq(), seq);
    Check.equal("status", last.status(), status);
    return last;
  }

  /** Sends a probe and takes its answer: all frames before it have been handled. */
  void probe(WireClientCall call, long number) throws InterruptedException {
    call.send(frame().withProbe(number));
    WireFrame echo = call.events().frame("ECHO", each -> each.has(WireFrame.ECHO));
    Check.equal("probe", echo.probe(), number);
  }
}
