package dev.holdfast.lab;

import dev.holdfast.lab.FlowEvent.FlowEventKind;
import dev.holdfast.lab.PathFaults.IdleAction;
import dev.holdfast.lab.PathFaults.IdleTimeout;
import io.netty.buffer.ByteBuf;
import io.netty.channel.socket.SocketChannel;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A connection through a {@link Middlebox}: its two pipes, its state and the timers of its faults.
 * {@link FlowState} has the states and transitions. Runs on the event loop.
 */
final class Flow implements PipeConnection, Http2Hop.HopConnection {
  private final Middlebox middlebox;
  private final int number;
  private final SocketChannel client;
  private final long openedNanos;
  private final Map<RelayDirection, FlowPipe> pipes = new EnumMap<>(RelayDirection.class);
  private final Http2Hop hop = new Http2Hop(this);
  private final ReceiveFilter receiveFilter = new ReceiveFilter();
  private final SplittableRandom chance;
  private @Nullable SocketChannel server;
  private @Nullable RelayDirection lost;
  private @Nullable ConnectionIdleTimer idleTimer;
  private FlowState state = FlowState.OPENING;
  private PathFaults faults;
  private int generation;
  private long faultsSinceNanos;

  Flow(Middlebox middlebox, int number, SocketChannel client, PathFaults faults) {
    this.middlebox = middlebox;
    this.number = number;
    this.client = client;
    this.faults = faults;
    openedNanos = middlebox.nanoTime();
    receiveFilter.add(client);
    // Odd, so that neighbouring seeds and neighbouring connections never draw the same numbers.
    chance = new SplittableRandom(faults.seed() * 0x9E3779B97F4A7C15L + number);
    for (RelayDirection direction : RelayDirection.values()) {
      pipes.put(direction, new FlowPipe(this, direction, linkDelayModel()));
    }
  }

  int number() {
    return number;
  }

  FlowState state() {
    return state;
  }

  /** Pulls the cable, or plugs it in again. */
  void pull(boolean value) {
    receiveFilter.pull(value);
    pipes.values().forEach(pipe -> pipe.stall(value));
    pump();
  }

  FlowPipe pipe(RelayDirection direction) {
    return Objects.requireNonNull(pipes.get(direction));
  }

  void opened(SocketChannel target) {
    server = target;
    if (state != FlowState.OPENING) {
      Sockets.reset(target);
      return;
    }
    state = FlowState.OPEN;
    receiveFilter.add(target);
    event(FlowEventKind.OPENED, "from " + client.remoteAddress().getPort());
    apply(faults);
    pipe(RelayDirection.TO_SERVER).connect(client, target);
    pipe(RelayDirection.TO_CLIENT).connect(target, client);
  }

  void refusedByTarget() {
    event(FlowEventKind.TARGET_REFUSED, "");
    Sockets.reset(client);
    end();
  }

  /** Begins to do what these faults say; their times count from now on. */
  void apply(PathFaults value) {
    faults = value;
    generation++;
    faultsSinceNanos = elapsedNanos();
    lost = null;
    for (RelayDirection direction : RelayDirection.values()) {
      long cutAt =
          value
              .cut()
              .filter(cut -> cut.direction() == direction)
              .map(PathFaults.Cut::atByte)
              .orElse(FlowPipe.NO_LIMIT);
      pipe(direction).shape(linkDelayModel(), cutAt);
    }
    if (state != FlowState.OPEN) {
      return;
    }
    value.idle().ifPresent(this::watchIdle);
    value.stream().ifPresent(f -> new StreamIdleTimer(this, hop, f, value).start(generation));
    value.loss().ifPresent(l -> afterScaled(l.after(), () -> beginLoss(l.direction())));
    value.halfOpenAfter().ifPresent(t -> afterScaled(t, this::halfOpen));
    value.goAway().ifPresent(g -> afterScaled(g.after(), () -> goAway(g.errorCode(), g.debug())));
  }

  // What pipes tell.

  @Override
  public void onBytes(RelayDirection from, ByteBuf bytes) {
    boolean hears =
        state == FlowState.OPEN
            || (state == FlowState.HALF_OPEN && from == RelayDirection.TO_SERVER);
    if (state == FlowState.REFUSING) {
      bytes.release();
      refuse(from);
    } else if (!hears || from == lost) {
      bytes.release();
    } else {
      countTraffic(false);
      hop.feed(from, bytes);
    }
  }

