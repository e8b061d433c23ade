package dev.holdfast.doctor;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The first connection of an examination. Detects whether the peer speaks HTTP/2, with TLS or
 * without, which implementation answers, and the round-trip time. Confined to the event loop.
 */
final class PeerDetection {
  private static final String HTTP1 = "HTTP/1.";
  private static final Duration SETTINGS_WITHIN = Duration.ofSeconds(5);

  /**
   * The timeout for SETTINGS on a second connection, so that a busy server is not taken for a dead
   * one.
   */
  static final Duration SETTINGS_WITHIN_AT_LAST = Duration.ofSeconds(20);

  /**
   * The time after which SETTINGS count as late: far more than a handshake and a few round trips
   * take.
   */
  static final Duration LATE_SETTINGS = Duration.ofSeconds(3);

  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(10);

  /**
   * The result of the first contact.
   *
   * @param target how further connections are opened
   * @param problem the reason for which no further connections are opened
   * @param problemDetail the details of the problem, "" for none
   * @param peer the findings; empty after a problem or when the call was not answered
   * @param answer the response to the call
   */
  record PeerDetectionResult(
      ProbeTarget target,
      Optional<ConnectionProblem> problem,
      String problemDetail,
      Optional<PeerInfo> peer,
      Optional<ProbeResponse> answer) {
    PeerDetectionResult withHttp1(String line) {
      return new PeerDetectionResult(
          target, Optional.of(ConnectionProblem.NOT_HTTP2), line, peer, answer);
    }
  }

  private final ExaminationContext examinationContext;
  private final InetSocketAddress address;
  private Duration settingsWithin = SETTINGS_WITHIN;
  private boolean silent;

  PeerDetection(ExaminationContext examinationContext, InetSocketAddress address) {
    this.examinationContext = examinationContext;
    this.address = address;
  }

  CompletableFuture<PeerDetectionResult> run() {
    CompletableFuture<PeerDetectionResult> quick =
        switch (examinationContext.options.security()) {
          case PLAINTEXT -> contact(false);
          case TLS -> contact(true);
          case AUTO -> contact(false).thenCompose(this::orWithTls);
        };
    return quick.thenCompose(this::orHttp1).thenCompose(this::orSlowly).thenCompose(this::orSooner);
  }

  /** Looks once more at a server that was late: the first time may have been a chance. */
  private CompletableFuture<PeerDetectionResult> orSooner(PeerDetectionResult first) {
    if (!isLate(first)) {
      return CompletableFuture.completedFuture(first);
    }
    settingsWithin = SETTINGS_WITHIN_AT_LAST;
    examinationContext.report("SETTINGS came late; looking again on another connection");
    return contact(first.target().tls())
        .thenApply(again -> again.peer().isPresent() && !isLate(again) ? again : first);
  }

  private static boolean isLate(PeerDetectionResult peerDetectionResult) {
    return peerDetectionResult
        .peer()
        .filter(peerInfo -> peerInfo.settingsTime().compareTo(LATE_SETTINGS) >= 0)
        .isPresent();
  }

  /** Asks a server that said nothing once more, and waits for longer. */
  private CompletableFuture<PeerDetectionResult> orSlowly(PeerDetectionResult quick) {
    boolean maySlowly =
        silent
            && quick
                .problem()
                .filter(
                    p -> p == ConnectionProblem.NO_SETTINGS || p == ConnectionProblem.TLS_FAILED)
                .isPresent();
    if (!maySlowly) {
      return CompletableFuture.completedFuture(quick);
    }
    settingsWithin = SETTINGS_WITHIN_AT_LAST;
    examinationContext.report(
        "no SETTINGS within %s; waiting for up to %s on another connection"
            .formatted(
                ExaminationContext.time(SETTINGS_WITHIN), ExaminationContext.time(settingsWithin)));
    return switch (examinationContext.options.security()) {
      case PLAINTEXT -> contact(false);
      case TLS -> contact(true);
      case AUTO -> firstToSucceed(contact(false), contact(true));
    };
  }

  private static CompletableFuture<PeerDetectionResult> firstToSucceed(
      CompletableFuture<PeerDetectionResult> plain, CompletableFuture<PeerDetectionResult> tls) {
    CompletableFuture<PeerDetectionResult> best = new CompletableFuture<>();
    var unusedPlain =
        plain.thenAccept(peerDetectionResult -> completeIfWell(best, peerDetectionResult));
    var unusedTls =
        tls.thenAccept(peerDetectionResult -> completeIfWell(best, peerDetectionResult));
    var unusedBoth = plain.thenCombine(tls, PeerDetection::better).thenAccept(best::complete);
    return best;
  }

  private static void completeIfWell(
      CompletableFuture<PeerDetectionResult> best, PeerDetectionResult peerDetectionResult) {
    if (peerDetectionResult.problem().isEmpty()) {
      best.complete(peerDetectionResult);
    }
  }

