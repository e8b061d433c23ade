package dev.holdfast.doctor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The probe of idle streams: two streams, each on a connection of its own, without messages. A
 * proxy that terminates HTTP/2 ends them after its stream timeout, which no other probe shows.
 * Confined to the event loop.
 */
final class IdleStreamProbe {
  /** A method that stays open, and what of its requests is sent. */
  private record Method(String path, ProbeConnection.InitialMessages requests) {}

  private static final List<Method> KNOWN =
      List.of(
          new Method("grpc.health.v1.Health/Watch", ProbeConnection.InitialMessages.ONE_AND_END),
          new Method(
              "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
              ProbeConnection.InitialMessages.NONE),
          new Method(
              "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
              ProbeConnection.InitialMessages.NONE));

  private static final int STREAMS = 2;
  private static final Duration STAGGER = Duration.ofMillis(300);

  /** A stream that ends sooner was answered and not held. */
  private static final Duration LEAST = Duration.ofSeconds(1);

  private static final double SAME_AGE = 1.15;

  private final ExaminationContext examinationContext;
  private final ProbeTarget target;
  private final List<Method> methods;
  private final List<Holder> holders = new ArrayList<>();
  private boolean stopped;

  IdleStreamProbe(ExaminationContext examinationContext, ProbeTarget target) {
    this.examinationContext = examinationContext;
    this.target = target;
    methods =
        examinationContext
            .options
            .heldMethod()
            .map(path -> List.of(new Method(path, ProbeConnection.InitialMessages.ONE)))
            .orElse(KNOWN);
  }

  void start() {
    for (int i = 0; i < STREAMS; i++) {
      Holder holder = new Holder();
      holders.add(holder);
      examinationContext.after(STAGGER.multipliedBy(i), () -> holder.open(this));
    }
  }

  /** Whether both have ended, so that there is nothing to wait for. */
  boolean isOver() {
    return holders.stream().allMatch(holder -> holder.endedAfter != null || holder.nothingToHold);
  }

  /** Whether a stream is being held. */
  boolean isHolding() {
    return holders.stream().anyMatch(holder -> holder.isHolding());
  }

  /** Ends what is still open, and says what was seen. */
  IdleStreamResult stop() {
    stopped = true;
    Duration longest = Duration.ZERO;
    List<Holder> ended = new ArrayList<>();
    for (Holder holder : holders) {
      if (holder.endedAfter != null) {
        ended.add(holder);
      } else if (holder.isHolding()) {
        Duration quiet = holder.quietFor();
        longest = quiet.compareTo(longest) > 0 ? quiet : longest;
      }
      holder.close();
    }
    Optional<String> method =
        holders.stream()
            .filter(holder -> !holder.nothingToHold && holder.method < methods.size())
            .map(holder -> methods.get(holder.method).path())
            .findFirst();
    if (ended.isEmpty()) {
      return new IdleStreamResult(method, longest, false, "", true, true);
    }
    Duration first = ended.get(0).endedAfterOrZero();
    Duration last = ended.get(ended.size() - 1).endedAfterOrZero();
    Duration least = first.compareTo(last) < 0 ? first : last;
    Duration most = first.compareTo(last) < 0 ? last : first;
    boolean agreed =
        ended.size() == STREAMS
            && most.toMillis() <= SAME_AGE * least.toMillis() + LEAST.toMillis();
    return new IdleStreamResult(
        method,
        least,
        true,
        ended.get(0).how,
        ended.stream().allMatch(holder -> holder.connectionLived),
        agreed);
  }

  /** A connection that holds one stream open. */
  private final class Holder implements ProbeConnection.ProbeConnectionListener {
    private @Nullable ProbeConnection probeConnection;
    private @Nullable ProbeStream call;
    private @Nullable Duration endedAfter;
    private String how = "";
    private int method;
    private boolean nothingToHold;
    private boolean connectionLived;
    private boolean written;

    void open(IdleStreamProbe all) {
      if (!all.stopped) {
        probeConnection = examinationContext.connections.open(target, this).probeConnection();
      }
    }

    @Override
    public void onReady(ProbeConnection ready) {
      tryNext(ready);
    }

    @Override
    public void onEnd(ProbeConnection ended, DisconnectKind disconnectKind) {
      if (isHolding()) {
        endedBy(
            ended,
            ended.receivedGoAway().map(ReceivedGoAway::toString).orElse(disconnectKind.words()),
            false,
            Optional.of(disconnectKind));
      } else if (endedAfter == null) {
        nothingToHold = true;
      }
    }

    boolean isHolding() {
      return call != null && !call.isOver() && endedAfter == null;
    }

    Duration quietFor() {
      return call == null ? Duration.ZERO : call.idleFor();
    }

    Duration endedAfterOrZero() {
      return endedAfter == null ? Duration.ZERO : endedAfter;
    }

    void close() {
      ProbeConnection open = probeConnection;
      if (open != null) {
        write(open, Optional.empty());
        open.close();
      }
    }

    private void tryNext(ProbeConnection open) {
      if (stopped || method >= methods.size()) {
        nothingToHold = true;
        return;
      }
      Method next = methods.get(method);
      ProbeStream begun =
          new ProbeStream(headers -> {}, probeResponse -> onStreamEnd(open, probeResponse));
      call = begun;
      open.hold(next.path(), next.requests(), begun);
    }

    private void onStreamEnd(ProbeConnection open, ProbeResponse probeResponse) {
      if (stopped) {
        return;
      }
      if (probeResponse.took().compareTo(LEAST) < 0) {
        method++;
        tryNext(open);
        return;
      }
      connectionLived = !open.isEnded();
      endedBy(open, probeResponse.words(), connectionLived, Optional.empty());
    }

    private void endedBy(
        ProbeConnection open, String by, boolean lived, Optional<DisconnectKind> disconnectKind) {
      how = by;
      connectionLived = lived;
      Duration after = quietFor();
      endedAfter = after;
      write(open, disconnectKind);
      examinationContext.report(
          "a stream without traffic ended after " + ExaminationContext.time(after) + ": " + by);
    }

    private void write(ProbeConnection open, Optional<DisconnectKind> disconnectKind) {
      if (!written) {
        written = true;
        Duration idle = endedAfter == null ? quietFor() : endedAfter;
        examinationContext.evidence.add(
            ConnectionEvidence.of(
                ConnectionEvidence.ProbeConnectionRole.STREAM, idle, open, disconnectKind));
      }
    }
  }
}
