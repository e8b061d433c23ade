package dev.holdfast.doctor;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The interpretation of measurements as findings. Pure, so that every case is tested without a
 * network.
 */
final class Diagnosis {
  private static final String MAX_AGE = "max_age";

  private static final String HEARTBEAT =
      "send a message on the stream at least every %s (a heartbeat of the application; PINGs do"
          + " not help)%s";

  private final Measurements seen;
  private final List<Finding> findings = new ArrayList<>();

  private Diagnosis(Measurements seen) {
    this.seen = seen;
  }

  /** The findings of the measurements, problems first. */
  static List<Finding> of(Measurements seen) {
    Diagnosis diagnosis = new Diagnosis(seen);
    diagnosis.contact();
    seen.idle().ifPresent(diagnosis::idle);
    seen.held().ifPresent(diagnosis::held);
    diagnosis.pings();
    seen.crashes()
        .forEach(
            crash ->
                diagnosis.add(
                    FindingCode.CHECK_FAILED, crash, "", "report it, with the output of --debug"));
    diagnosis.findings.sort(Comparator.comparing(finding -> !finding.isProblem()));
    return List.copyOf(diagnosis.findings);
  }

  /** The recommended settings for the measured path. */
  static List<Advice> advice(Measurements seen) {
    List<Advice> advice = new ArrayList<>();
    seen.idle()
        .filter(Diagnosis::needsAnswer)
        .map(Diagnosis::safeAge)
        .map(
            alive ->
                pingsMayCount(seen)
                    ? SettingsAdvice.forIdleTimeout(alive, seen.pings().punished().orElse(false))
                    : SettingsAdvice.forFirstCalls(alive))
        .ifPresent(advice::addAll);
    seen.held()
        .filter(held -> endsStreamsItself(seen, held))
        .map(held -> StreamAdvice.of(held.heldFor(), hop(seen)))
        .ifPresent(advice::addAll);
    return List.copyOf(advice);
  }

  private static PeerImplementation.PeerImplementationKind hop(Measurements seen) {
    return seen.peer()
        .map(peerInfo -> peerInfo.implementation().kind())
        .orElse(PeerImplementation.PeerImplementationKind.UNKNOWN);
  }

  /** Not where the end of the connection is named already, and took the stream with it. */
  private static boolean endsStreamsItself(Measurements seen, IdleStreamResult held) {
    boolean connectionsEndSo =
        !held.connectionLived()
            && seen.idle()
                .flatMap(IdleTimeoutResult::deadAt)
                .filter(dead -> dead.compareTo(held.heldFor().multipliedBy(2)) < 0)
                .isPresent();
    return held.method().isPresent() && held.ended() && !connectionsEndSo;
  }

  /**
   * Whether PINGs may count as traffic: as measured, else yes, unless a hop answered PINGs for a
   * server that it had lost.
   */
  private static boolean pingsMayCount(Measurements seen) {
    return seen.pings().counts().orElse(!hopAnswered(seen));
  }

  private static boolean hopAnswered(Measurements seen) {
    return seen.connections().stream().anyMatch(one -> one.pingAnswered().orElse(false));
  }

  private static boolean needsAnswer(IdleTimeoutResult idle) {
    return idle.hasTimeout();
  }

  /** An idle time after which a connection surely lives. */
  private static Duration safeAge(IdleTimeoutResult idle) {
    if (idle.outcome() == IdleTimeoutResult.IdleTimeoutOutcome.ENDED) {
      return idle.deadAt().map(dead -> dead.multipliedBy(9).dividedBy(10)).orElse(idle.aliveAt());
    }
    return idle.aliveAt();
  }

