package dev.holdfast.control.resources;

import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableNumber;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.List;

/** The keys of a policy file with their bounds and defaults; docs/xds.md is made from them. */
public final class PolicyKeys {
  /** Subsets that a service may have. */
  @Limit(of = "subsets of a service in a policy", then = "the policy is refused")
  public static final int MAX_SUBSETS = 50;

  /** Routes that a service may have. */
  @Limit(of = "routes of a service in a policy", then = "the policy is refused")
  public static final int MAX_ROUTES = 50;

  /** Methods of a service that may be repeated. */
  @Limit(
      of = "methods that a policy lets a service's clients repeat",
      then = "the policy is refused")
  public static final int MAX_RETRY_METHODS = 20;

  /** Services that one file may name. */
  @Limit(of = "services in a policy", then = "the policy is refused")
  public static final int MAX_SERVICES = 5_000;

  static final List<String> RETRY_CODES =
      List.of("unavailable", "resource-exhausted", "cancelled", "deadline-exceeded", "internal");

  static final TunableText SUBSETS =
      new TunableText(
          "subsets",
          "names, each with the metadata of its instances",
          "",
          "Parts of the instances: `v2: {version: \"2\"}`.");
  static final TunableText SPLIT =
      new TunableText(
          "split",
          "subsets, each with a percentage",
          "all instances",
          "How calls are divided that take no route; what is left of 100% goes to the instances in"
              + " none of the named subsets.");
  static final TunableText ROUTES =
      new TunableText(
          "routes",
          "a list; each has `path`, `headers`, `percent` (or some of them), `to`, `timeout`",
          "",
          "Where some calls go; the first that fits is taken.");
  static final TunableText PATH =
      new TunableText("routes: path", PathRule.EXPECTED, "all methods", "Which methods.");
  static final TunableText HEADERS =
      new TunableText(
          "routes: headers",
          "names with a text, or with one of exact, prefix, suffix, contains, present",
          "any",
          "What all of these headers of a call must be: `{x-user: {prefix: test-}}`.");
  static final TunableText PERCENT =
      new TunableText(
          "routes: percent",
          Percent.EXPECTED,
          "100%",
          "Which part of the calls that fit; the others go on to the next route.");
  static final TunableText TO =
      new TunableText("routes: to", "a subset, or a split", "all instances", "Where they go.");
  static final TunableDuration TIMEOUT =
      new TunableDuration(
          "timeout",
          Duration.ofMillis(1),
          Duration.ofHours(24),
          Duration.ofHours(24),
          "How long a call may take where its client says nothing or more; streams too. No limit"
              + " unless it is set.");
  static final TunableNumber MAX_CALLS =
      new TunableNumber(
          "max-calls",
          1,
          Integer.MAX_VALUE,
          Integer.MAX_VALUE,
          "Calls that one client has under way; more of them fail at once. gRPC's own limit would"
              + " be 1,024.");
  static final TunableChoice BALANCER =
      new TunableChoice(
          "balancer",
          List.of("round_robin", "least_request", "ring_hash"),
          "round_robin",
          "How one of the instances is chosen; clients that lack one use round_robin.");
  static final TunableText HASH_HEADER =
      new TunableText(
          "hash-header",
          "the name of a header",
          "",
          "With ring_hash, and only there: calls with the same value go to the same instance.");
  static final TunableNumber CHOICES =
      new TunableNumber(
          "choices", 2, 10, 2, "With least_request: how many instances are compared.");
  static final TunableText RETRY_METHODS =
      new TunableText(
          "retry: methods",
          "a list of paths, as in `routes`",
          "",
          "Which methods may be repeated although a server may have seen the call. Must be said.");
  static final TunableText RETRY_ON =
      new TunableText(
          "retry: on",
          "some of " + String.join(", ", RETRY_CODES),
          "unavailable",
          "After which status codes.");
  static final TunableNumber ATTEMPTS =
      new TunableNumber(
          "retry: attempts", 2, 5, 3, "How often a call is sent at most, the first time included.");
  static final TunableDuration BACKOFF =
      new TunableDuration(
          "retry: backoff",
          Duration.ofMillis(1),
          Duration.ofMinutes(1),
          Duration.ofMillis(50),
          "The pause before the first repetition, drawn up to this; it doubles.");
  static final TunableDuration MAX_BACKOFF =
      new TunableDuration(
          "retry: max-backoff",
          Duration.ofMillis(1),
          Duration.ofMinutes(10),
          Duration.ofSeconds(1),
          "What the pause never exceeds; not below backoff.");
  static final TunableDuration INTERVAL =
      new TunableDuration(
          "outliers: interval",
          Duration.ofMillis(100),
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "How often the answers of the instances are compared.");
  static final TunableDuration EJECTION =
      new TunableDuration(
          "outliers: ejection",
          Duration.ofMillis(100),
          Duration.ofMinutes(5),
          Duration.ofSeconds(30),
          "For how long an instance is left out the first time.");
  static final TunableNumber MAX_EJECTED =
      new TunableNumber(
          "outliers: max-ejected-percent", 1, 100, 10, "How many may be left out at once.");
  static final TunableNumber FAILURE_PERCENT =
      new TunableNumber(
          "outliers: failure-percent",
          1,
          100,
          85,
          "An instance is left out when more of its calls fail. Not looked at unless it or factor"
              + " is set, or neither.");
  static final TunableNumber FACTOR =
      new TunableNumber(
          "outliers: factor",
          100,
          10_000,
          1_900,
          "An instance is left out when its success rate is this many thousandths of the standard"
              + " deviation below the average. Not looked at unless it is set.");
  static final TunableNumber MIN_CALLS =
      new TunableNumber(
          "outliers: min-calls",
          1,
          1_000_000,
          50,
          "Calls to an instance within an interval before it is judged.");
  static final TunableNumber MIN_INSTANCES =
      new TunableNumber(
          "outliers: min-instances",
          1,
          10_000,
          5,
          "Instances with that many calls before any is judged.");
  static final TunableChoice GRPC_JAVA =
      new TunableChoice(
          "outliers: grpc-java",
          List.of("false", "true"),
          "false",
          "Whether clients made with grpc-java are told too. Up to 1.85 at least they lose calls by"
              + " it: one that begins while an instance leaves never ends, not even by its"
              + " deadline.");

  private PolicyKeys() {}

  /** All keys of a service, in the order of the document. */
  public static List<Tunable> tunables() {
    return List.of(
        SUBSETS,
        SPLIT,
        ROUTES,
        PATH,
        HEADERS,
        PERCENT,
        TO,
        TIMEOUT,
        MAX_CALLS,
        BALANCER,
        HASH_HEADER,
        CHOICES,
        RETRY_METHODS,
        RETRY_ON,
        ATTEMPTS,
        BACKOFF,
        MAX_BACKOFF,
        INTERVAL,
        EJECTION,
        MAX_EJECTED,
        FAILURE_PERCENT,
        FACTOR,
        MIN_CALLS,
        MIN_INSTANCES,
        GRPC_JAVA);
  }
}