  @Override
  public void onPassed(RelayDirection direction, long bytes) {
    middlebox.onPassed(direction, bytes);
  }

  @Override
  public void onEnd(RelayDirection from) {
    if (state == FlowState.REFUSING) {
      refuse(from);
    } else if (state == FlowState.OPEN && from != lost) {
      pipe(from).holdEnd();
    } else if (state == FlowState.HALF_OPEN) {
      // Nobody is there to answer, and nobody is left to be told.
      forget(FlowEventKind.ENDED, "by the client");
    }
  }

  @Override
  public void onReset(RelayDirection from) {
    switch (state) {
      case OPENING, OPEN -> {
        if (from != lost) {
          endBoth(FlowEventKind.ENDED, "reset by the " + side(from));
        }
      }
      case HALF_OPEN -> {
        if (from == RelayDirection.TO_SERVER) {
          endBoth(FlowEventKind.ENDED, "reset by the client");
        }
      }
      case SILENCED, REFUSING, CLOSING -> endWhenBothGone();
      case ENDED -> {}
    }
  }

  @Override
  public void onPipeEnded() {
    if (state != FlowState.ENDED && pipes.values().stream().allMatch(FlowPipe::hasEnded)) {
      boolean byPeers = state == FlowState.OPEN;
      if (byPeers) {
        event(FlowEventKind.ENDED, "closed by both");
      }
      Sockets.close(client);
      Sockets.close(server);
      end();
    }
  }

  @Override
  public void pump() {
    pipes.values().forEach(FlowPipe::pump);
  }

  // What the hop asks.

  @Override
  public void pass(RelayDirection direction, ByteBuf bytes) {
    pipe(direction).hold(bytes);
  }

  @Override
  public void onHttpTraffic() {
    countTraffic(true);
  }

  @Override
  public boolean answersPings() {
    return faults.answersPings();
  }

  @Override
  public void onPingAnswered() {
    event(FlowEventKind.PING_ANSWERED, "");
  }

  @Override
  public long elapsedNanos() {
    return middlebox.nanoTime() - openedNanos;
  }

  @Override
  public void after(long nanos, Runnable task) {
    middlebox.after(nanos, () -> unlessEnded(task));
  }

  /** As {@link #after}, but by the machine's time: when a packet comes is never virtual. */
  void afterReally(long nanos, Runnable task) {
    middlebox.afterReally(nanos, () -> unlessEnded(task));
  }

  private void unlessEnded(Runnable task) {
    if (state != FlowState.ENDED) {
      task.run();
    }
  }

  /** Connections through the middlebox now. */
  int neighbours() {
    return middlebox.flowCount();
  }

  // What the middlebox does.

  /** Drops the connection silently: nothing passes any more, and neither side is notified. */
  void forget(FlowEventKind flowEventKind, String why) {
    if (state == FlowState.ENDED || state == FlowState.SILENCED) {
      return;
    }
    state = FlowState.SILENCED;
    event(flowEventKind, why);
    pipes.values().forEach(FlowPipe::discard);
    hop.discard();
    receiveFilter.dropAll();
    middlebox.onSilenced(this);
  }

  void reset(FlowEventKind flowEventKind, String why) {
    if (state != FlowState.ENDED) {
      middlebox.onResets();
      endBoth(flowEventKind, why);
    }
  }

  @Override
  public void cut(long atByte) {
    reset(FlowEventKind.CUT, "after byte " + atByte);
  }

  /** The connection was quiet for too long. */
  void onIdleTimeout(IdleAction action) {
    switch (action) {
      case DROP -> forget(FlowEventKind.IDLE_DROPPED, "");
      case RESET -> {
        state = FlowState.REFUSING;
        event(FlowEventKind.IDLE_FORGOTTEN, "");
        pipes.values().forEach(FlowPipe::discard);
        new ResetResponder(this, client, Objects.requireNonNull(server)).start();
      }
      case CLOSE -> close(FlowEventKind.IDLE_CLOSED, "");
      case GOAWAY -> {
        goAway(0, "idle_timeout");
        close(FlowEventKind.IDLE_CLOSED, "after GOAWAY");
      }
    }
  }

