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

  /** Beyond {@code maxWait} for what follows the ladder. */
  private static final Duration AFTERWARDS = Duration.ofSeconds(60);

  private final Wires wires;
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
    this.wires = new Wires(options.tlsFiles());
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
    wires
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
      wires.loop().execute(examination::stop);
    }
  }

  @Override
  public void close() {
    wires.close();
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
    private final Ward ward = new Ward(wires, options, progress);
    private final InetSocketAddress address;
    private final List<String> crashes = new ArrayList<>();
    private Optional<FirstContact.Result> first = Optional.empty();
    private Optional<LadderResult> idle = Optional.empty();
    private Optional<HeldResult> held = Optional.empty();
    private PingResult pings = PingResult.UNKNOWN;
    private @Nullable LadderClimb climb;
    private boolean stopped;

    Examination(InetSocketAddress address) {
      this.address = address;
    }

    CompletableFuture<PathReport> run() {
      return check("first contact", this::firstContact)
          .thenCompose(done -> check("idle time", this::climb))
          .thenCompose(done -> check("do PINGs count", this::pingsCount))
          .thenCompose(done -> check("are PINGs punished", this::pingsPunished))
          .thenApply(done -> report());
    }

    void stop() {
      stopped = true;
      if (climb != null) {
        climb.stop();
      }
    }

    PathReport unresolved() {
      WireTarget nowhere = new WireTarget(address, false, options.authorityText());
      first =
          Optional.of(
              new FirstContact.Result(
                  nowhere,
                  Optional.of(WireProblem.UNRESOLVED),
                  "",
                  Optional.empty(),
                  Optional.empty()));
      return report();
    }

    private CompletableFuture<Void> firstContact(Ward in) {
      return new FirstContact(in, address)
          .run()
          .thenAccept(
              result -> {
                first = Optional.of(result);
                result.contact().ifPresent(this::sayContact);
              });
    }

    private void sayContact(Contact contact) {
      ward.say(
          "%s answers with %s, %s in %s"
              .formatted(
                  contact.hop().kind().title(),
                  contact.tls() ? "HTTP/2 over " + contact.tlsVersion() : "HTTP/2 in plaintext",
                  contact.answer(),
                  Ward.time(contact.roundTrip())));
    }

    private CompletableFuture<Void> climb(Ward in) {
      Optional<Answer> answer = first.flatMap(FirstContact.Result::answer);
      if (answer.isEmpty() || stopped) {
        return nothing();
      }
      WireTarget target = first.orElseThrow().target();
      HeldStreams streams = new HeldStreams(in, target);
      streams.start();
      LadderClimb begun = new LadderClimb(in, target, answer.get());
      climb = begun;
      return begun
          .run()
          .thenAccept(result -> idle = Optional.of(result))
          .whenComplete((done, failure) -> held = Optional.of(streams.stop()));
    }

    private CompletableFuture<Void> pingsCount(Ward in) {
      Optional<LadderResult> timeout = idle.filter(LadderResult::hasTimeout);
      if (timeout.isEmpty() || stopped) {
        return nothing();
      }
      Duration budget = options.maxWait().plus(AFTERWARDS).minus(in.elapsed());
      return trials(in).counts(timeout.get(), budget).thenAccept(result -> pings = result);
    }

    private CompletableFuture<Void> pingsPunished(Ward in) {
      if (first.flatMap(FirstContact.Result::answer).isEmpty() || stopped) {
        return nothing();
      }
      return trials(in).punished(pings).thenAccept(result -> pings = result);
    }

    private PingTrials trials(Ward in) {
      FirstContact.Result contact = first.orElseThrow();
      return new PingTrials(in, contact.target(), contact.answer().orElseThrow());
    }

    /** Runs a check; whatever it throws becomes a finding. */
    private CompletableFuture<Void> check(
        String name, Function<Ward, CompletableFuture<Void>> check) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      wires.onCrash(done::completeExceptionally);
      try {
        forward(check.apply(ward), done);
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
              first.map(result -> result.target().tls()).orElse(false),
              first.flatMap(FirstContact.Result::problem),
              first.map(FirstContact.Result::problemDetail).orElse(""),
              first.flatMap(FirstContact.Result::contact),
              idle,
              held,
              pings,
              List.copyOf(ward.evidence),
              crashes);
      return new PathReport(
          options.target().toString(),
          seen.contact(),
          idle,
          held,
          pings,
          Diagnosis.of(seen),
          Diagnosis.advice(seen),
          seen.connections(),
          ward.elapsed());
    }

    private static CompletableFuture<Void> nothing() {
      return CompletableFuture.completedFuture(null);
    }
  }
}
