package dev.holdfast.registry.etcd;

import dev.holdfast.core.DurationText;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryProvider.Parameter;
import dev.holdfast.core.RegistryUri;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an {@code etcd://} URI and the environment say.
 *
 * @param members where the members of the cluster listen, in the order given
 * @param ttl the lease that is asked for
 * @param requestTimeout after what time a request is given up, all members included
 * @param leased whether records live under a lease; without one they stay until deleted
 * @param tls the files TLS is made from, or empty for plain text
 * @param credentials user and password, if there are any
 */
record EtcdOptions(
    List<HostPort> members,
    Duration ttl,
    Duration requestTimeout,
    boolean leased,
    Optional<TlsFiles> tls,
    Optional<EtcdCredentials> credentials) {
  static final int DEFAULT_PORT = 2379;
  private static final int MAX_MEMBERS = 32;

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter(
              "endpoints",
              "host[:port],host[:port],..",
              "(none)",
              "More members of the cluster, each with a port of its own."),
          new Parameter(
              "ttl",
              "duration, 2s to 1h",
              "10s",
              "How long a record outlives its process: the lease that is asked for."),
          new Parameter(
              "request-timeout",
              "duration, 100ms to 1m",
              "3s",
              "After what time a request is given up, the tries at other members included."),
          new Parameter(
              "lease",
              "auto or none",
              "auto",
              "With none, records are written without a lease and stay until they are deleted."),
          new Parameter("tls", "true or false", "true with ca or cert, else false", "Use TLS."),
          new Parameter(
              "ca",
              "path of a PEM file",
              "the JDK's trust store",
              "Who signed the members' certificates. Read again when it changes."),
          new Parameter(
              "cert",
              "path of a PEM file",
              "(none)",
              "The client's certificate chain, for mutual TLS. Read again when it changes."),
          new Parameter(
              "key",
              "path of a PEM file (PKCS#8)",
              "(none)",
              "The private key of cert. Read again when it changes."));

  EtcdOptions {
    members = List.copyOf(members);
  }

  /**
   * @param ca who signed the members' certificates, or null for the JDK's trust store
   * @param cert the client's certificate chain, or null; comes with {@code key}
   */
  record TlsFiles(@Nullable Path ca, @Nullable Path cert, @Nullable Path key) {}

  static EtcdOptions of(RegistryUri uri, Map<String, String> environment) {
    return new EtcdOptions(
        members(uri),
        duration(uri, "ttl", Duration.ofSeconds(10), Duration.ofSeconds(2), Duration.ofHours(1)),
        duration(
            uri,
            "request-timeout",
            Duration.ofSeconds(3),
            Duration.ofMillis(100),
            Duration.ofMinutes(1)),
        choice(uri, "lease", "auto", "none").orElse("auto").equals("auto"),
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
    uri.parameter("endpoints")
        .ifPresent(
            list -> {
              for (String host : list.split(",", -1)) {
                members.add(member("endpoints", host, DEFAULT_PORT));
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

  private static Duration duration(
      RegistryUri uri, String name, Duration defaultValue, Duration min, Duration max) {
    return uri.parameter(name)
        .map(text -> DurationText.parse(name, text, min, max))
        .orElse(defaultValue);
  }

  private static Optional<String> choice(RegistryUri uri, String name, String a, String b) {
    Optional<String> given = uri.parameter(name);
    given.ifPresent(
        value -> {
          if (!value.equals(a) && !value.equals(b)) {
            throw new IllegalArgumentException(
                name + ": " + value + " (expected: " + a + " or " + b + ")");
          }
        });
    return given;
  }

  private static Optional<TlsFiles> tls(RegistryUri uri) {
    Optional<String> tls = choice(uri, "tls", "true", "false");
    Path ca = uri.parameter("ca").map(Path::of).orElse(null);
    Path cert = uri.parameter("cert").map(Path::of).orElse(null);
    Path key = uri.parameter("key").map(Path::of).orElse(null);
    if ((cert == null) != (key == null)) {
      throw new IllegalArgumentException(
          (cert == null ? "cert" : "key") + ": not given (expected: cert and key together)");
    }
    boolean anyFile = ca != null || cert != null;
    if (anyFile && tls.equals(Optional.of("false"))) {
      throw new IllegalArgumentException("tls: false (expected: true, as ca or cert is given)");
    }
    boolean wanted = anyFile || tls.equals(Optional.of("true"));
    return wanted ? Optional.of(new TlsFiles(ca, cert, key)) : Optional.empty();
  }
}
