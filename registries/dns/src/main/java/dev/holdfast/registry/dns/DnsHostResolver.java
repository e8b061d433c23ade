package dev.holdfast.registry.dns;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.annotation.Limit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xbill.DNS.AAAARecord;
import org.xbill.DNS.ARecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.NameTooLongException;
import org.xbill.DNS.Record;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A resolver of names, from IP literals to the hosts file to name servers. Each call resolves once.
 * Runs on the scheduler.
 *
 * <p>A resolution that fails in part fails as a whole if the failed part had records the last time:
 * a list that lacks half of its endpoints because of one server is worse than yesterday's. A part
 * that never had records (the AAAA query at a server that can't answer it) is left out.
 */
final class DnsHostResolver {
  /** Of more hosts behind SRV records the rest is not looked up. */
  @Limit(
      of = "hosts behind the SRV records of one list",
      then = "the rest is not looked up, and logged")
  static final int MAX_HOSTS = 1_000;

  /** How often names from the hosts file are looked at. */
  @Limit(of = "life of an address from the hosts file", then = "it is looked up again")
  static final Duration HOSTS_FILE_TTL = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(DnsHostResolver.class);

  @Limit(of = "domains of the search list that are tried", then = "further ones are left out")
  private static final int MAX_SEARCH_DOMAINS = 16;

  /**
   * A lookup that is part of another.
   *
   * @param name for messages
   * @param result fails with a {@link RegistryException}
   * @param hadRecords whether it had records the last time
   */
  private record Part<T>(String name, CompletableFuture<T> result, boolean hadRecords) {}

  private final StubResolver servers;
  private final SystemResolverConfig.ResolverSettings system;
  private final boolean explicitServers;

  DnsHostResolver(
      StubResolver servers, SystemResolverConfig.ResolverSettings system, boolean explicitServers) {
    this.servers = servers;
    this.system = system;
    this.explicitServers = explicitServers;
  }

  /** Resolves the A and AAAA records of hosts to endpoints. */
  CompletableFuture<ResolvedEndpoints> addresses(List<DnsName> hosts) {
    return all(hosts, host -> hostPart(host.host(), address -> endpoint(address, host.port(), 1)));
  }

  /** The addresses of the hosts that SRV records name. */
  CompletableFuture<ResolvedEndpoints> services(List<DnsName> names) {
    return all(
        names,
        name ->
            new Part<>(
                name.host(),
                searched(name.host(), n -> ask(n, Type.SRV)).thenCompose(this::hostsOf),
                candidates(name.host()).stream().anyMatch(n -> servers.wasFound(n, Type.SRV))));
  }

  private CompletableFuture<ResolvedEndpoints> hostsOf(DnsAnswer answer) {
    List<SrvRecords.SrvTarget> srvTargets = SrvRecords.preferred(answer);
    if (srvTargets.size() > MAX_HOSTS) {
      log.warn("event=too_many_hosts hosts={} limit={}", srvTargets.size(), MAX_HOSTS);
    }
    return all(
            srvTargets.stream().limit(MAX_HOSTS).toList(),
            srvTarget -> {
              Function<String, Endpoint> made =
                  address -> endpoint(address, srvTarget.port(), srvTarget.weight());
              List<Record> sentAlong = srvTarget.addresses();
              return sentAlong.isEmpty()
                  ? hostPart(srvTarget.name().toString(), made)
                  : new Part<>(
                      srvTarget.name().toString(),
                      CompletableFuture.completedFuture(resolved(sentAlong, made)),
                      true);
            })
        .thenApply(
            found ->
                ResolvedEndpoints.merge(
                    List.of(found, new ResolvedEndpoints(List.of(), answer.ttl()))));
  }

  private Part<ResolvedEndpoints> hostPart(String host, Function<String, Endpoint> made) {
    if (DnsName.isLiteral(host)) {
      return known(host, List.of(host), ResolvedEndpoints.FOREVER, made);
    }
    if (!explicitServers) {
      String name = withoutDot(host).toLowerCase(Locale.ROOT);
      List<String> fromFile = system.hosts().get(name);
      if (fromFile != null) {
        return known(host, fromFile, HOSTS_FILE_TTL, made);
      }
      if (name.equals("localhost")) {
        return known(host, List.of("127.0.0.1", "::1"), ResolvedEndpoints.FOREVER, made);
      }
    }
    boolean hadRecords =
        candidates(host).stream()
            .anyMatch(n -> servers.wasFound(n, Type.A) || servers.wasFound(n, Type.AAAA));
    return new Part<>(
        host,
        searched(host, this::askBothFamilies)
            .thenApply(
                answer ->
                    new ResolvedEndpoints(
                        answer.records().stream().map(r -> made.apply(text(r))).toList(),
                        answer.ttl())),
        hadRecords);
  }

  private static Part<ResolvedEndpoints> known(
      String host, List<String> addresses, Duration ttl, Function<String, Endpoint> made) {
    return new Part<>(
        host,
        CompletableFuture.completedFuture(
            new ResolvedEndpoints(addresses.stream().map(made).toList(), ttl)),
        true);
  }

  private CompletableFuture<DnsAnswer> askBothFamilies(Name name) {
    Part<DnsAnswer> v4 = family(name, Type.A);
    Part<DnsAnswer> v6 = family(name, Type.AAAA);
    return settled(v4.result)
        .thenCombine(
            settled(v6.result),
            (a, b) -> {
              requireEnough(List.of(v4, v6), records -> !records.records().isEmpty());
              List<DnsAnswer> given = succeeded(List.of(v4, v6));
              List<Record> records = new ArrayList<>();
              given.forEach(answer -> records.addAll(answer.records()));
              // The TTL of the family that has no records says nothing about those there are.
              Duration ttl =
                  given.stream()
                      .filter(answer -> records.isEmpty() || answer.isFound())
                      .map(DnsAnswer::ttl)
                      .min(Duration::compareTo)
                      .orElse(DnsAnswer.NEGATIVE_TTL);
              return new DnsAnswer(
                  given.stream().anyMatch(DnsAnswer::nameExists), records, List.of(), ttl);
            });
  }

  private Part<DnsAnswer> family(Name name, int type) {
    return new Part<>(
        Type.string(type) + " " + name, ask(name, type), servers.wasFound(name, type));
  }

  private CompletableFuture<DnsAnswer> ask(Name name, int type) {
    return servers.query(system.servers(), name, type);
  }

  /** Tries the candidates of a name until one has records; a failure is no reason to go on. */
  private CompletableFuture<DnsAnswer> searched(
      String name, Function<Name, CompletableFuture<DnsAnswer>> ask) {
    List<Name> candidates = candidates(name);
    if (candidates.isEmpty()) {
      return CompletableFuture.failedFuture(
          new RegistryException(
              RegistryErrorKind.UNSUPPORTED, "name: \"" + name + "\" (expected: a domain name)"));
    }
    CompletableFuture<DnsAnswer> answer = ask.apply(candidates.get(0));
    for (Name next : candidates.subList(1, candidates.size())) {
      answer =
          answer.thenCompose(
              given ->
                  given.isFound() ? CompletableFuture.completedFuture(given) : ask.apply(next));
    }
    return answer;
  }

  private List<Name> candidates(String text) {
    List<Name> candidates = new ArrayList<>();
    try {
      Name absolute = Name.fromString(text, Name.root);
      if (explicitServers || text.endsWith(".") || system.search().isEmpty()) {
        return List.of(absolute);
      }
      Name relative = Name.fromString(text);
      for (Name domain : system.search().stream().limit(MAX_SEARCH_DOMAINS).toList()) {
        addConcatenated(candidates, relative, domain);
      }
      boolean enoughDots = text.chars().filter(c -> c == '.').count() >= system.ndots();
      candidates.add(enoughDots ? 0 : candidates.size(), absolute);
    } catch (TextParseException e) {
      log.debug("event=name_malformed name={}", text, e);
    }
    return candidates;
  }

  private static void addConcatenated(List<Name> candidates, Name relative, Name domain) {
    try {
      candidates.add(Name.concatenate(relative, domain));
    } catch (NameTooLongException e) {
      log.debug("event=name_too_long name={} domain={}", relative, domain);
    }
  }

  private <T> CompletableFuture<ResolvedEndpoints> all(
      List<T> items, Function<T, Part<ResolvedEndpoints>> lookUp) {
    List<Part<ResolvedEndpoints>> parts = items.stream().map(lookUp).toList();
    CompletableFuture<?>[] settled =
        parts.stream().map(part -> settled(part.result)).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(settled)
        .thenApply(
            done -> {
              requireEnough(parts, resolvedEndpoints -> !resolvedEndpoints.endpoints().isEmpty());
              return ResolvedEndpoints.merge(succeeded(parts));
            });
  }

  private static <T> void requireEnough(List<Part<T>> parts, Predicate<T> hasRecords) {
    boolean someRecords = succeeded(parts).stream().anyMatch(hasRecords);
    for (Part<T> part : parts) {
      RegistryException failure = failure(part.result);
      if (failure != null) {
        if (part.hadRecords || !someRecords) {
          throw failure;
        }
        log.debug("event=name_skipped name=\"{}\" cause=\"{}\"", part.name, failure.getMessage());
      }
    }
  }

  private static <T> List<T> succeeded(List<Part<T>> parts) {
    return parts.stream()
        .map(Part::result)
        .filter(result -> !result.isCompletedExceptionally())
        .map(CompletableFuture::join)
        .toList();
  }

  private static CompletableFuture<Boolean> settled(CompletableFuture<?> future) {
    return future.handle((result, failure) -> failure == null);
  }

  private static @Nullable RegistryException failure(CompletableFuture<?> future) {
    if (!future.isCompletedExceptionally()) {
      return null;
    }
    try {
      future.join();
      return null;
    } catch (CompletionException e) {
      return typed(e);
    }
  }

  /** The failure of a resolution as registries report it. */
  static RegistryException typed(Throwable failure) {
    Throwable inner = failure instanceof CompletionException ? failure.getCause() : null;
    Throwable cause = inner == null ? failure : inner;
    return cause instanceof RegistryException known
        ? known
        : new RegistryException(RegistryErrorKind.UNAVAILABLE, IoErrorText.of(cause), cause);
  }

  private static ResolvedEndpoints resolved(List<Record> records, Function<String, Endpoint> made) {
    Duration ttl = ResolvedEndpoints.FOREVER;
    List<Endpoint> endpoints = new ArrayList<>();
    for (Record record : records) {
      endpoints.add(made.apply(text(record)));
      Duration own = Duration.ofSeconds(record.getTTL());
      ttl = own.compareTo(ttl) < 0 ? own : ttl;
    }
    return new ResolvedEndpoints(endpoints, ttl);
  }

  private static Endpoint endpoint(String address, int port, int weight) {
    return Endpoint.of(new HostPort(address, port)).withWeight(weight);
  }

  private static String text(Record record) {
    return AddressText.of(
        record instanceof AAAARecord v6 ? v6.getAddress() : ((ARecord) record).getAddress());
  }

  private static String withoutDot(String host) {
    return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
  }
}
