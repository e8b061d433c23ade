package dev.holdfast.grpc;

import dev.holdfast.core.PathProfile.Layer;
import dev.holdfast.liveness.KeepaliveFinding;
import dev.holdfast.liveness.KeepaliveLinter;
import dev.holdfast.liveness.KeepaliveSettings;
import dev.holdfast.liveness.KeepaliveSettings.Stack;
import dev.holdfast.liveness.LivenessOptions;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The keepalive of gRPC that an application sets on a channel beside our liveness, and what is
 * wrong with it, said in the log once per finding and process.
 *
 * <p>Nobody here knows the server's settings: those of gRPC's own servers are assumed.
 */
final class OwnKeepalive {
  private static final Logger log = LoggerFactory.getLogger(OwnKeepalive.class);
  private static final Set<KeepaliveFinding.Code> SAID =
      EnumSet.noneOf(KeepaliveFinding.Code.class);

  /** From here on gRPC takes a keepalive time for "never". */
  private static final Duration AS_LARGE_AS_INFINITE = Duration.ofDays(1_000);

  private @Nullable Duration time;
  private @Nullable Duration timeout;
  private boolean withoutCalls;
  private Optional<Duration> pathTimeout = Optional.empty();

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

  /** What is wrong with it, given what the channel does besides. */
  List<KeepaliveFinding> findings(LivenessOptions options) {
    KeepaliveSettings client = KeepaliveSettings.client(Stack.HOLDFAST);
    if (time != null) {
      client = KeepaliveSettings.client(Stack.JAVA).withTime(time).withoutCalls(withoutCalls);
      client = timeout == null ? client : client.withTimeout(timeout);
    }
    Layer layer = options.pingsEndAtHop() ? Layer.REQUESTS : Layer.PACKETS;
    return KeepaliveLinter.lint(client, KeepaliveSettings.server(Stack.JAVA), pathTimeout, layer);
  }

  /** Says it, unless it was said before. */
  void warn(String service, LivenessOptions options) {
    for (KeepaliveFinding finding : findings(options)) {
      boolean isNew;
      synchronized (SAID) {
        isNew = SAID.add(finding.code());
      }
      if (isNew) {
        log.warn(
            "event=keepalive_doubtful service={} finding=\"{}\" assumed=\"a server of gRPC without"
                + " settings\"",
            service,
            finding);
      }
    }
  }
}
