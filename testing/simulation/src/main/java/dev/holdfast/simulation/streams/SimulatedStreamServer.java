package dev.holdfast.simulation.streams;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SessionOptions;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.session.CallClosure;
import dev.holdfast.streams.session.ServerSession;
import dev.holdfast.streams.session.SessionTable;
import dev.holdfast.streams.session.SessionTable.Admission;
import dev.holdfast.streams.wire.FrameHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A server instance: its sessions while it lives, nothing of them afterwards. */
final class SimulatedStreamServer {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final int SESSIONS = 100;

  final StreamSimulation world;
  final String address;
  private final Map<ServerSession, SimulatedServerSession> simulatedServerSessions =
      new LinkedHashMap<>();
  private @Nullable SessionTable sessions;
  private BufferBudget budget;
  private SessionOptions options;
  private final Map<SimulatedStreamCall, SimulatedPlainHandler> plain = new LinkedHashMap<>();
  private long startedNanos;
  private boolean withSessions = true;
  private int lives;
  private boolean draining;

  SimulatedStreamServer(StreamSimulation world, String address) {
    this.world = world;
    this.address = address;
    this.budget = new BufferBudget(world.streamTraffic.budgetBytes());
    this.options = world.options;
    start();
  }

  boolean isUp() {
    return sessions != null;
  }

  /** The bytes that the instance's sessions hold, by their own account. */
  long heldBytes() {
    return isUp() ? budget.heldBytes() : 0;
  }

  boolean isDraining() {
    return draining;
  }

  /** The identity of this start of the process. */
  String owner() {
    return address + "#" + lives;
  }

  /** The start time, in virtual time. */
  long startedNanos() {
    return startedNanos;
  }

  /** Sets whether the instance has sessions after its next start. */
  void deploy(boolean newWithSessions) {
    withSessions = newWithSessions;
  }

  void start() {
    if (sessions == null) {
      lives++;
      draining = false;
      startedNanos = world.time.elapsed().toNanos();
      SessionTable.ServerIdentity serverIdentity =
          new SessionTable.ServerIdentity(owner(), address, SESSIONS);
      options = world.serverOptions();
      sessions =
          new SessionTable(
              world.streamDeployment.sole()
                  ? serverIdentity.soleSince(world.now())
                  : serverIdentity,
              world.mint,
              options,
              world.rules,
              world.random.split());
      budget = new BufferBudget(world.streamTraffic.budgetBytes());
      sessions.limitBy(budget);
    }
  }

  /** Kills the process: its memory and all its calls are gone. */
  void crash() {
    if (sessions == null) {
      return;
    }
    world.note(address + " crashes");
    for (SimulatedServerSession simulatedServerSession : simulatedServerSessions()) {
      simulatedServerSession.die();
    }
    simulatedServerSessions.clear();
    plain.values().forEach(SimulatedPlainHandler::end);
    plain.clear();
    sessions = null;
    world.callsOf(this).filter(call -> !call.isOnTheWay()).forEach(call -> call.cut(true, false));
  }

  void drain(boolean leaving) {
    SessionTable here = sessions;
    if (here != null) {
      world.note(address + " drains, leaving=" + leaving);
      draining |= leaving;
      if (leaving) {
        here.drain();
      }
      for (SimulatedServerSession simulatedServerSession : List.copyOf(simulatedServerSessions())) {
        simulatedServerSession.session.drain(world.now(), leaving, Duration.ofSeconds(3));
        simulatedServerSession.drive();
      }
    }
  }

  /** Asks those sessions that can go on at another instance to do so. */
  void move() {
    if (isUp()) {
      world.note(address + " asks its sessions to move");
      for (SimulatedServerSession simulatedServerSession : List.copyOf(simulatedServerSessions())) {
        simulatedServerSession.session.move(world.now());
        simulatedServerSession.drive();
      }
    }
  }

  Collection<SimulatedServerSession> simulatedServerSessions() {
    return simulatedServerSessions.values();
  }

