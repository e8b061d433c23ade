package dev.holdfast.simulation.streams;

import dev.holdfast.streams.DurabilityLevel;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.session.AttachmentCloseReason;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.SessionOutput;
import dev.holdfast.streams.session.StreamAttachment;
import dev.holdfast.streams.wire.FrameHeader;
import dev.holdfast.streams.wire.HandshakeRefusal;
import dev.holdfast.streams.wire.Hello;
import dev.holdfast.streams.wire.SessionHandover;
import dev.holdfast.streams.wire.Welcome;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A physical call over a faulty network. Sent messages arrive in order or, from some point on, not
 * at all. Each end learns late of the end of the call, or never.
 */
final class SimulatedStreamCall {
  private static final int BUFFERED_FRAMES = 4;
  private static final int REMEMBERED_FRAMES = 3;
  private static final int UNAVAILABLE = 14;

  private record Frame(@Nullable FrameHeader header, Payload body) {}

  final StreamSimulation world;
  final SimulatedStreamClient client;
  final SimulatedStreamServer server;
  final StreamAttachment clientSide;
  final StreamAttachment serverSide;
  final Hello hello;

  /** The hand-over that the client shows, or its offer; null when it takes none. */
  final @Nullable SessionHandover handover;

  /** Whether it goes without the hello. */
  final boolean plain;

  /** The life of the server that its connection leads to. */
  final String owner;

  private final SessionOutput.StartCall startCall;
  private final boolean ghost;

  /** The call that this one repeats. */
  private @Nullable SimulatedStreamCall original;

  private final List<Frame> sent = new ArrayList<>();

  /** The steps of the response that a proxy holds. */
  private final List<Runnable> response = new ArrayList<>();

  private final UnreadQueue atServer;
  private final UnreadQueue atClient;
  private boolean arrived;
  private boolean requestSideEnded;
  private boolean cut;
  private boolean clientDone;
  private boolean serverDone;
  private long toServerNanos;
  private long toClientNanos;
  private long welcomedNanos;
  private int toServerQueued;
  private int toClientQueued;

  SimulatedStreamCall(
      SimulatedStreamClient client,
      SimulatedStreamServer server,
      SessionOutput.StartCall startCall) {
    this(client, server, startCall, false);
  }

  private SimulatedStreamCall(
      SimulatedStreamClient client,
      SimulatedStreamServer server,
      SessionOutput.StartCall startCall,
      boolean ghost) {
    this.world = client.world;
    this.client = client;
    this.server = server;
    this.startCall = startCall;
    this.clientSide = startCall.attachment();
    this.hello = startCall.hello();
    this.handover = world.streamDeployment.cursors() ? startCall.handover() : null;
    this.plain = startCall.plain();
    this.owner = server.owner();
    this.ghost = ghost;
    this.atServer =
        new UnreadQueue(world.time, () -> world.mark(StreamCoverage.MESSAGE_LEFT_UNREAD));
    this.atClient =
        new UnreadQueue(world.time, () -> world.mark(StreamCoverage.MESSAGE_LEFT_UNREAD));
    this.serverSide = new StreamAttachment(hello.attach(), hello.tag(), world.now());
    serverSide.attach(this);
  }

  void begin() {
    if (!ghost && !server.isUp()) {
      cut = true;
      world.mark(StreamCoverage.REACHED_NOBODY);
      CallClosure nowhere = CallClosure.unreached();
      world.time.afterMillis(world.random.nextInt(100), () -> client.onClosed(this, nowhere));
      return;
    }
    toServer(
        () -> {
          arrived = true;
          // Who waits for a server drops what its client gives up.
          boolean dropped = clientDone && !owner.equals(server.owner());
          if (!dropped) {
            server.onCall(this);
          }
        });
    if (plain) {
      // There is a transport, and that is all that can be known.
      world.time.after(0, this::clientHearsPlain);
    }
  }

  private void clientHearsPlain() {
    atClient.readAll();
    client.onPlain(this);
  }

  /** Whether a proxy still has it. */
  boolean isOnTheWay() {
    return !arrived && isProxied();
  }

