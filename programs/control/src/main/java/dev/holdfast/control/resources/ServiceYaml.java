package dev.holdfast.control.resources;

import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.yaml.YamlMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/** The parser of one service's entry in a policy file. */
final class ServiceYaml {
  private static final Pattern SUBSET = Pattern.compile("[A-Za-z0-9._-]{1,100}");
  private static final String EXPECTED_SUBSET = "1 to 100 characters of A-Z a-z 0-9 . _ -";
  private static final Set<String> KEYS =
      Set.of(
          "subsets",
          "split",
          "routes",
          "timeout",
          "max-calls",
          "balancer",
          "hash-header",
          "choices",
          "retry",
          "outliers");
  private static final Set<String> RETRY_KEYS =
      Set.of("methods", "on", "attempts", "backoff", "max-backoff");
  private static final Set<String> OUTLIER_KEYS =
      Set.of(
          "interval",
          "ejection",
          "max-ejected-percent",
          "failure-percent",
          "factor",
          "min-calls",
          "min-instances",
          "grpc-java");

  private final YamlMap service;

  ServiceYaml(YamlMap service) {
    this.service = service;
  }

  ServicePolicy read() {
    service.requireKnown(KEYS);
    Map<String, Map<String, String>> subsets = subsets();
    TrafficYaml traffic = new TrafficYaml(service, subsets);
    return new ServicePolicy(
        traffic.read(),
        lbPolicyRule(),
        service.has("retry") ? retry() : Optional.empty(),
        service.has("outliers") ? Optional.of(outliers()) : Optional.empty(),
        service.duration("timeout", PolicyKeys.TIMEOUT),
        service.number("max-calls", PolicyKeys.MAX_CALLS));
  }

  private Map<String, Map<String, String>> subsets() {
    YamlMap all = service.map("subsets", PolicyKeys.SUBSETS.expected());
    Map<String, Map<String, String>> subsets = new LinkedHashMap<>();
    if (all.keys().size() > PolicyKeys.MAX_SUBSETS) {
      service.problem(
          "subsets", all.keys().size() + " subsets", "at most " + PolicyKeys.MAX_SUBSETS);
    }
    for (String name : all.keys()) {
      if (!SUBSET.matcher(name).matches()) {
        all.problem(name, "no name of a subset", EXPECTED_SUBSET);
        continue;
      }
      YamlMap selector = all.map(name, "metadata such as {version: \"2\"}");
      Map<String, String> wanted = new LinkedHashMap<>();
      for (String key : selector.keys()) {
        selector
            .text(key, "the value that instances of the subset have")
            .ifPresent(v -> wanted.put(key, v));
      }
      if (selector.keys().isEmpty() && !all.hasProblem(name)) {
        all.problem(name, "nothing", "metadata such as {version: \"2\"}");
      }
      subsets.put(name, wanted);
    }
    return subsets;
  }

  private LbPolicyRule lbPolicyRule() {
    Optional<String> word = word(service, "balancer", PolicyKeys.BALANCER);
    LbPolicyRule.LbPolicyKind lbPolicyKind =
        word.map(w -> LbPolicyRule.LbPolicyKind.valueOf(w.toUpperCase(Locale.ROOT)))
            .orElse(LbPolicyRule.LbPolicyKind.ROUND_ROBIN);
    Optional<String> header = service.text("hash-header", PolicyKeys.HASH_HEADER.expected());
    header
        .filter(name -> !HeaderRule.isName(name))
        .ifPresent(name -> service.problem("hash-header", name, HeaderRule.EXPECTED_NAME));
    if (lbPolicyKind == LbPolicyRule.LbPolicyKind.RING_HASH && !service.has("hash-header")) {
      service.problem("balancer", "ring_hash without hash-header", "the header that is hashed");
    }
    if (lbPolicyKind != LbPolicyRule.LbPolicyKind.RING_HASH && service.has("hash-header")) {
      service.problem("hash-header", header.orElse("nothing"), "only with balancer: ring_hash");
    }
    if (lbPolicyKind != LbPolicyRule.LbPolicyKind.LEAST_REQUEST && service.has("choices")) {
      service.problem("choices", "given", "only with balancer: least_request");
    }
    return new LbPolicyRule(
        lbPolicyKind,
        header.orElse(""),
        service.number("choices", PolicyKeys.CHOICES).orElse(PolicyKeys.CHOICES.wholeDefault()));
  }

