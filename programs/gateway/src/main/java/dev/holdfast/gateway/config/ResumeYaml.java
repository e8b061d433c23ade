package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import dev.holdfast.gateway.route.HeaderMatch;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.yaml.YamlMap;
import java.util.List;
import java.util.Optional;

/** The keys of a gateway's file about resumable streams, and how they are read. */
final class ResumeYaml {
  static final String RESUME = "resume";
  static final String MEANING =
      "Server-sent events and WebSockets that go on after a cut; `resume: {}` with all defaults,"
          + " without it none.";

  private static final String COOKIE = "cookie:";

  private static final TunableDuration TTL =
      new TunableDuration(
          "ttl",
          ResumePolicy.LEAST_TTL,
          ResumePolicy.MOST_TTL,
          ResumePolicy.DEFAULT.ttl(),
          "How long a stream without a reader is kept, and its call goes on.");
  private static final TunableNumber BUFFER_BYTES =
      new TunableNumber(
          "buffer-bytes",
          ResumePolicy.LEAST_BUFFER_BYTES,
          ResumePolicy.MOST_BUFFER_BYTES,
          ResumePolicy.DEFAULT.bufferBytes(),
          "Messages that one stream keeps. Half is for what was sent, half for what arrives without"
              + " a reader; then the service waits.");
  private static final TunableNumber SESSIONS =
      new TunableNumber(
          "sessions",
          1,
          ResumePolicy.MOST_SESSIONS,
          ResumePolicy.DEFAULT.sessions(),
          "Streams of the route at once. At the limit the one without a reader for the longest"
              + " ends; if all have readers, a new one can't be resumed.");
  private static final TunableNumber TOTAL_BYTES =
      new TunableNumber(
          "total-bytes",
          ResumePolicy.LEAST_BUFFER_BYTES,
          ResumePolicy.MOST_TOTAL_BYTES,
          ResumePolicy.DEFAULT.totalBytes(),
          "The same as buffer-bytes for all streams of the route; at least buffer-bytes.");
  private static final TunableText PRINCIPAL =
      new TunableText(
          "principal",
          "a list of headers, or cookie:NAME for a cookie",
          "authorization",
          "What a reader must send as the opener did, beside the stream's id and the names of a"
              + " client certificate.");
  private static final TunableChoice SERVICE_SESSIONS =
      new TunableChoice(
          "service-sessions",
          List.of("true", "false"),
          "true",
          "Whether the gateway offers services to resume the stream with them: by a request header,"
              + " and a field of the first message that protobuf keeps as unknown.");

  static final GatewayKeys.KeySection KEYS =
      GatewayKeys.KeySection.of(
          ConfigKey.value(TTL),
          ConfigKey.value(BUFFER_BYTES),
          ConfigKey.value(SESSIONS),
          ConfigKey.value(TOTAL_BYTES),
          ConfigKey.texts(PRINCIPAL),
          ConfigKey.value(SERVICE_SESSIONS));

  private ResumeYaml() {}

  /** The policy of a route; empty when there is none. */
  static Optional<ResumePolicy> read(YamlMap route) {
    if (!route.has(RESUME)) {
      return Optional.empty();
    }
    YamlMap resume = route.map(RESUME, "keys such as ttl and buffer-bytes");
    resume.requireKnown(KEYS.names());
    int bufferBytes = GatewayYaml.number(resume, BUFFER_BYTES);
    int totalBytes = GatewayYaml.number(resume, TOTAL_BYTES);
    if (totalBytes < bufferBytes) {
      resume.problem(
          TOTAL_BYTES.key(), totalBytes + ", less than buffer-bytes", "at least buffer-bytes");
      totalBytes = bufferBytes;
    }
    List<String> principal =
        List.copyOf(FrontendYaml.texts(resume, PRINCIPAL, ResumeYaml::principal));
    return Optional.of(
        new ResumePolicy(
            GatewayYaml.duration(resume, TTL),
            bufferBytes,
            GatewayYaml.number(resume, SESSIONS),
            totalBytes,
            principal.isEmpty() ? ResumePolicy.DEFAULT.principal() : principal,
            FrontendYaml.flag(resume, SERVICE_SESSIONS)));
  }

  private static String principal(String name, String text) {
    boolean cookie = text.startsWith(COOKIE);
    String of = cookie ? text.substring(COOKIE.length()) : text;
    boolean known = cookie ? !of.isEmpty() && of.indexOf('=') < 0 : HeaderMatch.isName(of);
    if (!known) {
      throw new IllegalArgumentException(
          name + ": " + text + " (expected: a header's name in small letters, or cookie:NAME)");
    }
    return text;
  }
}
