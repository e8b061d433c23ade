package dev.holdfast.simulation.streams;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.MethodKind;
import java.util.SplittableRandom;

/**
 * A call at a server without sessions: its handler gets what the call brings, whatever stands
 * before it, and knows nothing of other calls.
 */
final class SimulatedPlainHandler {
  /** When a server sends its response headers. */
  private enum Headers {
    AT_ONCE,
    WITH_THE_FIRST_ANSWER,
    AT_THE_END
  }

  private static final int INTERNAL = 13;

  private final StreamSimulation world;
  private final SimulatedStreamCall call;
  private final SessionOracle ledger;
  private final SplittableRandom random;
  private final Headers headers;
  private final long stream;
  private long generation;
  private long received;
  private long sent;
  private boolean headersSent;
  private boolean halfClosed;
  private boolean over;

  SimulatedPlainHandler(StreamSimulation world, SimulatedStreamCall call) {
    this.world = world;
    this.call = call;
    this.ledger = call.client.ledger;
    this.random = world.random.split();
    this.headers = Headers.values()[random.nextInt(Headers.values().length)];
    this.stream = ledger.onPlainStream(call.hello.attach());
    world.mark(StreamCoverage.PLAIN_SERVER);
    if (headers == Headers.AT_ONCE) {
      sendHeaders();
    }
    world.time.afterMillis(1 + random.nextInt(300), this::tick);
  }

  void onMessage(Payload body) {
    if (over) {
      return;
    }
    long content = StreamSimulation.contentOf(body);
    if (received == 0) {
      generation = content - content % SessionOracle.A_GENERATION;
    }
    ledger.onPlainMessage(content, generation, received);
    received++;
  }

  void onHalfClosed() {
    boolean missing = received == 0 && ledger.kind == MethodKind.SERVER_STREAMING;
    if (!over && missing && !call.hello.token().isNone()) {
      // A session that comes back has no request for whom it does not know: no handler begins.
      over = true;
      call.serverEnds(CallClosure.status(INTERNAL, Payload.EMPTY));
    } else if (!over) {
      ledger.require(
          received == ledger.clientTotal,
          Guarantee.STREAM_NOTHING_LOST,
          "half-closed after " + received + " of " + ledger.clientTotal + " at a plain server");
      halfClosed = true;
    }
  }

  void end() {
    over = true;
  }

  private void tick() {
    if (over) {
      return;
    }
    // It answers what it was told, and the rest when it was told everything.
    long most = ledger.mayAnswer(halfClosed, received) ? ledger.serverTotal : 0;
    long due = halfClosed ? most : Math.min(received, most);
    if (headers != Headers.AT_THE_END || halfClosed) {
      while (sent < due) {
        sent++;
        sendHeaders();
        call.serverSends(null, world.payload(stream + sent));
      }
    }
    if (halfClosed) {
      over = true;
      sendHeaders();
      call.serverEnds();
    } else {
      world.time.afterMillis(1 + random.nextInt(300), this::tick);
    }
  }

  private void sendHeaders() {
    if (!headersSent) {
      headersSent = true;
      call.serverAnswersPlain();
    }
  }
}