  /** Tests whether a server that ignores the HTTP/2 preface speaks HTTP/1. */
  private CompletableFuture<PeerDetectionResult> orHttp1(PeerDetectionResult plain) {
    boolean ask =
        !plain.target().tls()
            && plain.problem().filter(PeerDetection::worthTls).isPresent()
            && !plain.problemDetail().startsWith(HTTP1);
    if (!ask) {
      return CompletableFuture.completedFuture(plain);
    }
    return examinationContext
        .connections
        .askHttp1(plain.target())
        .thenApply(line -> line.startsWith(HTTP1) ? plain.withHttp1(line) : plain);
  }

  private CompletableFuture<PeerDetectionResult> orWithTls(PeerDetectionResult plain) {
    if (plain.problem().filter(PeerDetection::worthTls).isEmpty()) {
      return CompletableFuture.completedFuture(plain);
    }
    examinationContext.report("no HTTP/2 without TLS; trying with TLS");
    return contact(true).thenApply(tls -> better(plain, tls));
  }

  private static boolean worthTls(ConnectionProblem problem) {
    return switch (problem) {
      case NOT_HTTP2, ENDED, NO_SETTINGS -> true;
      default -> false;
    };
  }

  /** Of two failures the one that says more: that of TLS when TLS itself came about. */
  private static PeerDetectionResult better(PeerDetectionResult plain, PeerDetectionResult tls) {
    boolean shookHands = !tls.problemDetail().isEmpty();
    return tls.problem().isEmpty() || shookHands ? tls : plain;
  }

  private CompletableFuture<PeerDetectionResult> contact(boolean tls) {
    ProbeTarget target = new ProbeTarget(address, tls, examinationContext.options.authorityText());
    Visit visit = new Visit(target);
    visit.attempt = examinationContext.connections.open(target, visit);
    examinationContext.after(settingsWithin, visit::noSettingsIfConnected);
    examinationContext.after(
        ProbeConnections.CONNECT_WITHIN.plus(settingsWithin), visit::noSettings);
    return visit.done;
  }

  /** A single connection attempt with its call. */
  private final class Visit implements ProbeConnection.ProbeConnectionListener {
    private final ProbeTarget target;
    private final CompletableFuture<PeerDetectionResult> done = new CompletableFuture<>();
    private ConnectionAttempt attempt;

    @SuppressWarnings("NullAway.Init") // the attempt needs its listener first
    Visit(ProbeTarget target) {
      this.target = target;
    }

    @Override
    public void onReady(ProbeConnection probeConnection) {
      attempt.settings();
      // The second call is the one that counts: the first may have woken the server up.
      probeConnection.call(
          ExaminationContext.PROBE_METHOD,
          first -> probeConnection.call(ExaminationContext.PROBE_METHOD, this::answered));
      examinationContext.after(ANSWER_WITHIN, this::unanswered);
    }

    @Override
    public void onEnd(ProbeConnection probeConnection, DisconnectKind disconnectKind) {
      if (probeConnection.settings().isEmpty()) {
        failed();
      } else {
        unanswered();
      }
    }

    void noSettingsIfConnected() {
      if (!attempt.connectTime().isZero()) {
        noSettings();
      }
    }

    void noSettings() {
      if (!done.isDone() && attempt.probeConnection().settings().isEmpty()) {
        silent = true;
        boolean noTls = target.tls() && attempt.alpn().isEmpty();
        attempt.fail(noTls ? ConnectionProblem.TLS_FAILED : ConnectionProblem.NO_SETTINGS);
        failed();
      }
    }

    private void failed() {
      attempt.probeConnection().close();
      done.complete(
          new PeerDetectionResult(
              target,
              Optional.of(attempt.problem()),
              attempt.problemDetail(),
              Optional.empty(),
              Optional.empty()));
    }

    private void unanswered() {
      if (!done.isDone()) {
        close();
        done.complete(
            new PeerDetectionResult(
                target, Optional.empty(), "no answer", Optional.empty(), Optional.empty()));
      }
    }

    private void answered(ProbeResponse probeResponse) {
      if (done.isDone()) {
        return;
      }
      ProbeConnection probeConnection = attempt.probeConnection();
      PeerImplementation peerImplementation =
          PeerImplementation.of(
              probeConnection.settings(),
              probeResponse.server(),
              probeResponse.via(),
              probeResponse.marks());
      PeerInfo peerInfo =
          new PeerInfo(
              address.getAddress().getHostAddress() + " port " + address.getPort(),
              target.tls(),
              attempt.tlsVersion(),
              attempt.alpn(),
              probeConnection.settings(),
              probeResponse.words(),
              probeResponse.server(),
              probeResponse.via(),
              attempt.connectTime(),
              attempt.settingsTime(),
              probeResponse.took(),
              peerImplementation);
      close();
      done.complete(
          new PeerDetectionResult(
              target, Optional.empty(), "", Optional.of(peerInfo), Optional.of(probeResponse)));
    }

    private void close() {
      examinationContext.evidence.add(
          ConnectionEvidence.of(
              ConnectionEvidence.ProbeConnectionRole.FIRST_CONTACT,
              Duration.ZERO,
              attempt.probeConnection(),
              Optional.empty()));
      attempt.probeConnection().close();
    }
  }
}