  /**
   * Whether a proxy may repeat the call. A repeated call must not reach a server that may not know
   * of the first one.
   */
  boolean isProxied() {
    return world.streamDeployment.proxied()
        && !(ghost && world.streamDeployment.level() != DurabilityLevel.DURABLE);
  }

  /** A retry on the way sends the same call again, to whomever, later. */
  void haunt(SimulatedStreamServer other, long delayMillis) {
    SimulatedStreamCall again = new SimulatedStreamCall(client, other, startCall, true);
    again.original = this;
    world.time.afterMillis(
        delayMillis,
        () -> {
          again.begin();
          sent.forEach(
              frame ->
                  again.toServer(() -> again.atServer.message(() -> again.serverReads(frame))));
          world.time.afterMillis(world.random.nextInt(4_000), () -> again.cut(true, true));
        });
  }

  // What the client does.

  void clientSends(@Nullable FrameHeader header, Payload body) {
    if (sent.size() < REMEMBERED_FRAMES) {
      sent.add(new Frame(header, body));
    }
    toServerQueued++;
    client.session.onWritable(clientSide, isClientWritable());
    toServer(
        () ->
            atServer.message(
                () -> {
                  toServerQueued--;
                  if (!clientDone && !client.crashed) {
                    client.session.onWritable(clientSide, isClientWritable());
                    client.drive();
                  }
                  serverReads(new Frame(header, body));
                }));
  }

  private void serverReads(Frame frame) {
    server.onFrame(this, frame.header(), frame.body());
  }

  boolean isClientWritable() {
    return toServerQueued < BUFFERED_FRAMES;
  }

  /** Whether a server with sessions has welcomed it, and the client can say nothing on it. */
  boolean isAnsweredOneWay() {
    return requestSideEnded && welcomedNanos > 0;
  }

  /** The client's session asks for a message. */
  void clientRequests() {
    atClient.request();
  }

  void clientHalfCloses() {
    requestSideEnded = true;
    toServer(() -> atServer.event(() -> server.onHalfClosed(this)));
  }

  void clientCloses(AttachmentCloseReason why) {
    clientDone = true;
    atClient.readAll();
    if (why == AttachmentCloseReason.DONE) {
      toServer(() -> atServer.event(() -> server.onHalfClosed(this)));
    } else {
      client.ledger.onStrain(SessionOracle.STRAIN_OF_A_RESET);
      toServer(() -> server.onClosed(this, CallClosure.stream(1)));
    }
  }

  // What the server does.

  void serverWelcomes(Welcome welcome) {
    toClient(
        () ->
            atClient.event(
                () -> {
                  welcomedNanos = world.time.elapsed().toNanos();
                  client.onWelcome(this, welcome);
                }));
  }

  /** The server's session asks for a message. */
  void serverRequests() {
    atServer.request();
  }

  /** Reads a message as a server without sessions does. */
  void serverReadsPlain() {
    atServer.readAll();
  }

  void serverAnswersPlain() {
    toClient(() -> atClient.event(this::clientHearsPlain));
  }

  void serverEnds() {
    serverEnds(CallClosure.status(0, Payload.EMPTY));
  }

  void serverEnds(CallClosure how) {
    serverDone = true;
    toClient(() -> clientHearsEnd(how));
  }

  /** Behind what it has not read. */
  private void clientHearsEnd(CallClosure how) {
    atClient.event(() -> client.onClosed(this, how));
  }

  void serverRefuses(HandshakeRefusal handshakeRefusal) {
    serverDone = true;
    toClient(() -> atClient.event(() -> client.onRefused(this, handshakeRefusal)));
  }

  void serverSends(@Nullable FrameHeader header, Payload body) {
    toClientQueued++;
    server.onWritable(this, toClientQueued < BUFFERED_FRAMES, false);
    toClient(
        () ->
            atClient.message(
                () -> {
                  toClientQueued--;
                  if (!serverDone) {
                    server.onWritable(this, toClientQueued < BUFFERED_FRAMES, true);
                  }
                  client.onFrame(this, header, body);
                  if (header != null && header.has(FrameHeader.Flag.MOVED)) {
                    world.streamFaultInjector.onMoved(this);
                  }
                }));
  }