  private static Optional<String> word(YamlMap map, String key, TunableChoice choice) {
    return map.parsed(
        key,
        choice.expected(),
        (name, text) -> {
          if (!choice.words().contains(text)) {
            throw new IllegalArgumentException(
                name + ": " + text + " (expected: " + choice.expected() + ")");
          }
          return text;
        });
  }

  private Optional<RetryRule> retry() {
    YamlMap retry = service.map("retry", "keys such as methods and attempts");
    retry.requireKnown(RETRY_KEYS);
    List<PathRule> methods = methods(retry);
    Duration backoff = duration(retry, "backoff", PolicyKeys.BACKOFF);
    Duration longest = PolicyKeys.MAX_BACKOFF.defaultValue();
    Duration maxBackoff =
        retry
            .duration("max-backoff", PolicyKeys.MAX_BACKOFF)
            .orElse(backoff.compareTo(longest) > 0 ? backoff : longest);
    if (maxBackoff.compareTo(backoff) < 0) {
      retry.problem("max-backoff", "shorter than backoff", "at least backoff");
    }
    return Optional.of(
        new RetryRule(
            methods,
            codes(retry),
            number(retry, "attempts", PolicyKeys.ATTEMPTS),
            backoff,
            maxBackoff));
  }

  private List<PathRule> methods(YamlMap retry) {
    YamlMap items = retry.list("methods", "a list of paths");
    List<PathRule> methods = new ArrayList<>();
    for (String item : items.keys()) {
      items.parsed(item, PathRule.EXPECTED, PathRule::parse).ifPresent(methods::add);
    }
    if (items.keys().isEmpty()) {
      retry.problem(
          "methods",
          "none",
          "the methods that may be repeated although a server may have seen the call");
    }
    if (items.keys().size() > PolicyKeys.MAX_RETRY_METHODS) {
      retry.problem(
          "methods",
          items.keys().size() + " methods",
          "at most " + PolicyKeys.MAX_RETRY_METHODS + "; /package.Service/* is one");
    }
    return methods;
  }

  private List<String> codes(YamlMap retry) {
    if (!retry.has("on")) {
      return List.of(PolicyKeys.RETRY_CODES.get(0));
    }
    YamlMap items = retry.list("on", "a list of codes");
    List<String> codes = new ArrayList<>();
    for (String item : items.keys()) {
      items
          .text(item, PolicyKeys.RETRY_ON.expected())
          .ifPresent(
              code -> {
                if (!PolicyKeys.RETRY_CODES.contains(code)) {
                  items.problem(item, code, PolicyKeys.RETRY_ON.expected());
                } else if (!codes.contains(code)) {
                  codes.add(code);
                }
              });
    }
    if (items.keys().isEmpty() && !retry.hasProblem("on")) {
      retry.problem("on", "none", PolicyKeys.RETRY_ON.expected());
    }
    return codes;
  }

  private OutlierRule outliers() {
    YamlMap outliers = service.map("outliers", "keys such as interval and failure-percent");
    outliers.requireKnown(OUTLIER_KEYS);
    OptionalInt failures = outliers.number("failure-percent", PolicyKeys.FAILURE_PERCENT);
    OptionalInt factor = outliers.number("factor", PolicyKeys.FACTOR);
    if (!outliers.has("failure-percent") && !outliers.has("factor")) {
      failures = OptionalInt.of(PolicyKeys.FAILURE_PERCENT.wholeDefault());
    }
    return new OutlierRule(
        duration(outliers, "interval", PolicyKeys.INTERVAL),
        duration(outliers, "ejection", PolicyKeys.EJECTION),
        number(outliers, "max-ejected-percent", PolicyKeys.MAX_EJECTED),
        failures,
        factor,
        new OutlierRule.Volume(
            number(outliers, "min-calls", PolicyKeys.MIN_CALLS),
            number(outliers, "min-instances", PolicyKeys.MIN_INSTANCES)),
        word(outliers, "grpc-java", PolicyKeys.GRPC_JAVA).map(Boolean::valueOf).orElse(false));
  }

  private static Duration duration(YamlMap map, String key, TunableDuration bounds) {
    return map.duration(key, bounds).orElse(bounds.defaultValue());
  }

  private static int number(YamlMap map, String key, dev.holdfast.core.TunableNumber bounds) {
    return map.number(key, bounds).orElse(bounds.wholeDefault());
  }
}