  /** A packet came on a connection that is forgotten. */
  void refuse(RelayDirection from) {
    SocketChannel sender = from == RelayDirection.TO_SERVER ? client : server;
    if (sender != null && sender.isOpen()) {
      event(FlowEventKind.RST, "to the " + side(from));
      middlebox.onResets();
      Sockets.reset(sender);
    }
    endWhenBothGone();
  }

  private void watchIdle(IdleTimeout idleTimeout) {
    idleTimer =
        new ConnectionIdleTimer(this, idleTimeout, faults, client, Objects.requireNonNull(server));
    idleTimer.start(generation);
  }

  boolean isCurrent(int ofGeneration) {
    return generation == ofGeneration && state != FlowState.ENDED;
  }

  private void countTraffic(boolean http) {
    if (idleTimer != null && (http || idleTimer.countsAllBytes())) {
      idleTimer.onTraffic();
    }
  }

  /** A stream without DATA for too long. */
  void endStream(int streamId, PathFaults.StreamEnd end) {
    event(FlowEventKind.STREAM_ENDED, "stream " + streamId);
    middlebox.onStreamEnded();
    if (end == PathFaults.StreamEnd.GOAWAY) {
      goAway(0, "stream_timeout");
      close(FlowEventKind.IDLE_CLOSED, "after GOAWAY");
    } else {
      hop.reset(streamId);
      pump();
    }
  }

  private void goAway(int errorCode, String debug) {
    if (!hop.isHttp2()) {
      event(FlowEventKind.NOT_HTTP2, "no GOAWAY possible");
      return;
    }
    event(FlowEventKind.GOAWAY, "code " + errorCode + " " + debug);
    hop.goAway(errorCode, debug);
    pump();
  }

  private void beginLoss(RelayDirection direction) {
    if (state == FlowState.OPEN) {
      event(FlowEventKind.LOSS_BEGAN, "from the " + side(direction));
      lost = direction;
      // Who sends into the void gets no acknowledgement, and none of its own gets through.
      receiveFilter.dropAll(senderOf(direction));
    }
  }

  private void halfOpen() {
    if (state != FlowState.OPEN) {
      return;
    }
    state = FlowState.HALF_OPEN;
    event(FlowEventKind.HALF_OPEN, "");
    pipe(RelayDirection.TO_SERVER).discard();
    middlebox.onResets();
    Sockets.reset(server);
    if (!faults.answersPings()) {
      receiveFilter.dropAll(client);
    }
  }

  private void close(FlowEventKind flowEventKind, String why) {
    if (state == FlowState.OPEN) {
      state = FlowState.CLOSING;
      event(flowEventKind, why);
      middlebox.onClosed();
      pipes.values().forEach(FlowPipe::holdEnd);
    }
  }

  private void endBoth(FlowEventKind flowEventKind, String why) {
    event(flowEventKind, why);
    Sockets.reset(client);
    Sockets.reset(server);
    end();
  }

  private void endWhenBothGone() {
    if (!client.isOpen() && (server == null || !server.isOpen())) {
      end();
    }
  }

  private void end() {
    if (state != FlowState.ENDED) {
      state = FlowState.ENDED;
      pipes.values().forEach(FlowPipe::discard);
      hop.discard();
      middlebox.onEnded(this);
    }
  }

  private LinkDelayModel linkDelayModel() {
    return new LinkDelayModel(faults, faultsSinceNanos, chance::nextDouble);
  }

  private void afterScaled(Duration delay, Runnable task) {
    int begun = generation;
    after(
        faults.scaledNanos(delay),
        () -> {
          if (begun == generation) {
            task.run();
          }
        });
  }

  private SocketChannel senderOf(RelayDirection direction) {
    return direction == RelayDirection.TO_SERVER ? client : Objects.requireNonNull(server);
  }

  private void event(FlowEventKind flowEventKind, String detail) {
    middlebox.onEvent(number, flowEventKind, detail);
  }

  private static String side(RelayDirection from) {
    return from == RelayDirection.TO_SERVER ? "client" : "server";
  }
}