  void onCall(SimulatedStreamCall call) {
    SessionTable here = sessions;
    if (here == null || !(call.isProxied() || call.owner.equals(owner()))) {
      call.cut(true, false);
      return;
    }
    CallClosure shed = world.shedding(call.hello);
    if (shed != null) {
      world.mark(StreamCoverage.REFUSED_AT_REATTACH);
      call.serverEnds(shed);
      return;
    }
    if (call.plain || !withSessions) {
      call.serverReadsPlain();
      plain.put(call, new SimulatedPlainHandler(world, call));
      return;
    }
    ServerSession there = here.session(call.hello.session());
    if (there != null && there.state().isTerminal()) {
      world.mark(StreamCoverage.CAME_BEFORE_THE_RETIREMENT);
    }
    Admission admission =
        here.onHello(world.now(), call.serverSide, call.hello, CALLER, options, call.handover);
    if (admission instanceof Admission.Refused refused) {
      if (call.handover != null && call.handover.isPresent()) {
        // The end of a session that comes back may just have been acknowledged.
        hostingsOf(call).forEach(SimulatedServerSession::drive);
      }
      call.serverRefuses(refused.refusal());
    } else if (admission instanceof Admission.Admitted admitted) {
      ServerSession session = admitted.session();
      if (!simulatedServerSessions.containsKey(session)
          && call.hello.ageMillis() > 0
          && world.streamDeployment.sole()) {
        world.mark(StreamCoverage.BEGUN_BY_THE_ONLY_INSTANCE);
      }
      SimulatedServerSession hosting =
          simulatedServerSessions.computeIfAbsent(
              session, s -> new SimulatedServerSession(this, s, call.client.ledger));
      if (session.state().isTerminal()) {
        // Its retirement is another thread's next step.
        stepLater(hosting::drive);
      } else {
        hosting.drive();
      }
    }
  }

  void onFrame(SimulatedStreamCall call, @Nullable FrameHeader header, Payload body) {
    SimulatedPlainHandler handling = plain.get(call);
    if (handling != null) {
      handling.onMessage(body);
      return;
    }
    for (SimulatedServerSession simulatedServerSession : hostingsOf(call)) {
      simulatedServerSession.session.onFrame(world.now(), call.serverSide, header, body);
      simulatedServerSession.drive();
    }
  }

  void onHalfClosed(SimulatedStreamCall call) {
    SimulatedPlainHandler handling = plain.get(call);
    if (handling != null) {
      handling.onHalfClosed();
      return;
    }
    for (SimulatedServerSession simulatedServerSession : hostingsOf(call)) {
      simulatedServerSession.session.onHalfClosed(world.now(), call.serverSide);
      simulatedServerSession.drive();
    }
  }

  void onClosed(SimulatedStreamCall call, CallClosure how) {
    SimulatedPlainHandler handling = plain.remove(call);
    if (handling != null) {
      handling.end();
      return;
    }
    for (SimulatedServerSession simulatedServerSession : hostingsOf(call)) {
      simulatedServerSession.session.onClosed(world.now(), call.serverSide, how);
      simulatedServerSession.drive();
    }
  }

  void onWritable(SimulatedStreamCall call, boolean writable, boolean drive) {
    for (SimulatedServerSession simulatedServerSession : hostingsOf(call)) {
      simulatedServerSession.session.onWritable(call.serverSide, writable);
      if (drive) {
        simulatedServerSession.drive();
      }
    }
  }

  private List<SimulatedServerSession> hostingsOf(SimulatedStreamCall call) {
    List<SimulatedServerSession> found = new ArrayList<>(1);
    if (!call.isDoneHere(false)) {
      for (SimulatedServerSession simulatedServerSession : simulatedServerSessions.values()) {
        if (simulatedServerSession.ledger == call.client.ledger) {
          found.add(simulatedServerSession);
        }
      }
    }
    return found;
  }

  /** As {@link StreamSimulation#stepLater}, unless the process is killed before. */
  void stepLater(Runnable step) {
    String life = owner();
    world.stepLater(
        () -> {
          if (isUp() && life.equals(owner())) {
            step.run();
          }
        });
  }

  void retire(SimulatedServerSession simulatedServerSession) {
    SessionTable here = sessions;
    if (here != null) {
      ServerSession session = simulatedServerSession.session;
      here.retire(world.now(), session);
      simulatedServerSessions.remove(session);
      simulatedServerSession.ledger.require(
          here.session(session.id()) != session,
          Guarantee.STREAM_GOES_ON,
          address + " keeps a session that is " + session.state());
    }
  }
}
