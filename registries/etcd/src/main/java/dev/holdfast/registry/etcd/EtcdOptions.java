package dev.holdfast.registry.etcd;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryProvider.UriParameter;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Tunable;
import dev.holdfast.core.TunableChoice;
import dev.holdfast.core.TunableDuration;
import dev.holdfast.core.TunableText;
import dev.holdfast.core.annotation.Limit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The configuration of an etcd registry, parsed from an {@code etcd://} URI and the environment.
 *
 * @param members addresses of the cluster's members, in the order given
 * @param ttl the lease time to live that is requested
 * @param requestTimeout the deadline of a request, over all members it is tried at
 * @param relist the longest interval between two lists beside a running watch; the shortest is half
 *     of it
 * @param leased whether records live under a lease; without one they stay until deleted
 * @param tls the files of the TLS settings, or empty for plain text
 * @param credentials user and password, or empty for none
 */
record EtcdOptions(
    List<HostPort> members,
    Duration ttl,
    Duration requestTimeout,
    Duration relist,
    boolean leased,
    Optional<EtcdTlsFiles> tls,
    Optional<EtcdCredentials> credentials) {
  static final int DEFAULT_PORT = 2379;

  @Limit(of = "members of a cluster", then = "more are refused")
  private static final int MAX_MEMBERS = 32;

  private static final TunableText ENDPOINTS =
      new TunableText(
          "endpoints",
          "host[:port],host[:port],..",
          "(none)",
          "More members of the cluster, each with a port of its own.");
  private static final TunableDuration TTL =
      new TunableDuration(
          "ttl",
          Duration.ofSeconds(2),
          Duration.ofHours(1),
          Duration.ofSeconds(10),
          "How long a record outlives its process: the lease that is asked for.");
  private static final TunableDuration REQUEST_TIMEOUT =
      new TunableDuration(
          "request-timeout",
          Duration.ofMillis(100),
          Duration.ofMinutes(1),
          Duration.ofSeconds(3),
          "After what time a request is given up, the tries at other members included.");
  private static final TunableDuration RELIST =
      new TunableDuration(
          "relist",
          Duration.ofSeconds(1),
          Duration.ofHours(1),
          Duration.ofMinutes(5),
          "After what time a list is read again beside its watch, although all seems well: between"
              + " half of this and all of it.");
  private static final TunableChoice LEASE =
      new TunableChoice(
          "lease",
          List.of("auto", "none"),
          "auto",
          "With none, records are written without a lease and stay until they are deleted.");
  private static final TunableChoice TLS =
      new TunableChoice(
          "tls", List.of("true", "false"), "true with ca or cert, else false", "Use TLS.");
  private static final TunableText CA =
      new TunableText(
          "ca",
          "path of a PEM file",
          "the JDK's trust store",
          "Who signed the members' certificates. Read again when it changes.");
  private static final TunableText CERT =
      new TunableText(
          "cert",
          "path of a PEM file",
          "(none)",
          "The client's certificate chain, for mutual TLS. Read again when it changes.");
  private static final TunableText KEY =
      new TunableText(
          "key",
          "path of a PEM file (PKCS#8)",
          "(none)",
          "The private key of cert. Read again when it changes.");

  static final List<UriParameter> PARAMETERS =
      Stream.of(ENDPOINTS, TTL, REQUEST_TIMEOUT, RELIST, LEASE, TLS, CA, CERT, KEY)
          .map(Tunable::uriParameter)
          .toList();

  EtcdOptions {
    members = List.copyOf(members);
  }

  /**
   * @param ca who signed the members' certificates, or null for the JDK's trust store
   * @param cert the client's certificate chain, or null; comes with {@code key}
   */
  record EtcdTlsFiles(@Nullable Path ca, @Nullable Path cert, @Nullable Path key) {
    /** The files that are given, as parameters of a target. */
    @Override
    public String toString() {
      return Stream.of(
              ca == null ? "" : "ca=" + ca,
              cert == null ? "" : "cert=" + cert,
              key == null ? "" : "key=" + key)
          .filter(text -> !text.isEmpty())
          .collect(Collectors.joining(" "));
    }
  }

  static EtcdOptions of(RegistryUri uri, Map<String, String> environment) {
    return new EtcdOptions(
        members(uri),
        TTL.parse(uri.parameter(TTL.key())),
        REQUEST_TIMEOUT.parse(uri.parameter(REQUEST_TIMEOUT.key())),
        RELIST.parse(uri.parameter(RELIST.key())),
        LEASE.parse(uri.parameter(LEASE.key())).filter("none"::equals).isEmpty(),
        tls(uri),
        EtcdCredentials.of(uri, environment));
  }

  private static List<HostPort> members(RegistryUri uri) {
    Set<HostPort> members = new LinkedHashSet<>();
    if (!uri.authority().isEmpty()) {
      String[] hosts = uri.authority().split(",", -1);
      // grpc-java's parser allows a port at the very end only, so it counts for all before it.
      String last = hosts[hosts.length - 1];
      int port = hasPort(last) ? member("authority", last, DEFAULT_PORT).port() : DEFAULT_PORT;
      for (String host : hosts) {
        members.add(member("authority", host, port));
      }
    }
    uri.parameter(ENDPOINTS.key())
        .ifPresent(
            list -> {
              for (String host : list.split(",", -1)) {
                members.add(member(ENDPOINTS.key(), host, DEFAULT_PORT));
              }
            });
    if (members.isEmpty() || members.size() > MAX_MEMBERS) {
      throw new IllegalArgumentException(
          "authority: \""
              + uri.authority()
              + "\" (expected: 1 to "
              + MAX_MEMBERS
              + " members, as in etcd://h1,h2,h3:2379/prod)");
    }
    return new ArrayList<>(members);
  }

  private static HostPort member(String part, String text, int defaultPort) {
    try {
      if (hasPort(text)) {
        return HostPort.parse(text);
      }
      boolean bracketed = text.startsWith("[") && text.endsWith("]");
      if (!bracketed && text.indexOf(':') >= 0) {
        throw new IllegalArgumentException("host: an IPv6 address without brackets");
      }
      return new HostPort(bracketed ? text.substring(1, text.length() - 1) : text, defaultPort);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          part
              + ": \""
              + text
              + "\" (expected: host or host:port, an IPv6 host in brackets; "
              + e.getMessage()
              + ")",
          e);
    }
  }

  /** Whether something stands behind the only colon, or behind the one that follows a bracket. */
  private static boolean hasPort(String text) {
    int colon = text.lastIndexOf(':');
    return colon > 0 && (text.charAt(colon - 1) == ']' || text.indexOf(':') == colon);
  }

  private static Optional<EtcdTlsFiles> tls(RegistryUri uri) {
    Optional<String> tls = TLS.parse(uri.parameter(TLS.key()));
    Path ca = uri.parameter(CA.key()).map(Path::of).orElse(null);
    Path cert = uri.parameter(CERT.key()).map(Path::of).orElse(null);
    Path key = uri.parameter(KEY.key()).map(Path::of).orElse(null);
    if ((cert == null) != (key == null)) {
      throw new IllegalArgumentException(
          (cert == null ? "cert" : "key") + ": not given (expected: cert and key together)");
    }
    boolean anyFile = ca != null || cert != null;
    if (anyFile && tls.equals(Optional.of("false"))) {
      throw new IllegalArgumentException("tls: false (expected: true, as ca or cert is given)");
    }
    boolean wanted = anyFile || tls.equals(Optional.of("true"));
    return wanted ? Optional.of(new EtcdTlsFiles(ca, cert, key)) : Optional.empty();
  }
}
