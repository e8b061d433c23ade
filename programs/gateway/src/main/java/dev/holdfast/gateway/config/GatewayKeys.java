package dev.holdfast.gateway.config;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.limits.GatewayLimits;
import dev.holdfast.gateway.route.AuthorityPattern;
import dev.holdfast.gateway.route.PathPattern;
import dev.holdfast.gateway.route.RetryPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The keys of a gateway's file with their bounds and defaults. The parser, the table in
 * docs/gateway/configuration.md and the JSON schema for editors are made from {@link #FILE}.
 */
public final class GatewayKeys {
  /** The maximum number of clusters in a file. */
  @Limit(of = "clusters in a gateway's file", then = "the configuration is refused")
  public static final int MAX_CLUSTERS = 1_000;

  /** The maximum number of endpoints that a cluster lists. */
  @Limit(of = "endpoints that a cluster in a gateway's file lists", then = "it is refused")
  public static final int MAX_ENDPOINTS = 1_000;

  /** The maximum number of routes in a file. */
  @Limit(of = "routes in a gateway's file", then = "the configuration is refused")
  public static final int MAX_ROUTES = 2_000;

  /** The maximum number of header tests of a route. */
  @Limit(of = "headers that a route of a gateway matches", then = "the configuration is refused")
  public static final int MAX_HEADERS = 16;

  /** The maximum number of clusters in the traffic split of a route. */
  @Limit(of = "clusters that a route divides its calls among", then = "it is refused")
  public static final int MAX_SHARES = 20;

  static final String LISTENERS = "listeners";
  static final String CLUSTERS = "clusters";
  static final String ROUTES = "routes";
  static final String HEADERS = "headers";
  static final String SPLIT = "split";
  static final String RETRY = "retry";
  static final String LIMITS = "limits";
  static final String DRAIN = "drain";
  static final String TLS = "tls";

  static final TunableText REGISTRY =
      new TunableText(
          "registry",
          "the URI of a registry, without a password",
          "that of --registry, if any",
          "Every service in it is a cluster of its name, called by authority without a route."
              + " Another one takes its place once it has said which services it has.");

  static final String NONE = "none";
  static final String STANDARD_OUTPUT = "-";
  static final TunableText ADMIN =
      new TunableText(
          "admin",
          "PORT or IP:PORT, IPv6 in brackets, or none",
          "18002 of loopback",
          "Where the admin page, /metrics and checks are served, in plaintext.");
  static final TunableText ACCESS_LOG =
      new TunableText(
          "access-log",
          "a file, or - for standard output",
          "none",
          "Where a line of JSON is written for each call.");

  static final TunableText TARGET =
      new TunableText(
          "target",
          "a target such as etcd://h1,h2:2379/prod/orders, without a password",
          "the service with the cluster's name in registry",
          "The service that is followed. Not with endpoints.");
  static final TunableText ENDPOINTS =
      new TunableText(
          "endpoints", "a list of host:port", "", "A list that stays as it is. Not with target.");
  static final TunableChoice BALANCE =
      new TunableChoice(
          "balance",
          List.of("least_request", "round_robin", "weighted", "ring_hash"),
          "least_request",
          "Who gets the next call; ring_hash goes by the route's hash-header.");
  static final TunableNumber MAX_CONNECTIONS =
      new TunableNumber(
          "max-connections", 1, 64, 8, "To one endpoint, from one thread of the gateway.");
  static final TunableDuration CONNECT_TIMEOUT =
      new TunableDuration(
          "connect-timeout",
          Duration.ofMillis(10),
          Duration.ofMinutes(1),
          Duration.ofSeconds(5),
          "From the first packet to the endpoint's SETTINGS. A call waits for a connection for 10s,"
              + " or 1s longer than this.");

  static final TunableText NAME =
      new TunableText("name", "a text", "routes[N]", "What logs and meters call it.");
  static final TunableText AUTHORITY =
      new TunableText(
          "authority",
          AuthorityPattern.EXPECTED,
          "*",
          "Whom a call must ask for. A host with its port before a host, before the longest"
              + " suffix.");
  static final TunableText PATH =
      new TunableText(
          "path",
          PathPattern.EXPECTED,
          "/**",
          "What it must ask for. A text before its beginning, before *, before **, segment by"
              + " segment.");
  static final TunableText EXACT =
      new TunableText("exact", "a text", "", "The header is this text; so is `x-user: text`.");
  static final TunableText PREFIX = new TunableText("prefix", "a text", "", "It begins so.");
  static final TunableChoice PRESENT =
      new TunableChoice("present", List.of("true"), "", "It is there.");
  static final TunableText CLUSTER =
      new TunableText("cluster", "the name of a cluster", "", "Where the calls go.");
  static final TunableText SHARE =
      new TunableText("*", "0% to 100%, such as 12.5%", "", "The part of that cluster.");
  static final TunableDuration DEADLINE =
      new TunableDuration(
          "deadline",
          Duration.ZERO,
          Duration.ofHours(24),
          Duration.ZERO,
          "Of calls that bring none; 0s is none.");
  static final TunableDuration MAX_DEADLINE =
      new TunableDuration(
          "max-deadline",
          Duration.ZERO,
          Duration.ofHours(24),
          Duration.ZERO,
          "The longest that a call may have, whatever it brings; 0s is any.");
  static final TunableDuration STREAM_AGE =
      new TunableDuration(
          "stream-age",
          Duration.ZERO,
          Duration.ofHours(24),
          Duration.ZERO,
          "After which a call ends with UNAVAILABLE, give or take a tenth, so that streams that are"
              + " begun again spread over endpoints that came later. 0s is never, else at least"
              + " 1s.");
  static final TunableText HASH_HEADER =
      new TunableText(
          "hash-header",
          "a header's name in small letters",
          "",
          "With ring_hash: calls with the same value meet the same endpoint.");
  static final TunableNumber ATTEMPTS =
      new TunableNumber(
          "attempts",
          1,
          RetryPolicy.MAX_ATTEMPTS,
          RetryPolicy.MAX_ATTEMPTS,
          "At most, the first included.");
  static final TunableChoice IDEMPOTENT =
      new TunableChoice(
          "idempotent",
          List.of("true", "false"),
          "false",
          "Whether a call is tried again although an endpoint may have processed it. Without it"
              + " only what was certainly not processed is.");

  static final TunableChoice COMPRESS =
      new TunableChoice(
          "compress",
          List.of("true", "false"),
          "true",
          "Whether answers over HTTP/JSON, gRPC-Web and Connect are compressed for clients that"
              + " take it. Not where they mix secrets with what others can make a user send"
              + " (BREACH).");

  static final TunableText STATUSES =
      new TunableText(
          "statuses",
          "a list of statuses such as UNAVAILABLE, never OK",
          "none",
          "Answers of these, without a message, are tried again after a growing pause of up to 1s."
              + " grpc-retry-pushback-ms is obeyed here and where idempotent.");

  static final TunableNumber CONNECTIONS =
      new TunableNumber(
          "connections",
          1,
          1_048_576,
          GatewayLimits.CONNECTIONS,
          "Open at once from all clients; more are reset. Keep it below the open files that the"
              + " process may have.");
  static final TunableNumber STREAMS =
      new TunableNumber(
          "streams", 1, 100_000, GatewayLimits.STREAMS, "Open at once on one connection.");
  static final TunableNumber HEADER_LIST_BYTES =
      new TunableNumber(
          "header-list-bytes",
          1_024,
          1_048_576,
          GatewayLimits.HEADER_LIST_BYTES,
          "All headers of one request, or of one response.");
  static final TunableNumber STREAM_WINDOW_BYTES =
      new TunableNumber(
          "stream-window-bytes",
          65_535,
          16_777_216,
          GatewayLimits.STREAM_WINDOW_BYTES,
          "Kept of one direction of a stream while its receiver is slow.");
  static final TunableNumber CONNECTION_BYTES =
      new TunableNumber(
          "connection-bytes",
          65_535,
          Integer.MAX_VALUE,
          GatewayLimits.CONNECTION_BYTES,
          "The same for all streams of one connection; at least stream-window-bytes.");
  static final TunableDuration HANDSHAKE =
      new TunableDuration(
          "handshake",
          Duration.ofMillis(100),
          Duration.ofMinutes(5),
          GatewayLimits.HANDSHAKE,
          "How long a client may take up to its SETTINGS.");
  static final TunableDuration IDLE =
      new TunableDuration(
          "idle",
          Duration.ofSeconds(1),
          Duration.ofHours(24),
          GatewayLimits.IDLE,
          "How long a connection may be without a stream.");

  static final TunableDuration ACKNOWLEDGE =
      new TunableDuration(
          "acknowledge",
          Duration.ZERO,
          Duration.ofMinutes(10),
          DrainTimes.ACKNOWLEDGE,
          "How long a client may take to answer that the gateway closes.");
  static final TunableDuration UNARY =
      new TunableDuration(
          "unary",
          Duration.ZERO,
          Duration.ofHours(24),
          DrainTimes.UNARY,
          "How long calls with a complete request, and nothing of their answer yet, may go on.");
  static final TunableDuration DRAIN_STREAMS =
      new TunableDuration(
          "streams",
          Duration.ZERO,
          Duration.ofHours(24),
          DrainTimes.STREAMS,
          "How long others may; at least unary.");

  static final KeySection CLUSTER_KEYS =
      KeySection.of(
          ConfigKey.value(TARGET),
          ConfigKey.texts(ENDPOINTS),
          ConfigKey.value(BALANCE),
          ConfigKey.value(MAX_CONNECTIONS),
          ConfigKey.value(CONNECT_TIMEOUT),
          ConfigKey.value(EndpointKeys.CONNECTION_AGE),
          ConfigKey.value(EndpointKeys.SLOW_START),
          ConfigKey.group(
              EndpointKeys.OUTLIERS,
              EndpointKeys.OUTLIER_KEYS,
              "When an endpoint that fails gets no calls."),
          ConfigKey.group(
              EndpointKeys.RETRIES,
              EndpointKeys.RETRY_KEYS,
              "How many more attempts its calls may have in all, when one may have been"
                  + " processed."),
          ConfigKey.group(HealthYaml.HEALTH, HealthYaml.KEYS, HealthYaml.MEANING),
          ConfigKey.texts(FrontendKeys.DESCRIPTOR_SETS),
          ConfigKey.group(
              TLS, TlsKeys.UPSTREAM, "TLS to the endpoints, `tls: {}` with all defaults."));
  static final KeySection HEADER =
      KeySection.of(ConfigKey.value(EXACT), ConfigKey.value(PREFIX), ConfigKey.value(PRESENT));
  static final KeySection RETRY_KEYS =
      KeySection.of(
          ConfigKey.value(ATTEMPTS), ConfigKey.value(IDEMPOTENT), ConfigKey.texts(STATUSES));
  static final KeySection ROUTE =
      KeySection.of(
          ConfigKey.value(NAME),
          ConfigKey.value(AUTHORITY),
          ConfigKey.value(PATH),
          ConfigKey.named(
                  HEADERS, HEADER, "What all of these headers must be: a text, or one of these.")
              .orText(),
          ConfigKey.value(CLUSTER),
          ConfigKey.shares(
              SPLIT, SHARE, "Instead of cluster: clusters with percentages, 100% in all."),
          ConfigKey.value(DEADLINE),
          ConfigKey.value(MAX_DEADLINE),
          ConfigKey.value(STREAM_AGE),
          ConfigKey.value(HASH_HEADER),
          ConfigKey.value(COMPRESS),
          ConfigKey.group(RETRY, RETRY_KEYS, "What is tried again."),
          ConfigKey.group(ResumeYaml.RESUME, ResumeYaml.KEYS, ResumeYaml.MEANING),
          ConfigKey.group(
              FrontendKeys.CORS,
              FrontendKeys.CORS_KEYS,
              "Which pages may call it from browsers, instead of those of all. Not with headers."));
  static final KeySection LIMIT_KEYS =
      KeySection.of(
          ConfigKey.value(CONNECTIONS),
          ConfigKey.value(STREAMS),
          ConfigKey.value(HEADER_LIST_BYTES),
          ConfigKey.value(STREAM_WINDOW_BYTES),
          ConfigKey.value(CONNECTION_BYTES),
          ConfigKey.value(HANDSHAKE),
          ConfigKey.value(IDLE));
  static final KeySection DRAIN_KEYS =
      KeySection.of(
          ConfigKey.value(ACKNOWLEDGE), ConfigKey.value(UNARY), ConfigKey.value(DRAIN_STREAMS));

  /** The keys at the top level of a file. */
  public static final KeySection FILE =
      KeySection.of(
          ConfigKey.items(LISTENERS, ListenerKeys.LISTENER, "Where clients are served."),
          ConfigKey.value(REGISTRY),
          ConfigKey.value(EndpointKeys.ZONE),
          ConfigKey.value(ADMIN),
          ConfigKey.value(ACCESS_LOG),
          ConfigKey.named(
              CLUSTERS, CLUSTER_KEYS, "Services by name; `orders: {}` is one of registry."),
          ConfigKey.items(
              ROUTES, ROUTE, "The most specific one is taken, in whatever order they stand."),
          ConfigKey.group(
              FrontendKeys.CORS, FrontendKeys.CORS_KEYS, "Which pages may call from browsers."),
          ConfigKey.group(
              FrontendKeys.FRONTENDS,
              FrontendKeys.FRONTEND_KEYS,
              "The frontends that are served beside gRPC."),
          ConfigKey.group(
              FrontendKeys.JSON, FrontendKeys.JSON_KEYS, "Options of the HTTP/JSON format."),
          ConfigKey.group(LIMITS, LIMIT_KEYS, "Of connections that are accepted from now on."),
          ConfigKey.group(DRAIN, DRAIN_KEYS, "When the gateway closes."));

  /** A map in the file, as the keys that it may have. */
  public record KeySection(List<ConfigKey> keys) {
    static KeySection of(ConfigKey... keys) {
      return new KeySection(List.of(keys));
    }

    /** The names of the keys. */
    public Set<String> names() {
      return keys.stream().map(ConfigKey::name).collect(Collectors.toSet());
    }
  }

  private GatewayKeys() {}
}
