package dev.holdfast.gateway.resume;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * Bad hours of one resumable stream, from a seed: readers that are cut, that come back from an
 * older place, that replace each other and are told late of their own end. Each message says its
 * position, and each step is checked against what the reader has.
 */
final class ResumeSimulation {
  static final long BUFFER_BYTES = 4_096;
  static final long TTL_NANOS = 1_000_000;

  /** Events that a run must have met, or it proves little. */
  enum Marker {
    RESUMED,
    REPLAYED,
    REPLACED,
    STALE_DETACH,
    TOO_LATE,
    BEYOND,
    COMPLETE,
    END_REPLAYED,
    UPSTREAM_WAITS,
    ACKNOWLEDGED,
    EXPIRED,
    EVICTED,
    DRAINED,
    UNREAD
  }

  private static final int STEPS = 600;
  private static final int MOST_MESSAGE_BYTES = 900;

  final Set<Marker> met = EnumSet.noneOf(Marker.class);
  private final Random random;
  private final ResumeStateMachine machine;

  /** Whether the reader acknowledges what it has. */
  private final boolean acknowledges;

  private final Deque<Long> staleReaders = new ArrayDeque<>();
  private long now;
  private long said;
  private boolean requested;
  private boolean ended;
  private boolean attached = true;
  private boolean knowsId;
  private boolean endHanded;
  private long reader = 1;

  /** The messages that the reader has, without a gap. */
  private long got;

  /** The messages that were handed to readers, whether they arrived or not. */
  private long handed;

  /** The highest position that was acknowledged. */
  private long acknowledged;

  /** The first kept position at the first acknowledgement; none before it. */
  private long firstWhenAcknowledged = Long.MAX_VALUE;

  /** Whether what is handed over still arrives. */
  private boolean connected = true;

  private long awaySinceNanos;

  ResumeSimulation(long seed, BiFunction<Long, Long, ResumeStateMachine> machines) {
    this.random = new Random(seed);
    this.machine = machines.apply(BUFFER_BYTES, TTL_NANOS);
    this.acknowledges = random.nextBoolean();
    this.now = random.nextLong();
  }

  /** Fails with what is wrong, and when. */
  void run() {
    if (acknowledges && random.nextBoolean()) {
      acknowledge();
    }
    for (int step = 0; step < STEPS && machine.state() != ResumeState.CLOSED; step++) {
      now += random.nextInt((int) TTL_NANOS / 20);
      act(random.nextInt(40));
      settle();
      check(step);
    }
  }

  private void act(int what) {
    if (what < 12) {
      machine.onDemand(reader, 1 + random.nextInt(3));
    } else if (what < 20) {
      answer();
    } else if (what < 23) {
      connected = false;
    } else if (what < 26) {
      detach();
    } else if (what < 30) {
      attach(got);
    } else if (what == 30) {
      attach(random.nextInt((int) said + 3));
    } else if (what == 31 && !staleReaders.isEmpty()) {
      met.add(Marker.STALE_DETACH);
      machine.onDetach(staleReaders.poll(), now);
      machine.onDemand(reader - 1, 50);
    } else if (what < 36) {
      acknowledge();
    } else if (what == 36 && random.nextInt(5) == 0) {
      end();
    } else if (what == 37 && random.nextInt(3) == 0) {
      now += TTL_NANOS * 9 / 10;
    } else if (what == 38 && random.nextInt(20) == 0) {
      evict();
    } else if (what == 39 && random.nextInt(40) == 0) {
      drain();
    }
  }

  private void answer() {
    if (requested) {
      requested = false;
      ByteBuffer message = ByteBuffer.allocate(Long.BYTES + random.nextInt(MOST_MESSAGE_BYTES));
      machine.onMessage(message.putLong(++said).array());
    }
  }

  private void end() {
    if (!ended) {
      ended = true;
      requested = false;
      machine.onUpstreamEnd();
    }
  }

  private void acknowledge() {
    if (acknowledges && attached) {
      met.add(Marker.ACKNOWLEDGED);
      require(machine.onAcknowledged(reader, got), "refuses " + got);
      acknowledged = Math.max(acknowledged, got);
      firstWhenAcknowledged = Math.min(firstWhenAcknowledged, machine.firstKept());
      require(!machine.onAcknowledged(reader, machine.sent() + 1), "takes what was not sent");
    }
  }

  private void detach() {
    if (attached) {
      attached = false;
      awaySinceNanos = now;
      machine.onDetach(reader, now);
      boolean unread = !knowsId;
      require((machine.state() == ResumeState.CLOSED) == unread, "left: " + machine.state());
      if (unread) {
        met.add(Marker.UNREAD);
      }
    }
  }

