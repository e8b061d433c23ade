package dev.holdfast.core;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The idle behaviour of a kind of network path: the single table of such timeouts, each with its
 * source.
 *
 * <p>Where a product has a range, the timeout is the shortest common one, which is also safe on
 * longer paths. For a path with an unusual setting, use its measured idle timeout instead of a
 * profile.
 */
public enum PathProfile {
  SWARM(
      "Docker Swarm overlay network (IPVS)",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(15),
      "ipvsadm -l --timeout says 900 120 300 and Swarm has no setting for it; some kernels reset"
          + " on the next packet instead"),
  CONNTRACK(
      "Linux connection tracking: firewalls, kube-proxy with iptables, Docker's NAT",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofHours(1),
      "net.netfilter.nf_conntrack_tcp_timeout_established is 5 days and often lowered to 1 h"),
  NLB(
      "AWS Network Load Balancer",
      Layer.PACKETS,
      Expiry.RESET,
      Duration.ofSeconds(350),
      "AWS documentation, TCP idle timeout: 350 s, settable from 60 s to 6000 s"),
  ALB(
      "AWS Application Load Balancer",
      Layer.REQUESTS,
      Expiry.STREAM_ERROR,
      Duration.ofMinutes(1),
      "AWS documentation, idle_timeout.timeout_seconds: 60 s; HTTP/2 PINGs do not count"),
  AWS_NAT(
      "AWS NAT gateway",
      Layer.PACKETS,
      Expiry.RESET,
      Duration.ofSeconds(350),
      "AWS documentation, NAT gateway: 350 s, fixed"),
  AZURE(
      "Azure Load Balancer and outbound NAT",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(4),
      "Azure documentation, TCP idle timeout: 4 min, settable up to 100 min"),
  GCP(
      "Google Cloud VPC firewall",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(10),
      "Google Cloud documentation, VPC connection tracking: 10 min, fixed"),
  GCP_NAT(
      "Google Cloud NAT",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(20),
      "Google Cloud documentation, TCP established idle timeout: 20 min, settable"),
  CLOUDFLARE(
      "Cloudflare proxy",
      Layer.REQUESTS,
      Expiry.CLOSE,
      Duration.ofSeconds(100),
      new ConnectionIdleTimeout(Duration.ofSeconds(400), Expiry.CLOSE),
      "Cloudflare documentation: proxy read timeout 100 s; idle connections close after 400 s to"
          + " 900 s"),
  ENVOY(
      "Envoy, and meshes made of it",
      Layer.REQUESTS,
      Expiry.STREAM_ERROR,
      Duration.ofMinutes(5),
      new ConnectionIdleTimeout(Duration.ofHours(1), Expiry.GOAWAY),
      "Envoy documentation: stream_idle_timeout 5 min; idle_timeout of a connection without"
          + " requests 1 h"),
  NGINX(
      "nginx with grpc_pass",
      Layer.REQUESTS,
      Expiry.STREAM_ERROR,
      Duration.ofMinutes(1),
      "nginx documentation, grpc_read_timeout: 60 s between two reads of a stream, then 504"),
  HAPROXY(
      "HAProxy",
      Layer.REQUESTS,
      Expiry.CLOSE,
      Duration.ofSeconds(30),
      "timeout client and timeout server as set, commonly 30 s to 60 s"),
  CLB(
      "Alibaba Cloud and Tencent Cloud load balancers",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(15),
      "their documentation: 900 s; say the number where the balancer is OpenStack Octavia (50 s) or"
          + " one of Huawei or Oracle (300 s to 360 s)"),
  FIREWALL(
      "Stateful firewalls in offices and data centres",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(30),
      "Juniper 1800 s; Cisco ASA, Palo Alto and Fortinet 3600 s"),
  HOME(
      "Home routers",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(4),
      "measured by many: 4 min to 60 min, often below 5 min"),
  MOBILE(
      "Mobile networks behind the carrier's NAT",
      Layer.PACKETS,
      Expiry.SILENT_DROP,
      Duration.ofMinutes(4),
      "measured by many: 4 min to 60 min, often below 5 min"),
  LAN("Nothing in between", Layer.PACKETS, Expiry.NOTHING, null, "a switch keeps no connections");

