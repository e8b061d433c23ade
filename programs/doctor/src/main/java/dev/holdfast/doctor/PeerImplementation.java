package dev.holdfast.doctor;

import java.util.Locale;
import java.util.Map;

/**
 * The HTTP/2 implementation at the other end of the connection, identified by its SETTINGS and
 * headers.
 *
 * <p>A header is conclusive. SETTINGS are only an indication: they identify the library that wrote
 * them, and operators change some of them.
 *
 * @param kind the implementation
 * @param conclusive whether a header identified it
 * @param evidence the header or the SETTINGS that identified it
 */
public record PeerImplementation(PeerImplementationKind kind, boolean conclusive, String evidence) {

  /** The HTTP/2 implementations that are recognized. */
  public enum PeerImplementationKind {
    NGINX("nginx", true, "raise grpc_read_timeout and grpc_send_timeout in its location"),
    ENVOY(
        "Envoy",
        true,
        "raise the route's idle_timeout (or stream_idle_timeout) and set timeout: 0s for streams"),
    HAPROXY("HAProxy", true, "raise timeout client and timeout server (timeout tunnel for TCP)"),
    AWS("an AWS Application Load Balancer", true, "raise idle_timeout.timeout_seconds"),
    CLOUDFLARE("Cloudflare", true, "its read timeout can be raised in the Enterprise plan only"),
    GOOGLE("a Google front end", true, "raise the backend service's timeoutSec"),
    PROXY("a proxy", true, "raise its idle timeout of streams"),
    GRPC_JAVA("grpc-java", false, ""),
    GRPC_GO("grpc-go", false, ""),
    GRPC_CORE("gRPC C-core (C++, Python, Ruby ..)", false, ""),
    KESTREL("ASP.NET Core (Kestrel)", false, ""),
    UNKNOWN("something unknown", false, "");

    private final String title;
    private final boolean proxy;
    private final String remedy;

    PeerImplementationKind(String title, boolean proxy, String remedy) {
      this.title = title;
      this.proxy = proxy;
      this.remedy = remedy;
    }

    /** The name of the implementation in reports. */
    public String title() {
      return title;
    }

    /** Whether the implementation is a proxy, which terminates HTTP/2 on the way to the server. */
    public boolean isProxy() {
      return proxy;
    }

    /** The remedy for its stream idle timeout; "" when the implementation is no proxy. */
    public String remedy() {
      return remedy;
    }
  }

  private static final int SETTINGS_MAX_CONCURRENT_STREAMS = 3;
  private static final int SETTINGS_INITIAL_WINDOW_SIZE = 4;
  private static final int SETTINGS_MAX_FRAME_SIZE = 5;
  private static final int SETTINGS_MAX_HEADER_LIST_SIZE = 6;
  private static final int SETTINGS_ENABLE_CONNECT_PROTOCOL = 8;
  private static final int GRPC_TRUE_BINARY = 0xfe03;

  static PeerImplementation of(
      Map<Integer, Long> settings, String server, String via, String marks) {
    PeerImplementation byHeader = byHeader(server.toLowerCase(Locale.ROOT), via, marks);
    return byHeader.kind != PeerImplementationKind.UNKNOWN ? byHeader : bySettings(settings);
  }

  private static PeerImplementation byHeader(String server, String via, String marks) {
    String said = "server: " + server;
    if (server.contains("nginx")) {
      return new PeerImplementation(PeerImplementationKind.NGINX, true, said);
    }
    if (server.contains("envoy")) {
      return new PeerImplementation(PeerImplementationKind.ENVOY, true, said);
    }
    if (server.contains("awselb")) {
      return new PeerImplementation(PeerImplementationKind.AWS, true, said);
    }
    if (server.contains("cloudflare")) {
      return new PeerImplementation(PeerImplementationKind.CLOUDFLARE, true, said);
    }
    if (server.contains("haproxy")) {
      return new PeerImplementation(PeerImplementationKind.HAPROXY, true, said);
    }
    if (server.contains("kestrel")) {
      return new PeerImplementation(PeerImplementationKind.KESTREL, true, said);
    }
    if (via.contains("google")) {
      return new PeerImplementation(PeerImplementationKind.GOOGLE, true, "via: " + via);
    }
    return byMark(via, marks);
  }

  private static PeerImplementation byMark(String via, String marks) {
    if (marks.contains("x-envoy")) {
      return new PeerImplementation(PeerImplementationKind.ENVOY, true, "header " + marks);
    }
    if (marks.contains("x-amzn")) {
      return new PeerImplementation(PeerImplementationKind.AWS, true, "header " + marks);
    }
    if (marks.contains("cf-ray")) {
      return new PeerImplementation(PeerImplementationKind.CLOUDFLARE, true, "header " + marks);
    }
    return via.isEmpty()
        ? new PeerImplementation(PeerImplementationKind.UNKNOWN, false, "")
        : new PeerImplementation(PeerImplementationKind.PROXY, true, "via: " + via);
  }

  /**
   * Identifies an implementation by its default SETTINGS; docs/doctor.md says which of them were
   * seen, and in what version.
   */
  private static PeerImplementation bySettings(Map<Integer, Long> settings) {
    long streams = settings.getOrDefault(SETTINGS_MAX_CONCURRENT_STREAMS, -1L);
    long window = settings.getOrDefault(SETTINGS_INITIAL_WINDOW_SIZE, -1L);
    long frame = settings.getOrDefault(SETTINGS_MAX_FRAME_SIZE, -1L);
    long headers = settings.getOrDefault(SETTINGS_MAX_HEADER_LIST_SIZE, -1L);
    String said = "its SETTINGS";
    if (settings.containsKey(GRPC_TRUE_BINARY)) {
      return new PeerImplementation(PeerImplementationKind.GRPC_CORE, false, said);
    }
    if (streams == 128 && window == 65_536 && frame == 16_777_215) {
      return new PeerImplementation(PeerImplementationKind.NGINX, false, said);
    }
    boolean connects = settings.getOrDefault(SETTINGS_ENABLE_CONNECT_PROTOCOL, 0L) == 1;
    if (connects && streams == 100 && window < 0 && frame < 0 && headers < 0) {
      return new PeerImplementation(PeerImplementationKind.HAPROXY, false, said);
    }
    if (window == 268_435_456) {
      return new PeerImplementation(PeerImplementationKind.ENVOY, false, said);
    }
    if (streams == 100 && (window == 98_304 || window == 786_432) && headers == 32_768) {
      return new PeerImplementation(PeerImplementationKind.KESTREL, false, said);
    }
    if (window == 1_048_576 && headers == 8_192) {
      return new PeerImplementation(PeerImplementationKind.GRPC_JAVA, false, said);
    }
    if (frame == 16_384 && window < 0 && headers < 0) {
      return new PeerImplementation(PeerImplementationKind.GRPC_GO, false, said);
    }
    return new PeerImplementation(PeerImplementationKind.UNKNOWN, false, "");
  }
}
