package dev.holdfast.cli.doctor;

import dev.holdfast.doctor.Advice;
import dev.holdfast.doctor.Finding;
import dev.holdfast.doctor.IdleStreamResult;
import dev.holdfast.doctor.IdleTimeoutResult;
import dev.holdfast.doctor.PathReport;
import dev.holdfast.doctor.PeerInfo;
import dev.holdfast.doctor.PingResult;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The text format of a path report. */
final class PathReportText {
  private final StringBuilder text = new StringBuilder();

  private PathReportText() {}

  static String of(PathReport report) {
    PathReportText page = new PathReportText();
    page.head(report);
    report.findings().forEach(page::finding);
    page.advice(report.advice());
    page.result(report);
    return page.text.toString();
  }

  private void head(PathReport report) {
    line(
        "%s, examined in %s with %d connections",
        report.target(), seconds(report.took()), report.connections().size());
    report.peer().ifPresent(this::contact);
    report.idle().ifPresent(idle -> line("  idle      %s", idle(idle)));
    report.held().ifPresent(held -> line("  streams   %s", held(held)));
    if (report.peer().isPresent()) {
      line("  PINGs     %s", pings(report.pings()));
    }
  }

  private void contact(PeerInfo peerInfo) {
    String how =
        peerInfo.tls() ? peerInfo.tlsVersion() + " with ALPN " + peerInfo.alpn() : "plaintext";
    String who = peerInfo.implementation().kind().title();
    line(
        "  answers   %s%s at %s, HTTP/2 over %s; a call takes %s (%s)",
        peerInfo.implementation().conclusive() || peerInfo.implementation().evidence().isEmpty()
            ? ""
            : "probably ",
        who,
        peerInfo.address(),
        how,
        seconds(peerInfo.roundTrip()),
        peerInfo.answer());
  }

  private static String idle(IdleTimeoutResult idle) {
    return switch (idle.outcome()) {
      case KEPT -> "alive after " + seconds(idle.aliveAt()) + ", the longest that was tried";
      case FORGOTTEN, ENDED ->
          "alive after %s, dead after %s: %s"
              .formatted(
                  seconds(idle.aliveAt()),
                  seconds(idle.deadAt().orElse(Duration.ZERO)),
                  idle.ending().map(disconnectKind -> disconnectKind.words()).orElse("unknown"));
      case UNSTEADY -> "connections end at no particular age";
      case UNKNOWN -> "not measured";
    };
  }

  private static String held(IdleStreamResult held) {
    if (held.method().isEmpty()) {
      return "not tried";
    }
    return held.ended()
        ? "ended after " + seconds(held.heldFor()) + " without messages: " + held.how()
        : "not ended within " + seconds(held.heldFor()) + " without messages";
  }

  private static String pings(PingResult pings) {
    String counts =
        pings.counts().map(yes -> yes ? "count as traffic" : "do not count as traffic").orElse("");
    String punished =
        pings
            .punished()
            .map(yes -> yes ? "are punished by the server" : "are tolerated by the server")
            .orElse("not tried");
    return counts.isEmpty() ? punished : counts + "; " + punished;
  }

  private void finding(Finding finding) {
    line("");
    line(
        "%s %s  %s",
        finding.isProblem() ? "PROBLEM" : "note   ", finding.code().code(), finding.code().title());
    item("measured", finding.measured());
    item("breaks", finding.breaks());
    item("do", finding.remedy());
  }

  private void item(String name, String content) {
    if (!content.isEmpty()) {
      line("  %-8s  %s", name, content);
    }
  }

  private void advice(List<Advice> advice) {
    Map<String, List<Advice>> byPurpose = new LinkedHashMap<>();
    for (Advice one : advice) {
      byPurpose.computeIfAbsent(one.purpose(), key -> new java.util.ArrayList<>()).add(one);
    }
    if (!byPurpose.isEmpty()) {
      line("");
      line("Settings that answer this; one of the groups is enough, unless it says otherwise");
    }
    byPurpose.forEach(
        (purpose, settings) -> {
          line("  %s", purpose);
          settings.forEach(
              one -> line("    %-15s %-7s %s", one.library(), one.side(), one.setting()));
        });
  }

  private void result(PathReport report) {
    String codes =
        report.findings().stream()
            .map(finding -> finding.code().code())
            .distinct()
            .collect(Collectors.joining(","));
    line("");
    line(
        "RESULT problems=%d codes=%s",
        report.findings().stream().filter(Finding::isProblem).count(),
        codes.isEmpty() ? "none" : codes);
  }

  private void line(String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }

  static String seconds(Duration time) {
    return time.toMillis() < 1_000
        ? time.toMillis() + " ms"
        : String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1_000.0);
  }
}