  private void contact() {
    seen.problem().ifPresent(this::problem);
    if (seen.problem().isEmpty() && seen.peer().isEmpty() && seen.crashes().isEmpty()) {
      add(
          FindingCode.CALL_UNANSWERED,
          "SETTINGS came, and a call was not answered within 10 s",
          "every call waits for its deadline",
          "look at the server's load and threads, and at what the proxy in front of it can reach");
    }
    seen.peer().map(PeerInfo::settingsTime).ifPresent(this::settingsTime);
    seen.peer()
        .map(PeerInfo::implementation)
        .filter(peerImplementation -> peerImplementation.kind().isProxy())
        .ifPresent(
            peerImplementation ->
                add(
                    FindingCode.PROXY,
                    "%s%s answers there (%s)"
                        .formatted(
                            peerImplementation.conclusive() ? "" : "perhaps ",
                            peerImplementation.kind().title(),
                            peerImplementation.evidence()),
                    "PINGs and TCP keepalive end at it: they say nothing of the server behind",
                    peerImplementation.kind().remedy()));
  }

  private void settingsTime(Duration took) {
    if (took.compareTo(PeerDetection.LATE_SETTINGS) >= 0) {
      add(
          FindingCode.SETTINGS_LATE,
          "SETTINGS came %s after TCP, on two connections, where %s would be late"
              .formatted(
                  ExaminationContext.time(took),
                  ExaminationContext.time(PeerDetection.LATE_SETTINGS)),
          "every new connection costs its first calls that long; grpc-go, C++ and Holdfast give an"
              + " attempt up after 20 s, grpc-java never",
          "look at the server's load, its TLS and its accepting threads, or at what the proxy in"
              + " front of it waits for");
    }
  }

  private void problem(ConnectionProblem problem) {
    String detail = seen.problemDetail().isEmpty() ? "" : " (" + seen.problemDetail() + ")";
    switch (problem) {
      case UNRESOLVED -> unreachable("the host has no address");
      case REFUSED -> unreachable("the connection was refused: nothing listens on that port");
      case CONNECT_TIMEOUT ->
          unreachable("no answer to TCP within 10 s: a firewall, a wrong address or no machine");
      case CONNECT_FAILED -> unreachable("TCP failed: no route, or no address" + detail);
      case TLS_FAILED ->
          add(
              FindingCode.TLS_FAILED,
              "TCP came about and TLS did not" + detail,
              "no client with TLS can connect that is set up as this one was",
              "check whether the server speaks TLS there (--plaintext tries without), whether it"
                  + " demands a client certificate (--cert, --key), and, where --ca was given,"
                  + " whose certificate it has and for which name (--authority)");
      case NO_ALPN ->
          add(
              FindingCode.NO_ALPN,
              "TLS came about, and the server chose " + seen.problemDetail() + ", not h2",
              "gRPC refuses such a connection",
              "let the server or load balancer offer h2 in ALPN");
      case NOT_HTTP2 ->
          add(
              FindingCode.NOT_HTTP2,
              "the answer is not HTTP/2" + detail,
              "no gRPC client can talk to it",
              "use the port that serves gRPC, or let the proxy speak HTTP/2 to clients");
      case ENDED ->
          add(
              FindingCode.NOT_HTTP2,
              "the connection was ended before HTTP/2 began",
              "no gRPC client can talk to it",
              seen.tls()
                  ? "check that the port serves gRPC"
                  : "check whether the port wants TLS (--tls), or serves something else");
      case NO_SETTINGS ->
          add(
              FindingCode.NO_SETTINGS,
              "TCP is accepted and no SETTINGS came, on a second connection not within "
                  + ExaminationContext.time(PeerDetection.SETTINGS_WITHIN_AT_LAST)
                  + " either",
              "clients hang in connecting: stock gRPC gives such an attempt no end of its own",
              "the server is stopped or far too slow, or a load balancer has nobody behind it");
    }
  }

  private void unreachable(String measured) {
    add(
        FindingCode.UNREACHABLE,
        measured,
        "every call fails with UNAVAILABLE",
        "check address and port, and that the server runs");
  }