  void serverCloses(AttachmentCloseReason why) {
    serverDone = true;
    switch (why) {
      case DONE -> toClient(() -> clientHearsEnd(CallClosure.status(0, Payload.EMPTY)));
      case REPLACED -> {
        HandshakeRefusal fenced = HandshakeRefusal.of(HandshakeRefusal.RefusalCode.FENCED);
        toClient(() -> atClient.event(() -> client.onRefused(this, fenced)));
      }
      case RESPONSE_HELD -> {
        world.mark(StreamCoverage.HELD_RESPONSE_ENDED);
        toClient(() -> clientHearsEnd(CallClosure.status(UNAVAILABLE, Payload.EMPTY)));
      }
      default -> {
        client.ledger.onStrain(SessionOracle.STRAIN_OF_A_RESET);
        toClient(() -> clientHearsEnd(CallClosure.stream(1)));
      }
    }
  }

  // What the network does.

  /** Cuts the call: nothing passes any more, and each end may hear of it. */
  void cut(boolean clientHears, boolean serverHears) {
    end(clientHears, serverHears, CallClosure.connection());
  }

  /** Resets the stream without closing the connection. */
  void reset() {
    end(true, true, CallClosure.stream(2));
  }

  /** Ends the call with a status, which the client hears after a delay. */
  void fail(CallClosure how, int delayMillis) {
    if (cut) {
      return;
    }
    cut = true;
    client.ledger.onStrain(SessionOracle.STRAIN_OF_A_RESET);
    world.time.afterMillis(
        delayMillis,
        () -> {
          if (!clientDone) {
            world.mark(StreamCoverage.OLD_OWNERS_CALL_FAILED);
          }
          clientHearsEnd(how);
        });
    world.time.afterMillis(delayMillis, () -> server.onClosed(this, how));
  }

  private void end(boolean clientHears, boolean serverHears, CallClosure how) {
    if (cut) {
      return;
    }
    cut = true;
    if (!ghost && !(welcomedNanos > 0 && world.isCalmSince(welcomedNanos))) {
      boolean stream = how.kind() == CallClosure.ClosureScope.STREAM;
      client.ledger.onStrain(stream ? SessionOracle.STRAIN_OF_A_RESET : 1);
    }
    // A peer that may have no sessions sends no heartbeats: only the transport notices.
    boolean noticed = world.streamDeployment.mayStaySilent();
    if ((clientHears || noticed) && !ghost) {
      int mostMillis = clientHears ? 1_000 : 20_000;
      world.time.afterMillis(world.random.nextInt(mostMillis), () -> clientHearsEnd(how));
    }
    if (serverHears) {
      world.time.afterMillis(world.random.nextInt(1_000), () -> server.onClosed(this, how));
    }
  }

  boolean isOpen() {
    return !cut && !(clientDone && serverDone);
  }

  boolean isGivenUp() {
    // The first one may have brought messages by then, and counts.
    boolean done = clientDone || (original != null && original.clientDone);
    return done && hello.ageMillis() > 0;
  }

  boolean isDoneHere(boolean atClient) {
    return atClient ? clientDone || ghost : serverDone;
  }

  private void toServer(Runnable arrival) {
    toServerNanos = Math.max(toServerNanos, world.arrivalNanos());
    travel(toServerNanos, arrival);
  }

  private void toClient(Runnable arrival) {
    if (ghost) {
      return;
    }
    response.add(arrival);
    if (serverDone || !world.streamDeployment.holdsResponses()) {
      toClientNanos = Math.max(toClientNanos, world.arrivalNanos());
      response.forEach(each -> travel(toClientNanos, each));
      response.clear();
    }
  }

  private void travel(long atNanos, Runnable arrival) {
    world.time.after(
        atNanos - world.time.elapsed().toNanos(),
        () -> {
          if (!cut) {
            arrival.run();
          }
        });
  }
}
