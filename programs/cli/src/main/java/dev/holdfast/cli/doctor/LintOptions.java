package dev.holdfast.cli.doctor;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.PathProfile;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.liveness.lint.KeepaliveFinding;
import dev.holdfast.liveness.lint.KeepaliveLinter;
import dev.holdfast.liveness.lint.KeepaliveSettings;
import dev.holdfast.liveness.lint.KeepaliveSettings.GrpcLibrary;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The options that describe a client's and a server's keepalive and a path. Missing options come
 * from a file.
 */
final class LintOptions {
  private static final Duration LONGEST = Duration.ofDays(365);

  @Limit(of = "the PINGs without data that lint believes", then = "a larger number is refused")
  private static final int MAX_PINGS = 1_000_000;

  @Option(
      names = "--client",
      paramLabel = "LIBRARY",
      description =
          "java (the default), go, c-core (C++, Python, Ruby), node, dotnet, rust-tonic or"
              + " holdfast.")
  private @Nullable String client;

  @Option(
      names = "--client-keepalive",
      paramLabel = "DURATION",
      description = "The interval of the client's PINGs; none by default.")
  private @Nullable String clientKeepalive;

  @Option(
      names = "--client-without-calls",
      paramLabel = "BOOLEAN",
      arity = "0..1",
      fallbackValue = "true",
      description = "The client pings without calls too.")
  private @Nullable String clientWithoutCalls;

  @Option(
      names = "--client-timeout",
      paramLabel = "DURATION",
      description = "How long the answer to the client's PING may take; 20s by default.")
  private @Nullable String clientTimeout;

  @Option(
      names = "--client-max-pings-without-data",
      paramLabel = "N",
      description = "Of c-core; 2 by default, 0 for no limit.")
  private @Nullable String clientMaxPingsWithoutData;

  @Option(
      names = "--client-tcp-keepalive",
      paramLabel = "DURATION",
      description =
          "The silence after which the kernel of the client sends a TCP keepalive probe (its"
              + " idle time, TCP_KEEPIDLE); none by default.")
  private @Nullable String clientTcpKeepalive;

  @Option(names = "--server", paramLabel = "LIBRARY", description = "As --client; java by default.")
  private @Nullable String server;

  @Option(
      names = "--server-keepalive",
      paramLabel = "DURATION",
      description = "The interval of the server's PINGs; 2h by default.")
  private @Nullable String serverKeepalive;

  @Option(
      names = "--server-timeout",
      paramLabel = "DURATION",
      description = "How long the answer to the server's PING may take; 20s by default.")
  private @Nullable String serverTimeout;

  @Option(
      names = "--server-permit",
      paramLabel = "DURATION",
      description = "The shortest interval of PINGs that the server permits; 5m by default.")
  private @Nullable String serverPermit;

  @Option(
      names = "--server-permit-without-calls",
      paramLabel = "BOOLEAN",
      arity = "0..1",
      fallbackValue = "true",
      description = "The permit holds without calls too.")
  private @Nullable String serverPermitWithoutCalls;

  @Option(
      names = "--server-tcp-keepalive",
      paramLabel = "DURATION",
      description =
          "The silence after which the kernel of the server sends a TCP keepalive probe (its"
              + " idle time, TCP_KEEPIDLE); none by default.")
  private @Nullable String serverTcpKeepalive;

  @Option(
      names = "--path",
      paramLabel = "PROFILE",
      description = "The kind of path, such as swarm; lan by default. doctor profiles lists them.")
  private @Nullable String path;

  @Option(
      names = "--path-timeout",
      paramLabel = "DURATION",
      description = "The idle timeout of the path, as doctor path measured it.")
  private @Nullable String pathTimeout;

  /** The effective values by option name: from the option, else from the file. */
  private Map<String, String> said = Map.of();

  /**
   * Takes what the file says for what no option said.
   *
   * @throws UserError naming a key that no option has
   */
  void merge(LintFile file) {
    Map<String, @Nullable String> options = options();
    file.requireKnown(options.keySet());
    Map<String, String> merged = new LinkedHashMap<>();
    options.forEach(
        (name, value) -> {
          String either = value != null ? value : file.values().get(name);
          if (either != null) {
            merged.put(name, either);
          }
        });
    said = merged;
  }

