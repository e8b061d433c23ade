package dev.holdfast.grpc;

import dev.holdfast.core.PathProfile.Layer;
import dev.holdfast.liveness.ConnectionRole;
import dev.holdfast.liveness.LivenessOptions;
import dev.holdfast.liveness.lint.KeepaliveFinding;
import dev.holdfast.liveness.lint.KeepaliveLinter;
import dev.holdfast.liveness.lint.KeepaliveSettings;
import dev.holdfast.liveness.lint.KeepaliveSettings.GrpcLibrary;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The linter of the gRPC keepalive that an application sets beside Holdfast's liveness. Each
 * finding is logged once per process and role.
 *
 * <p>The settings of the other side are not known; gRPC's defaults are assumed.
 */
final class BuilderKeepaliveLinter {
  private static final Logger log = LoggerFactory.getLogger(BuilderKeepaliveLinter.class);
  private static final Map<ConnectionRole, Set<KeepaliveFinding.KeepaliveFindingCode>> SAID =
      new EnumMap<>(ConnectionRole.class);

  /** The time from which on gRPC treats a keepalive time as "never". */
  private static final Duration AS_LARGE_AS_INFINITE = Duration.ofDays(1_000);

  private final ConnectionRole connectionRole;
  private @Nullable Duration time;
  private @Nullable Duration timeout;
  private boolean withoutCalls;
  private Optional<Duration> pathTimeout = Optional.empty();

  /** Creates the linter of one builder. */
  BuilderKeepaliveLinter(ConnectionRole connectionRole) {
    this.connectionRole = connectionRole;
  }

  void time(Duration value) {
    boolean never = value.compareTo(AS_LARGE_AS_INFINITE) >= 0;
    time = never || value.isNegative() || value.isZero() ? null : value;
  }

  void timeout(Duration value) {
    timeout = value.isNegative() || value.isZero() ? null : value;
  }

  void withoutCalls(boolean value) {
    withoutCalls = value;
  }

  void path(Optional<Duration> idleTimeout) {
    pathTimeout = idleTimeout;
  }

  /**
   * Reads the path setting of the environment and applies its idle timeout. Empty when the setting
   * is "off".
   */
  Optional<LivenessOptions> environmentLiveness(Map<String, String> environment) {
    path(PathSetting.idleTimeout(environment));
    return PathSetting.liveness(environment);
  }

  /** Returns the findings about the keepalive, given the liveness of this side. */
  List<KeepaliveFinding> findings(LivenessOptions options) {
    Layer layer = options.pingsEndAtHop() ? Layer.REQUESTS : Layer.PACKETS;
    KeepaliveSettings client = KeepaliveSettings.client(GrpcLibrary.HOLDFAST);
    KeepaliveSettings server = KeepaliveSettings.server(GrpcLibrary.JAVA);
    if (connectionRole == ConnectionRole.CLIENT && time != null) {
      client = timed(KeepaliveSettings.client(GrpcLibrary.JAVA)).withoutCalls(withoutCalls);
      client = client.withTcpKeepalive(options.tcp().keepIdle());
    } else if (connectionRole == ConnectionRole.SERVER) {
      client = KeepaliveSettings.client(GrpcLibrary.JAVA);
      server = timed(server).withTcpKeepalive(firstProbe(options));
    }
    return KeepaliveLinter.lint(client, server, pathTimeout, layer);
  }

  /** A server's PINGs are never punished, so whichever comes first keeps the path open. */
  private static Duration firstProbe(LivenessOptions options) {
    Duration ofKernel = options.tcp().keepIdle();
    return options.idle().compareTo(ofKernel) < 0 ? options.idle() : ofKernel;
  }

  private KeepaliveSettings timed(KeepaliveSettings settings) {
    KeepaliveSettings said = time == null ? settings : settings.withTime(time);
    return timeout == null ? said : said.withTimeout(timeout);
  }

  /** Clears the log history, for tests that share a process with others. */
  static void forgetWhatWasSaid() {
    synchronized (SAID) {
      SAID.clear();
    }
  }

  /** Logs each finding that was not logged before. */
  void warn(String subject, LivenessOptions options) {
    for (KeepaliveFinding finding : findings(options)) {
      boolean isNew;
      synchronized (SAID) {
        isNew =
            SAID.computeIfAbsent(
                    connectionRole,
                    side -> EnumSet.noneOf(KeepaliveFinding.KeepaliveFindingCode.class))
                .add(finding.code());
      }
      if (isNew) {
        boolean client = connectionRole == ConnectionRole.CLIENT;
        log.warn(
            "event=keepalive_finding {}={} finding=\"{}\" assumed=\"a {} of gRPC without"
                + " settings\"",
            client ? "service" : "server",
            subject,
            finding,
            client ? "server" : "client");
      }
    }
  }
}
