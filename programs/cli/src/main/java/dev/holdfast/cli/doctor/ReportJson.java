package dev.holdfast.cli.doctor;

import dev.holdfast.cli.output.JsonText;
import dev.holdfast.doctor.Advice;
import dev.holdfast.doctor.ConnectionEvidence;
import dev.holdfast.doctor.Contact;
import dev.holdfast.doctor.Finding;
import dev.holdfast.doctor.HeldResult;
import dev.holdfast.doctor.LadderResult;
import dev.holdfast.doctor.PathReport;
import dev.holdfast.doctor.PingResult;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The JSON format of a path report. Unknown fields are left out. */
final class ReportJson {
  private ReportJson() {}

  static JsonText of(PathReport report) {
    JsonText json =
        JsonText.object()
            .with("target", report.target())
            .with("problem", report.hasProblem())
            .with("took_ms", report.took().toMillis());
    report.contact().ifPresent(contact -> json.with("contact", contact(contact)));
    report.idle().ifPresent(idle -> json.with("idle", idle(idle)));
    report.held().ifPresent(held -> json.with("stream", held(held)));
    return json.with("pings", pings(report.pings()))
        .with("findings", report.findings().stream().map(ReportJson::finding).toList())
        .with("settings", report.advice().stream().map(ReportJson::advice).toList())
        .with("connections", report.connections().stream().map(ReportJson::connection).toList());
  }

  private static JsonText contact(Contact contact) {
    Map<String, Object> settings = new LinkedHashMap<>();
    contact.settings().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(entry -> settings.put(Integer.toString(entry.getKey()), entry.getValue()));
    return JsonText.object()
        .with("address", contact.address())
        .with("tls", contact.tls())
        .with("tls_version", contact.tlsVersion())
        .with("alpn", contact.alpn())
        .with("settings", settings)
        .with("answer", contact.answer())
        .with("server", contact.server())
        .with("via", contact.via())
        .with("connect_ms", contact.connectTime().toMillis())
        .with("settings_ms", contact.settingsTime().toMillis())
        .with("round_trip_ms", contact.roundTrip().toMillis())
        .with("hop", name(contact.hop().kind()))
        .with("hop_sure", contact.hop().sure())
        .with("proxy", contact.hop().kind().isProxy());
  }

  private static JsonText idle(LadderResult idle) {
    JsonText json =
        JsonText.object()
            .with("outcome", name(idle.outcome()))
            .with("alive_at_ms", idle.aliveAt().toMillis());
    idle.deadAt().ifPresent(dead -> json.with("dead_at_ms", dead.toMillis()));
    idle.ending().ifPresent(ending -> json.with("ending", name(ending)));
    return json.with("connections", idle.connections())
        .with("not_opened", idle.notOpened())
        .with("strays", idle.strays())
        .with("found_in_ms", idle.took().toMillis());
  }

  private static JsonText held(HeldResult held) {
    JsonText json = JsonText.object();
    held.method().ifPresent(method -> json.with("method", method));
    return json.with("held_for_ms", held.heldFor().toMillis())
        .with("ended", held.ended())
        .with("how", held.how())
        .with("connection_lived", held.connectionLived());
  }

  private static JsonText pings(PingResult pings) {
    JsonText json = JsonText.object();
    pings.counts().ifPresent(counts -> json.with("count_as_traffic", counts));
    pings.punished().ifPresent(punished -> json.with("punished", punished));
    pings.goAway().ifPresent(goAway -> json.with("goaway", goAway.toString()));
    return json.with("sent", pings.sent()).with("answered", pings.answered());
  }

  private static JsonText finding(Finding finding) {
    return JsonText.object()
        .with("code", finding.code().code())
        .with("name", name(finding.code()))
        .with("severity", name(finding.code().severity()))
        .with("title", finding.code().title())
        .with("measured", finding.measured())
        .with("breaks", finding.breaks())
        .with("do", finding.remedy());
  }

  private static JsonText advice(Advice advice) {
    return JsonText.object()
        .with("who", advice.who())
        .with("side", advice.side())
        .with("purpose", advice.purpose())
        .with("setting", advice.setting());
  }

  private static JsonText connection(ConnectionEvidence one) {
    JsonText json =
        JsonText.object()
            .with("role", name(one.role()))
            .with("idle_ms", one.idle().toMillis())
            .with("ending", one.ending().map(ReportJson::name).orElse("none"));
    one.goAway().ifPresent(goAway -> json.with("goaway", goAway.toString()));
    one.acknowledged().ifPresent(acked -> json.with("acknowledged", acked));
    one.pingAnswered().ifPresent(answered -> json.with("ping_answered", answered));
    return json.with("pings_from_peer", one.pingsFromPeer());
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
