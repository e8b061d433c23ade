package dev.holdfast.doctor;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The examination of a network path: which implementation answers, after which idle time
 * connections die and how, how idle streams end, and how PINGs are treated. Every connection is
 * probed with a harmless call of the health service. PINGs are sent on connections of their own,
 * and only the very last connection risks a GOAWAY for too many.
 *
 * <p>One examination opens about 30 connections at most, all to the first address of the target.
 * When nothing is found, it takes {@link DoctorOptions#maxWait} and half a minute.
 *
 * <p>Thread-safe. Closing it ends a running examination: its result then never completes.
 */
public final class PathDoctor implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PathDoctor.class);

  /** Beyond {@code maxWait} for the steps after the search. */
  private static final Duration AFTERWARDS = Duration.ofSeconds(60);

  private final ProbeConnections probeConnections;
  private final DoctorOptions options;
  private final DoctorProgress progress;
  private volatile @Nullable Examination running;

  /**
   * Nothing is opened yet; files are read.
   *
   * @throws IllegalArgumentException naming a file of {@link DoctorOptions#tlsFiles} that is not
   *     what it should be
   */
  public PathDoctor(DoctorOptions options, DoctorProgress progress) {
    this.probeConnections = new ProbeConnections(options.tlsFiles());
    this.options = options;
    this.progress = progress;
  }

  /**
   * Runs the examination; the host is resolved by the calling thread. A check that fails by itself
   * becomes a finding; the other measurements are kept.
   */
  public CompletionStage<PathReport> examine() {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(options.target().host());
    } catch (UnknownHostException e) {
      return CompletableFuture.completedFuture(
          new Examination(new InetSocketAddress(0)).unresolved());
    }
    Examination examination =
        new Examination(new InetSocketAddress(addresses[0], options.target().port()));
    running = examination;
    CompletableFuture<PathReport> result = new CompletableFuture<>();
    probeConnections
        .loop()
        .execute(
            () -> {
              if (addresses.length > 1) {
                progress.onStep(
                    "%d addresses; examining %s"
                        .formatted(addresses.length, addresses[0].getHostAddress()));
              }
              forward(examination.run(), result);
            });
    return result;
  }

  /** Ends the examination soon, with what is known so far as its result. */
  public void stop() {
    Examination examination = running;
    if (examination != null) {
      probeConnections.loop().execute(examination::stop);
    }
  }

  @Override
  public void close() {
    probeConnections.close();
  }

  private static <T> void forward(CompletableFuture<T> from, CompletableFuture<T> to) {
    var unused =
        from.whenComplete(
            (value, failure) -> {
              if (failure != null) {
                to.completeExceptionally(failure);
              } else {
                to.complete(value);
              }
            });
  }

  /** A single examination. Confined to the event loop. */
  private final class Examination {
    private final ExaminationContext examinationContext =
        new ExaminationContext(probeConnections, options, progress);
    private final InetSocketAddress address;
    private final List<String> crashes = new ArrayList<>();
    private Optional<PeerDetection.PeerDetectionResult> first = Optional.empty();
    private Optional<IdleTimeoutResult> idle = Optional.empty();
    private Optional<IdleStreamResult> held = Optional.empty();
    private PingResult pings = PingResult.UNKNOWN;
    private @Nullable IdleTimeoutSearchRunner search;
    private boolean stopped;

    Examination(InetSocketAddress address) {
      this.address = address;
    }

    CompletableFuture<PathReport> run() {
      return check("first contact", this::firstContact)
          .thenCompose(done -> check("idle time", this::search))
          .thenCompose(done -> check("do PINGs count", this::pingsCount))
          .thenCompose(done -> check("are PINGs punished", this::pingsPunished))
          .thenApply(done -> report());
    }

    void stop() {
      stopped = true;
      if (search != null) {
        search.stop();
      }
    }

    PathReport unresolved() {
      ProbeTarget nowhere = new ProbeTarget(address, false, options.authorityText());
      first =
          Optional.of(
              new PeerDetection.PeerDetectionResult(
                  nowhere,
                  Optional.of(ConnectionProblem.UNRESOLVED),
                  "",
                  Optional.empty(),
                  Optional.empty()));
      return report();
    }

    private CompletableFuture<Void> firstContact(ExaminationContext in) {
      return new PeerDetection(in, address)
          .run()
          .thenAccept(
              peerDetectionResult -> {
                first = Optional.of(peerDetectionResult);
                peerDetectionResult.peer().ifPresent(this::sayContact);
              });
    }

    private void sayContact(PeerInfo peerInfo) {
      examinationContext.report(
          "%s answers with %s, %s in %s"
              .formatted(
                  peerInfo.implementation().kind().title(),
                  peerInfo.tls() ? "HTTP/2 over " + peerInfo.tlsVersion() : "HTTP/2 in plaintext",
                  peerInfo.answer(),
                  ExaminationContext.time(peerInfo.roundTrip())));
    }

    private CompletableFuture<Void> search(ExaminationContext in) {
      Optional<ProbeResponse> probeResponse =
          first.flatMap(PeerDetection.PeerDetectionResult::answer);
      if (probeResponse.isEmpty() || stopped) {
        return nothing();
      }
      ProbeTarget target = first.orElseThrow().target();
      IdleStreamProbe streams = new IdleStreamProbe(in, target);
      streams.start();
      IdleTimeoutSearchRunner begun = new IdleTimeoutSearchRunner(in, target, probeResponse.get());
      search = begun;
      return begun
          .run()
          .thenAccept(result -> idle = Optional.of(result))
          .whenComplete((done, failure) -> held = Optional.of(streams.stop()));
    }

    private CompletableFuture<Void> pingsCount(ExaminationContext in) {
      Optional<IdleTimeoutResult> timeout = idle.filter(IdleTimeoutResult::hasTimeout);
      if (timeout.isEmpty() || stopped) {
        return nothing();
      }
      Duration budget = options.maxWait().plus(AFTERWARDS).minus(in.elapsed());
      return trials(in).counts(timeout.get(), budget).thenAccept(result -> pings = result);
    }

    private CompletableFuture<Void> pingsPunished(ExaminationContext in) {
      if (first.flatMap(PeerDetection.PeerDetectionResult::answer).isEmpty() || stopped) {
        return nothing();
      }
      return trials(in).punished(pings).thenAccept(result -> pings = result);
    }

    private PingTrials trials(ExaminationContext in) {
      PeerDetection.PeerDetectionResult contact = first.orElseThrow();
      return new PingTrials(in, contact.target(), contact.answer().orElseThrow());
    }

    /** Runs a check; whatever it throws becomes a finding. */
    private CompletableFuture<Void> check(
        String name, Function<ExaminationContext, CompletableFuture<Void>> check) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      probeConnections.onCrash(done::completeExceptionally);
      try {
        forward(check.apply(examinationContext), done);
      } catch (RuntimeException e) {
        done.completeExceptionally(e);
      }
      return done.exceptionally(
          failure -> {
            log.warn("event=doctor_check_failed check=\"{}\"", name, failure);
            crashes.add("the check \"" + name + "\" failed: " + failure);
            return null;
          });
    }

    private PathReport report() {
      Measurements seen =
          new Measurements(
              first.map(peerDetectionResult -> peerDetectionResult.target().tls()).orElse(false),
              first.flatMap(PeerDetection.PeerDetectionResult::problem),
              first.map(PeerDetection.PeerDetectionResult::problemDetail).orElse(""),
              first.flatMap(PeerDetection.PeerDetectionResult::peer),
              idle,
              held,
              pings,
              List.copyOf(examinationContext.evidence),
              crashes);
      return new PathReport(
          options.target().toString(),
          seen.peer(),
          idle,
          held,
          pings,
          Diagnosis.of(seen),
          Diagnosis.advice(seen),
          seen.connections(),
          examinationContext.elapsed());
    }

    private static CompletableFuture<Void> nothing() {
      return CompletableFuture.completedFuture(null);
    }
  }
}