  /** The protocol layer at which a path measures idle time. */
  public enum Layer {
    /** TCP packets: any of them counts, TCP keepalive and HTTP/2 PINGs included. */
    PACKETS,
    /**
     * Requests: a hop ends TCP and HTTP/2 and answers keepalives and PINGs itself; only DATA within
     * a stream keeps that stream.
     */
    REQUESTS
  }

  /** The fate of a connection or stream that was idle for too long. */
  public enum Expiry {
    /** The path keeps idle connections. */
    NOTHING,
    /** The connection is forgotten: later packets vanish, and neither side is told. */
    SILENT_DROP,
    /** The connection is forgotten: the next packet is answered with a TCP reset. */
    RESET,
    /** The connection is closed at once, and both sides see that. */
    CLOSE,
    /** The client is told by a GOAWAY, and it is closed. */
    GOAWAY,
    /** The stream ends with an error of the hop (504, GOAWAY, 5xx). */
    STREAM_ERROR
  }

  /**
   * The idle timeout of connections, where a hop has another one for them than for streams.
   *
   * @param idleTimeout the longest time without a request
   * @param expiry what happens to the connection then
   */
  public record ConnectionIdleTimeout(Duration idleTimeout, Expiry expiry) {}

  private static final int TYPING_ERRORS = 2;

  private final String description;
  private final Layer layer;
  private final Expiry expiry;
  private final @Nullable Duration idleTimeout;
  private final @Nullable ConnectionIdleTimeout connectionIdleTimeout;
  private final String source;

  PathProfile(
      String description,
      Layer layer,
      Expiry expiry,
      @Nullable Duration idleTimeout,
      String source) {
    this(description, layer, expiry, idleTimeout, null, source);
  }

  PathProfile(
      String description,
      Layer layer,
      Expiry expiry,
      @Nullable Duration idleTimeout,
      @Nullable ConnectionIdleTimeout connectionIdleTimeout,
      String source) {
    this.description = description;
    this.layer = layer;
    this.expiry = expiry;
    this.idleTimeout = idleTimeout;
    this.connectionIdleTimeout = connectionIdleTimeout;
    this.source = source;
  }

  /** A description of the path for people. */
  public String description() {
    return description;
  }

  /** The protocol layer at which the path measures idle time. */
  public Layer layer() {
    return layer;
  }

  /** The action of the path when the idle timeout has passed. */
  public Expiry expiry() {
    return expiry;
  }

  /**
   * The idle time after which the path drops the connection ({@link Layer#PACKETS}) or ends the
   * stream ({@link Layer#REQUESTS}); empty when it never does.
   */
  public Optional<Duration> idleTimeout() {
    return Optional.ofNullable(idleTimeout);
  }

  /**
   * The idle timeout of connections without requests, where it differs; {@link #idleTimeout()} then
   * is the timeout of streams. Empty elsewhere.
   */
  public Optional<ConnectionIdleTimeout> connectionIdleTimeout() {
    return Optional.ofNullable(connectionIdleTimeout);
  }

  /** The source of the timeouts, with their uncertainty. */
  public String source() {
    return source;
  }

  /**
   * The profile of this name, in any case, with {@code -} for {@code _}.
   *
   * @param setting where the name was said, for the error
   * @throws IllegalArgumentException listing the names there are, and which one may be meant
   */
  public static PathProfile parse(String setting, String name) {
    String wanted = name.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    for (PathProfile profile : values()) {
      if (profile.name().equals(wanted)) {
        return profile;
      }
    }
    List<String> names = Stream.of(values()).map(PathProfile::spelling).toList();
    String nearest = NearestName.of(name.strip().toLowerCase(Locale.ROOT), names, TYPING_ERRORS);
    throw new IllegalArgumentException(
        setting
            + ": "
            + name
            + " (expected: one of "
            + String.join(", ", names)
            + (nearest.isEmpty() ? "" : "; did you mean " + nearest + "?")
            + ")");
  }

  /** As {@link #parse(String, String)}, of a setting called {@code path}. */
  public static PathProfile parse(String name) {
    return parse("path", name);
  }

  private String spelling() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
