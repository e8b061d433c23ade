package dev.holdfast.control;

import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.config.core.v3.Node;

/**
 * The identity that an xDS client reports in its node. The node's metadata, which may be large, is
 * not kept.
 *
 * @param id the node id of the client's bootstrap file
 * @param cluster "" when the client reports none
 * @param agent the library, such as {@code gRPC Java}; "" when the client reports none
 * @param version of the library; "" when the client reports none
 * @param zone "" when the client reports none
 */
record ClientNode(String id, String cluster, String agent, String version, String zone) {
  @Limit(
      of = "characters of each thing that a client says of itself",
      then = "the rest is left out, and its metadata altogether")
  private static final int MAX_CHARS = 200;

  /** A client that has not said anything yet. */
  static final ClientNode UNKNOWN = new ClientNode("", "", "", "", "");

  static ClientNode of(Node node) {
    String version =
        node.hasUserAgentBuildVersion()
            ? node.getUserAgentBuildVersion().getVersion().getMajorNumber()
                + "."
                + node.getUserAgentBuildVersion().getVersion().getMinorNumber()
                + "."
                + node.getUserAgentBuildVersion().getVersion().getPatch()
            : node.getUserAgentVersion();
    return new ClientNode(
        cut(node.getId()),
        cut(node.getCluster()),
        cut(node.getUserAgentName()),
        cut(version),
        cut(node.getLocality().getZone()));
  }

  /**
   * Whether the client uses grpc-java, which gets no outlier detection. Its outlier detection
   * throws when a call ends whose instance left between pick and stream, before the call is
   * notified. Seen with 1.85.1; the counter of an instance that left is null there.
   */
  boolean isGrpcJava() {
    return agent.equals("gRPC Java");
  }

  private static String cut(String text) {
    return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS);
  }
}
