package dev.holdfast.doctor;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The first connection of an examination. Detects whether the peer speaks HTTP/2, with TLS or
 * without, which implementation answers, and the round-trip time. Confined to the event loop.
 */
final class FirstContact {
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
   * @param contact the findings; empty after a problem or when the call was not answered
   * @param answer the response to the call
   */
  record Result(
      WireTarget target,
      Optional<WireProblem> problem,
      String problemDetail,
      Optional<Contact> contact,
      Optional<Answer> answer) {
    Result withHttp1(String line) {
      return new Result(target, Optional.of(WireProblem.NOT_HTTP2), line, contact, answer);
    }
  }

  private final Ward ward;
  private final InetSocketAddress address;
  private Duration settingsWithin = SETTINGS_WITHIN;
  private boolean silent;

  FirstContact(Ward ward, InetSocketAddress address) {
    this.ward = ward;
    this.address = address;
  }

  CompletableFuture<Result> run() {
    CompletableFuture<Result> quick =
        switch (ward.options.security()) {
          case PLAINTEXT -> contact(false);
          case TLS -> contact(true);
          case AUTO -> contact(false).thenCompose(this::orWithTls);
        };
    return quick.thenCompose(this::orHttp1).thenCompose(this::orSlowly).thenCompose(this::orSooner);
  }

  /** Looks once more at a server that was late: the first time may have been a chance. */
  private CompletableFuture<Result> orSooner(Result first) {
    if (!isLate(first)) {
      return CompletableFuture.completedFuture(first);
    }
    settingsWithin = SETTINGS_WITHIN_AT_LAST;
    ward.say("SETTINGS came late; looking again on another connection");
    return contact(first.target().tls())
        .thenApply(again -> again.contact().isPresent() && !isLate(again) ? again : first);
  }

  private static boolean isLate(Result result) {
    return result
        .contact()
        .filter(contact -> contact.settingsTime().compareTo(LATE_SETTINGS) >= 0)
        .isPresent();
  }

  /** Asks a server that said nothing once more, and waits for longer. */
  private CompletableFuture<Result> orSlowly(Result quick) {
    boolean maySlowly =
        silent
            && quick
                .problem()
                .filter(p -> p == WireProblem.NO_SETTINGS || p == WireProblem.TLS_FAILED)
                .isPresent();
    if (!maySlowly) {
      return CompletableFuture.completedFuture(quick);
    }
    settingsWithin = SETTINGS_WITHIN_AT_LAST;
    ward.say(
        "no SETTINGS within %s; waiting for up to %s on another connection"
            .formatted(Ward.time(SETTINGS_WITHIN), Ward.time(settingsWithin)));
    return switch (ward.options.security()) {
      case PLAINTEXT -> contact(false);
      case TLS -> contact(true);
      case AUTO -> firstToSucceed(contact(false), contact(true));
    };
  }

  private static CompletableFuture<Result> firstToSucceed(
      CompletableFuture<Result> plain, CompletableFuture<Result> tls) {
    CompletableFuture<Result> best = new CompletableFuture<>();
    var unusedPlain = plain.thenAccept(result -> completeIfWell(best, result));
    var unusedTls = tls.thenAccept(result -> completeIfWell(best, result));
    var unusedBoth = plain.thenCombine(tls, FirstContact::better).thenAccept(best::complete);
    return best;
  }

  private static void completeIfWell(CompletableFuture<Result> best, Result result) {
    if (result.problem().isEmpty()) {
      best.complete(result);
    }
  }

  /** Tests whether a server that ignores the HTTP/2 preface speaks HTTP/1. */
  private CompletableFuture<Result> orHttp1(Result plain) {
    boolean ask =
        !plain.target().tls()
            && plain.problem().filter(FirstContact::worthTls).isPresent()
            && !plain.problemDetail().startsWith(HTTP1);
    if (!ask) {
      return CompletableFuture.completedFuture(plain);
    }
    return ward.wires
        .askHttp1(plain.target())
        .thenApply(line -> line.startsWith(HTTP1) ? plain.withHttp1(line) : plain);
  }

  private CompletableFuture<Result> orWithTls(Result plain) {
    if (plain.problem().filter(FirstContact::worthTls).isEmpty()) {
      return CompletableFuture.completedFuture(plain);
    }
    ward.say("no HTTP/2 without TLS; trying with TLS");
    return contact(true).thenApply(tls -> better(plain, tls));
  }

  private static boolean worthTls(WireProblem problem) {
    return switch (problem) {
      case NOT_HTTP2, ENDED, NO_SETTINGS -> true;
      default -> false;
    };
  }

  /** Of two failures the one that says more: that of TLS when TLS itself came about. */
  private static Result better(Result plain, Result tls) {
    boolean shookHands = !tls.problemDetail().isEmpty();
    return tls.problem().isEmpty() || shookHands ? tls : plain;
  }

  private CompletableFuture<Result> contact(boolean tls) {
    WireTarget target = new WireTarget(address, tls, ward.options.authorityText());
    Visit visit = new Visit(target);
    visit.attempt = ward.wires.open(target, visit);
    ward.after(settingsWithin, visit::noSettingsIfConnected);
    ward.after(Wires.CONNECT_WITHIN.plus(settingsWithin), visit::noSettings);
    return visit.done;
  }

  /** A single connection attempt with its call. */
  private final class Visit implements Wire.Listener {
    private final WireTarget target;
    private final CompletableFuture<Result> done = new CompletableFuture<>();
    private WireAttempt attempt;

    @SuppressWarnings("NullAway.Init") // the attempt needs its listener first
    Visit(WireTarget target) {
      this.target = target;
    }

    @Override
    public void onReady(Wire wire) {
      attempt.settings();
      // The second call is the one that counts: the first may have woken the server up.
      wire.call(Ward.HARMLESS_METHOD, first -> wire.call(Ward.HARMLESS_METHOD, this::answered));
      ward.after(ANSWER_WITHIN, this::unanswered);
    }

    @Override
    public void onEnd(Wire wire, Ending ending) {
      if (wire.settings().isEmpty()) {
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
      if (!done.isDone() && attempt.wire().settings().isEmpty()) {
        silent = true;
        boolean noTls = target.tls() && attempt.alpn().isEmpty();
        attempt.fail(noTls ? WireProblem.TLS_FAILED : WireProblem.NO_SETTINGS);
        failed();
      }
    }

    private void failed() {
      attempt.wire().close();
      done.complete(
          new Result(
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
            new Result(target, Optional.empty(), "no answer", Optional.empty(), Optional.empty()));
      }
    }

    private void answered(Answer answer) {
      if (done.isDone()) {
        return;
      }
      Wire wire = attempt.wire();
      Hop hop = Hop.of(wire.settings(), answer.server(), answer.via(), answer.marks());
      Contact contact =
          new Contact(
              address.getAddress().getHostAddress() + " port " + address.getPort(),
              target.tls(),
              attempt.tlsVersion(),
              attempt.alpn(),
              wire.settings(),
              answer.words(),
              answer.server(),
              answer.via(),
              attempt.connectTime(),
              attempt.settingsTime(),
              answer.took(),
              hop);
      close();
      done.complete(
          new Result(target, Optional.empty(), "", Optional.of(contact), Optional.of(answer)));
    }

    private void close() {
      ward.evidence.add(
          ConnectionEvidence.of(
              ConnectionEvidence.Role.FIRST_CONTACT,
              Duration.ZERO,
              attempt.wire(),
              Optional.empty()));
      attempt.wire().close();
    }
  }
}
