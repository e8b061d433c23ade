package dev.holdfast.streams.rehearsal;

import dev.holdfast.streams.BufferBudget;
import dev.holdfast.streams.Payload;
import dev.holdfast.streams.PhysicalEnd;
import dev.holdfast.streams.ServerSession;
import dev.holdfast.streams.ServerSessions;
import dev.holdfast.streams.ServerSessions.Admission;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.wire.FrameHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A server instance: its sessions while it lives, nothing of them afterwards. */
final class RehearsedInstance {
  private static final Caller CALLER = new Caller("device", "test.Devices/Talk");
  private static final int SESSIONS = 100;

  final Rehearsal world;
  final String address;
  private final Map<ServerSession, Hosting> hostings = new LinkedHashMap<>();
  private @Nullable ServerSessions sessions;
  private BufferBudget budget;
  private final Map<RehearsedCall, PlainHandling> plain = new LinkedHashMap<>();
  private long startedNanos;
  private boolean withSessions = true;
  private int lives;
  private boolean draining;

  RehearsedInstance(Rehearsal world, String address) {
    this.world = world;
    this.address = address;
    this.budget = new BufferBudget(world.traffic.budgetBytes());
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
      ServerSessions.Host host = new ServerSessions.Host(owner(), address, SESSIONS);
      sessions =
          new ServerSessions(
              world.fleet.sole() ? host.soleSince(world.now()) : host,
              world.mint,
              world.serverOptions(),
              world.rules,
              world.random.split());
      budget = new BufferBudget(world.traffic.budgetBytes());
      sessions.limitBy(budget);
    }
  }

  /** Kills the process: its memory and all its calls are gone. */
  void crash() {
    if (sessions == null) {
      return;
    }
    world.note(address + " crashes");
    for (Hosting hosting : hostings()) {
      hosting.die();
    }
    hostings.clear();
    plain.values().forEach(PlainHandling::end);
    plain.clear();
    sessions = null;
    world.callsOf(this).filter(call -> !call.isOnTheWay()).forEach(call -> call.cut(true, false));
  }

  void drain(boolean leaving) {
    ServerSessions here = sessions;
    if (here != null) {
      world.note(address + " drains, leaving=" + leaving);
      draining |= leaving;
      if (leaving) {
        here.drain();
      }
      for (Hosting hosting : List.copyOf(hostings())) {
        hosting.session.drain(world.now(), leaving, Duration.ofSeconds(3));
        hosting.drive();
      }
    }
  }

  Collection<Hosting> hostings() {
    return hostings.values();
  }

  void onCall(RehearsedCall call) {
    ServerSessions here = sessions;
    if (here == null || !(call.isProxied() || call.owner.equals(owner()))) {
      call.cut(true, false);
      return;
    }
    PhysicalEnd shed = world.shedding(call.hello);
    if (shed != null) {
      world.mark(Marker.REFUSED_AT_REATTACH);
      call.serverEnds(shed);
      return;
    }
    if (call.plain || !withSessions) {
      call.serverReadsPlain();
      plain.put(call, new PlainHandling(world, call));
      return;
    }
    Admission admission = here.onHello(world.now(), call.serverSide, call.hello, CALLER);
    if (admission instanceof Admission.Refused refused) {
      call.serverRefuses(refused.refusal());
    } else if (admission instanceof Admission.Admitted admitted) {
      ServerSession session = admitted.session();
      if (!hostings.containsKey(session) && call.hello.ageMillis() > 0 && world.fleet.sole()) {
        world.mark(Marker.BEGUN_BY_THE_ONLY_INSTANCE);
      }
      hostings.computeIfAbsent(session, s -> new Hosting(this, s, call.client.ledger)).drive();
    }
  }

  void onFrame(RehearsedCall call, @Nullable FrameHeader header, Payload body) {
    PlainHandling handling = plain.get(call);
    if (handling != null) {
      handling.onMessage(body);
      return;
    }
    for (Hosting hosting : hostingsOf(call)) {
      hosting.session.onFrame(world.now(), call.serverSide, header, body);
      hosting.drive();
    }
  }

  void onHalfClosed(RehearsedCall call) {
    PlainHandling handling = plain.get(call);
    if (handling != null) {
      handling.onHalfClosed();
      return;
    }
    for (Hosting hosting : hostingsOf(call)) {
      hosting.session.onHalfClosed(world.now(), call.serverSide);
      hosting.drive();
    }
  }

  void onClosed(RehearsedCall call, PhysicalEnd how) {
    PlainHandling handling = plain.remove(call);
    if (handling != null) {
      handling.end();
      return;
    }
    for (Hosting hosting : hostingsOf(call)) {
      hosting.session.onClosed(world.now(), call.serverSide, how);
      hosting.drive();
    }
  }

  void onWritable(RehearsedCall call, boolean writable, boolean drive) {
    for (Hosting hosting : hostingsOf(call)) {
      hosting.session.onWritable(call.serverSide, writable);
      if (drive) {
        hosting.drive();
      }
    }
  }

  private List<Hosting> hostingsOf(RehearsedCall call) {
    List<Hosting> found = new ArrayList<>(1);
    if (!call.isDoneHere(false)) {
      for (Hosting hosting : hostings.values()) {
        if (hosting.ledger == call.client.ledger) {
          found.add(hosting);
        }
      }
    }
    return found;
  }

  void retire(Hosting hosting) {
    if (sessions != null) {
      sessions.retire(world.now(), hosting.session);
      hostings.remove(hosting.session);
    }
  }
}