  /** The findings of the keepalive linter for the effective values. */
  List<KeepaliveFinding> lint() {
    PathProfile profile =
        Optional.ofNullable(said.get("path")).map(PathProfile::parse).orElse(PathProfile.LAN);
    Optional<Duration> timeout = time("path-timeout").or(profile::idleTimeout);
    return KeepaliveLinter.lint(client(), server(), timeout, profile.layer());
  }

  private KeepaliveSettings client() {
    KeepaliveSettings client = KeepaliveSettings.client(stack("client"));
    client = client.withoutCalls(flag("client-without-calls", client.withoutCalls()));
    client = client.withTimeout(time("client-timeout").orElse(client.timeout()));
    client = time("client-keepalive").map(client::withTime).orElse(client);
    boolean limited =
        said.containsKey("client-max-pings-without-data")
            ? number("client-max-pings-without-data") > 0
            : client.limitsPingsWithoutData();
    client = client.withPingLimit(limited);
    return tcpKeepalive("client-tcp-keepalive").map(client::withTcpKeepalive).orElse(client);
  }

  private KeepaliveSettings server() {
    KeepaliveSettings server = KeepaliveSettings.server(stack("server"));
    server =
        server.withPermit(
            time("server-permit").orElse(server.permit()),
            flag("server-permit-without-calls", server.permitWithoutCalls()));
    server = server.withTimeout(time("server-timeout").orElse(server.timeout()));
    server = time("server-keepalive").map(server::withTime).orElse(server);
    return tcpKeepalive("server-tcp-keepalive").map(server::withTcpKeepalive).orElse(server);
  }

  private Map<String, @Nullable String> options() {
    Map<String, @Nullable String> options = new LinkedHashMap<>();
    options.put("client", client);
    options.put("client-keepalive", clientKeepalive);
    options.put("client-without-calls", clientWithoutCalls);
    options.put("client-timeout", clientTimeout);
    options.put("client-max-pings-without-data", clientMaxPingsWithoutData);
    options.put("client-tcp-keepalive", clientTcpKeepalive);
    options.put("server", server);
    options.put("server-keepalive", serverKeepalive);
    options.put("server-timeout", serverTimeout);
    options.put("server-permit", serverPermit);
    options.put("server-permit-without-calls", serverPermitWithoutCalls);
    options.put("server-tcp-keepalive", serverTcpKeepalive);
    options.put("path", path);
    options.put("path-timeout", pathTimeout);
    return options;
  }

  private GrpcLibrary stack(String name) {
    String text = said.getOrDefault(name, "java");
    return Arrays.stream(GrpcLibrary.values())
        .filter(grpcLibrary -> name(grpcLibrary).equals(text.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> wrong(name, text, "one of " + stacks()));
  }

  private static String stacks() {
    return Arrays.stream(GrpcLibrary.values())
        .map(LintOptions::name)
        .collect(Collectors.joining(", "));
  }

  private static String name(GrpcLibrary grpcLibrary) {
    return grpcLibrary.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private Optional<Duration> time(String name) {
    return time(name, Duration.ofMillis(1));
  }

  private Optional<Duration> tcpKeepalive(String name) {
    return time(name, KeepaliveSettings.SHORTEST_TCP_KEEPALIVE);
  }

  private Optional<Duration> time(String name, Duration least) {
    return Optional.ofNullable(said.get(name))
        .map(text -> DurationText.parse(name, text, least, LONGEST));
  }

  private boolean flag(String name, boolean otherwise) {
    String text = said.get(name);
    if (text == null) {
      return otherwise;
    }
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw wrong(name, text, "true or false");
    };
  }

  private int number(String name) {
    String text = said.getOrDefault(name, "");
    if (!text.matches("\\d{1,7}") || Integer.parseInt(text) > MAX_PINGS) {
      throw wrong(name, text, "0 to " + MAX_PINGS);
    }
    return Integer.parseInt(text);
  }

  private static UserError wrong(String name, String text, String expected) {
    return UserError.usage(name + ": \"" + text + "\" (expected: " + expected + ")");
  }
}