  private void attach(long after) {
    if (!knowsId || machine.state() == ResumeState.CLOSED) {
      return;
    }
    long before = machine.reader();
    AttachResult result = machine.onAttach(after);
    switch (result) {
      case ATTACHED -> {
        if (attached) {
          met.add(Marker.REPLACED);
          staleReaders.add(before);
        }
        met.add(Marker.RESUMED);
        if (machine.last() > after) {
          met.add(Marker.REPLAYED);
        }
        require(machine.reader() > before, "the same number");
        require(after <= handed, "behind what was sent");
        attached = true;
        connected = true;
        reader = machine.reader();
        got = after;
        if (firstWhenAcknowledged < Long.MAX_VALUE) {
          acknowledged = Math.max(acknowledged, after);
        }
      }
      case COMPLETE -> {
        met.add(Marker.COMPLETE);
        acknowledged = Math.max(acknowledged, said);
        require(endHanded && after == said + 1, "complete after " + after + " of " + said);
      }
      case BEYOND -> {
        met.add(Marker.BEYOND);
        require(after > handed + (endHanded ? 1 : 0), "beyond at " + after + " of " + handed);
      }
      case TOO_LATE -> {
        met.add(Marker.TOO_LATE);
        require(machine.firstKept() > after + 1, "too late after " + after);
        require(
            machine.firstKept() <= Math.max(firstWhenAcknowledged, acknowledged + 1),
            "dropped what was not acknowledged");
        require(machine.firstKept() <= handed + 1, "dropped what nobody was handed");
      }
    }
  }

  private void evict() {
    boolean goes = machine.state().awaitsReader();
    machine.onEvicted();
    require((machine.state() == ResumeState.CLOSED) == goes, "evicted: " + machine.state());
    if (goes) {
      met.add(Marker.EVICTED);
    }
  }

  private void drain() {
    boolean goes = machine.state().awaitsReader();
    machine.onDrain();
    require((machine.state() == ResumeState.CLOSED) == goes, "drained: " + machine.state());
    met.add(Marker.DRAINED);
    if (!goes) {
      attached = false;
      machine.onDetach(reader, now);
      require(machine.state() == ResumeState.CLOSED, "a drained stream is kept");
    }
  }

  private void settle() {
    machine.onTimeout(now);
    for (byte[] next = machine.pollMessage(); next != null; next = machine.pollMessage()) {
      long position = ByteBuffer.wrap(next).getLong();
      require(attached, "a message for nobody");
      require(position == machine.sent(), position + " at " + machine.sent());
      handed = Math.max(handed, position);
      if (connected) {
        require(position == got + 1, position + " behind " + got);
        got = position;
      }
      knowsId = true;
    }
    if (machine.pollEnd(now)) {
      require(ended && attached, "an end that was not");
      require(!connected || got == said, "the end behind " + got + " of " + said);
      if (machine.reader() > 1) {
        met.add(Marker.END_REPLAYED);
      }
      require(machine.state() == ResumeState.DELIVERED, "the end is not kept");
      endHanded = true;
      knowsId = true;
      attached = false;
      awaySinceNanos = now;
      if (connected) {
        attach(said + 1);
      }
    }
    while (machine.takeUpstreamRequest(true)) {
      require(!requested, "requests two at once");
      requested = true;
    }
  }

  private void check(int step) {
    if (machine.state() == ResumeState.CLOSED) {
      if (!attached && knowsId && now - awaySinceNanos >= TTL_NANOS) {
        met.add(Marker.EXPIRED);
      }
      require(machine.bytes() == 0, "keeps bytes when closed");
      require(machine.deadlineNanos() == Long.MAX_VALUE, "a deadline when closed");
      return;
    }
    String when = " at step " + step;
    require(attached == (machine.state() == ResumeState.READING), machine.state() + when);
    long most = BUFFER_BYTES + MOST_MESSAGE_BYTES + Long.BYTES + ReplayLog.MESSAGE_OVERHEAD;
    require(machine.bytes() <= most, machine.bytes() + " bytes" + when);
    if (attached) {
      require(machine.deadlineNanos() == Long.MAX_VALUE, "a deadline with a reader" + when);
    } else {
      require(now - awaySinceNanos < TTL_NANOS, "kept beyond its time" + when);
      require(machine.deadlineNanos() == awaySinceNanos + TTL_NANOS, "another deadline" + when);
    }
    if (!attached && !ended && !requested && machine.state() == ResumeState.AWAY) {
      met.add(Marker.UPSTREAM_WAITS);
      require(machine.bytes() >= BUFFER_BYTES, "waits with room" + when);
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