  private void idle(IdleTimeoutResult idle) {
    switch (idle.outcome()) {
      case KEPT ->
          add(
              FindingCode.NOTHING_FOUND,
              "a connection idle for "
                  + ExaminationContext.time(idle.aliveAt())
                  + " answered at once",
              "",
              "a longer --max-wait looks further");
      case UNKNOWN ->
          add(
              FindingCode.CHECK_FAILED,
              "%d of %d connections could not be used, so idle time was not measured"
                  .formatted(idle.notOpened(), idle.connections()),
              "",
              "try again; does the server limit connections?");
      case UNSTEADY ->
          add(
              FindingCode.UNSTEADY,
              "connections ended at different ages; the longest idle one that answered had waited "
                  + ExaminationContext.time(idle.aliveAt()),
              "calls fail now and then, whatever the keepalive",
              "was the server restarted? Otherwise look at what limits connections on the way");
      case FORGOTTEN, ENDED -> timeout(idle);
    }
    hopAnswersAlone();
  }

  private void timeout(IdleTimeoutResult idle) {
    DisconnectKind disconnectKind = idle.ending().orElse(DisconnectKind.SILENCE);
    Duration dead = idle.deadAt().orElse(idle.aliveAt());
    String measured =
        idle.outcome() == IdleTimeoutResult.IdleTimeoutOutcome.ENDED
            ? "connections end by themselves after %s without traffic: %s"
                .formatted(ExaminationContext.time(dead), disconnectKind.words() + debug())
            : "alive after %s without traffic, dead after %s: %s%s"
                .formatted(
                    ExaminationContext.time(idle.aliveAt()),
                    ExaminationContext.time(dead),
                    disconnectKind.words(),
                    hints(disconnectKind));
    measured += idle.knownPaths();
    String remedy = remedy(idle);
    switch (disconnectKind) {
      case SILENCE ->
          add(
              FindingCode.IDLE_DROP,
              measured,
              "the first call after that waits for its deadline, or up to about 15 min; a held"
                  + " stream dies and neither side is told",
              remedy);
      case RESET ->
          add(
              FindingCode.IDLE_RESET,
              measured,
              "the first call after that fails with UNAVAILABLE, Connection reset by peer; so do"
                  + " held streams",
              remedy);
      case CLOSE ->
          add(
              FindingCode.IDLE_CLOSE,
              measured,
              "a call that meets the closing fails with UNAVAILABLE; held streams end",
              remedy);
      case GOAWAY ->
          add(
              FindingCode.IDLE_GOAWAY,
              measured,
              "nothing for calls, which use a new connection; a call in that very moment may have"
                  + " to be sent again, and held streams end when the connection does",
              debug().contains(MAX_AGE) ? "nothing: the server renews its connections" : remedy);
      case HOP_ERROR ->
          add(
              FindingCode.IDLE_HOP_ERROR,
              measured,
              "the first call after that fails with UNAVAILABLE or HTTP 502 to 504",
              "the connection between hop and server goes idle: set the hop's keepalive to it, or"
                  + " the server's PINGs; "
                  + remedy);
    }
  }

  /**
   * The hint, from TCP acknowledgements, whether a packet filter or a proxy dropped the connection.
   */
  private String hints(DisconnectKind disconnectKind) {
    if (disconnectKind != DisconnectKind.SILENCE) {
      return "";
    }
    List<Boolean> acks =
        seen.connections().stream().flatMap(one -> one.acknowledged().stream()).toList();
    if (acks.isEmpty()) {
      return "";
    }
    return acks.contains(true)
        ? ", though TCP acknowledged the question: something on the way ends TCP"
        : ", not even TCP acknowledged the question: packets vanish on the way";
  }

  private String debug() {
    return seen.connections().stream()
        .filter(one -> one.role() != ConnectionEvidence.ProbeConnectionRole.PING_PUNISHED)
        .flatMap(one -> one.goAway().stream())
        .map(receivedGoAway -> " (" + receivedGoAway + ")")
        .findFirst()
        .orElse("");
  }

  private String remedy(IdleTimeoutResult idle) {
    Duration alive = safeAge(idle);
    if (!pingsMayCount(seen)) {
      return "PINGs do not count here: let clients close their idle connections first, and held"
          + " streams carry messages of their own (settings below)";
    }
    if (!SettingsAdvice.clientCanPing(alive)) {
      return "clients can't ping often enough (not below "
          + ExaminationContext.time(SettingsAdvice.CLIENT_FLOOR)
          + "): let the server ping, or clients close their idle connections first (settings"
          + " below)";
    }
    return "let the server ping, or the clients every "
        + ExaminationContext.time(SettingsAdvice.clientInterval(alive))
        + (seen.pings().punished().orElse(false) ? " with the server's permit" : "")
        + " (settings below)";
  }

