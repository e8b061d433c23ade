package dev.holdfast.cli.doctor;

import dev.holdfast.cli.output.JsonLine;
import dev.holdfast.doctor.Advice;
import dev.holdfast.doctor.ConnectionEvidence;
import dev.holdfast.doctor.Finding;
import dev.holdfast.doctor.IdleStreamResult;
import dev.holdfast.doctor.IdleTimeoutResult;
import dev.holdfast.doctor.PathReport;
import dev.holdfast.doctor.PeerInfo;
import dev.holdfast.doctor.PingResult;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The JSON format of a path report. Unknown fields are left out. */
final class PathReportJson {
  private PathReportJson() {}

  static JsonLine of(PathReport report) {
    JsonLine json =
        JsonLine.object()
            .with("target", report.target())
            .with("problem", report.hasProblem())
            .with("took_ms", report.took().toMillis());
    report.peer().ifPresent(peerInfo -> json.with("contact", contact(peerInfo)));
    report.idle().ifPresent(idle -> json.with("idle", idle(idle)));
    report.held().ifPresent(held -> json.with("stream", held(held)));
    return json.with("pings", pings(report.pings()))
        .with("findings", report.findings().stream().map(PathReportJson::finding).toList())
        .with("settings", report.advice().stream().map(PathReportJson::advice).toList())
        .with(
            "connections", report.connections().stream().map(PathReportJson::connection).toList());
  }

  private static JsonLine contact(PeerInfo peerInfo) {
    Map<String, Object> settings = new LinkedHashMap<>();
    peerInfo.settings().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> settings.put(Integer.toString(entry.getKey()), entry.getValue()));
    return JsonLine.object()
        .with("address", peerInfo.address())
        .with("tls", peerInfo.tls())
        .with("tls_version", peerInfo.tlsVersion())
        .with("alpn", peerInfo.alpn())
        .with("settings", settings)
        .with("answer", peerInfo.answer())
        .with("server", peerInfo.server())
        .with("via", peerInfo.via())
        .with("connect_ms", peerInfo.connectTime().toMillis())
        .with("settings_ms", peerInfo.settingsTime().toMillis())
        .with("round_trip_ms", peerInfo.roundTrip().toMillis())
        .with("hop", name(peerInfo.implementation().kind()))
        .with("hop_sure", peerInfo.implementation().conclusive())
        .with("proxy", peerInfo.implementation().kind().isProxy());
  }

  private static JsonLine idle(IdleTimeoutResult idle) {
    JsonLine json =
        JsonLine.object()
            .with("outcome", name(idle.outcome()))
            .with("alive_at_ms", idle.aliveAt().toMillis());
    idle.deadAt().ifPresent(dead -> json.with("dead_at_ms", dead.toMillis()));
    idle.ending().ifPresent(disconnectKind -> json.with("ending", name(disconnectKind)));
    return json.with("connections", idle.connections())
        .with("not_opened", idle.notOpened())
        .with("strays", idle.strays())
        .with("found_in_ms", idle.took().toMillis());
  }

  private static JsonLine held(IdleStreamResult held) {
    JsonLine json = JsonLine.object();
    held.method().ifPresent(method -> json.with("method", method));
    return json.with("held_for_ms", held.heldFor().toMillis())
        .with("ended", held.ended())
        .with("how", held.how())
        .with("connection_lived", held.connectionLived());
  }

  private static JsonLine pings(PingResult pings) {
    JsonLine json = JsonLine.object();
    pings.counts().ifPresent(counts -> json.with("count_as_traffic", counts));
    pings.punished().ifPresent(punished -> json.with("punished", punished));
    pings.goAway().ifPresent(receivedGoAway -> json.with("goaway", receivedGoAway.toString()));
    return json.with("sent", pings.sent()).with("answered", pings.answered());
  }

  private static JsonLine finding(Finding finding) {
    return JsonLine.object()
        .with("code", finding.code().code())
        .with("name", name(finding.code()))
        .with("severity", name(finding.code().severity()))
        .with("title", finding.code().title())
        .with("measured", finding.measured())
        .with("breaks", finding.breaks())
        .with("do", finding.remedy());
  }

  private static JsonLine advice(Advice advice) {
    return JsonLine.object()
        .with("who", advice.library())
        .with("side", advice.side())
        .with("purpose", advice.purpose())
        .with("setting", advice.setting());
  }

  private static JsonLine connection(ConnectionEvidence one) {
    JsonLine json =
        JsonLine.object()
            .with("role", name(one.role()))
            .with("idle_ms", one.idle().toMillis())
            .with("ending", one.ending().map(PathReportJson::name).orElse("none"));
    one.goAway().ifPresent(receivedGoAway -> json.with("goaway", receivedGoAway.toString()));
    one.acknowledged().ifPresent(acked -> json.with("acknowledged", acked));
    one.pingAnswered().ifPresent(answered -> json.with("ping_answered", answered));
    return json.with("pings_from_peer", one.pingsFromPeer());
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