  private void hopAnswersAlone() {
    if (hopAnswered(seen)) {
      add(
          FindingCode.HOP_ANSWERS_ALONE,
          "on a connection on which calls were not answered any more, a PING was",
          "keepalive by PINGs reports a dead connection as alive",
          "do not rely on PINGs here: use deadlines, health calls or messages on the stream");
    }
  }

  private void held(IdleStreamResult held) {
    if (held.method().isEmpty()) {
      add(
          FindingCode.STREAMS_UNTRIED,
          "the server has neither the health service's Watch nor reflection to hold a stream with",
          "",
          "name a streaming method with --hold package.Service/Method");
      return;
    }
    if (!endsStreamsItself(seen, held)) {
      return;
    }
    String remedy = hop(seen).remedy();
    String hop = ", or " + (remedy.isEmpty() ? StreamAdvice.UNKNOWN_HOP : remedy);
    add(
        FindingCode.STREAM_TIMEOUT,
        "%s: a stream without messages was ended after %s by %s%s%s"
            .formatted(
                held.method().get(),
                ExaminationContext.time(held.heldFor()),
                held.how(),
                held.connectionLived()
                    ? ", while its connection lived: a hop that ends HTTP/2 did it"
                    : "",
                held.endedAtSameAge() ? "" : " (the second stream did not end at that age)"),
        "every held stream without messages ends so; clients see UNAVAILABLE or INTERNAL",
        HEARTBEAT.formatted(
            ExaminationContext.time(held.heldFor().dividedBy(2)), hop + " (settings below)"));
  }

  private void pings() {
    PingResult pings = seen.pings();
    if (pings.counts().isPresent() && !pings.counts().get()) {
      add(
          FindingCode.PINGS_DO_NOT_COUNT,
          "a connection that carried PINGs died as the idle ones did",
          "HTTP/2 keepalive of client and server does not help",
          "use the settings below, which do without PINGs");
    }
    if (pings.punished().orElse(false)) {
      String told =
          pings.goAway().map(ReceivedGoAway::toString).orElse("the end of the connection");
      add(
          FindingCode.PINGS_PUNISHED,
          "the extra connection got %s after %d PINGs without a call".formatted(told, pings.sent()),
          "a client with keepalive shorter than the server's permit loses its connection again and"
              + " again; a gRPC server permits one PING in 5 min with calls and in 2 h without,"
              + " unless told otherwise",
          "keep the client's interval above the permit, or raise the permit on the server");
      seen.idle()
          .filter(Diagnosis::needsAnswer)
          .filter(idle -> SettingsAdvice.clientCanPing(safeAge(idle)))
          .ifPresent(
              idle ->
                  add(
                      FindingCode.PERMIT_TOO_LONG,
                      "the path needs a PING every %s or so, and the server ends connections that"
                              .formatted(
                                  ExaminationContext.time(
                                      safeAge(idle).multipliedBy(8).dividedBy(10)))
                          + " ping",
                      "keepalive on the client alone makes it worse",
                      "let the server ping itself, or permit the clients' PINGs (settings below)"));
    }
    int fromPeer =
        seen.connections().stream().mapToInt(ConnectionEvidence::pingsFromPeer).max().orElse(0);
    long searched =
        seen.connections().stream()
            .filter(one -> one.role() == ConnectionEvidence.ProbeConnectionRole.IDLE_SEARCH)
            .filter(one -> one.pingsFromPeer() > 0)
            .count();
    if (searched > 0) {
      add(
          FindingCode.PEER_PINGS,
          "up to " + fromPeer + " PINGs came on an idle connection",
          "",
          "none needed: the server keeps the path open; a longer timeout than measured may hide"
              + " behind it");
    }
  }

  private void add(FindingCode code, String measured, String breaks, String remedy) {
    findings.add(new Finding(code, measured, breaks, remedy));
  }
}
