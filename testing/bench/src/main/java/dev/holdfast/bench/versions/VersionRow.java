package dev.holdfast.bench.versions;

import java.util.List;

/**
 * A set of versions that a program may have, and what has to work with it.
 *
 * @param name of the row in the output
 * @param grpc the version of grpc-java
 * @param transport the artifact of its transport
 * @param netty the version of Netty, where the transport has none of its own
 * @param protobuf the version of the runtime
 * @param parts of {@link VersionSmoke}
 */
record VersionRow(
    String name, String grpc, String transport, String netty, String protobuf, List<String> parts) {
  private static final String NETTY = "grpc-netty";
  private static final String SHADED = "grpc-netty-shaded";
  private static final List<String> ALL = List.of("builders", "etcd", "stock");

  /** The rows, from the oldest versions to the newest. */
  static final List<VersionRow> ROWS =
      List.of(
          new VersionRow("oldest", "1.68.3", NETTY, "4.1.110.Final", "3.25.8", ALL),
          new VersionRow("1.69", "1.69.1", NETTY, "4.1.110.Final", "3.25.8", ALL),
          new VersionRow("1.70", "1.70.0", NETTY, "4.1.110.Final", "3.25.8", ALL),
          new VersionRow("1.71", "1.71.0", NETTY, "4.1.118.Final", "3.25.8", ALL),
          new VersionRow("1.75, protobuf 4", "1.75.0", NETTY, "4.1.124.Final", "4.31.1", ALL),
          new VersionRow("1.80", "1.80.0", NETTY, "4.2.10.Final", "4.34.1", ALL),
          new VersionRow(
              "shaded Netty alone", "1.80.0", SHADED, "4.2.10.Final", "4.34.1", List.of("shaded")),
          new VersionRow("newest", "1.85.1", NETTY, "4.2.18.Final", "4.36.2", ALL),
          new VersionRow("oldest, relocated", "1.68.3", SHADED, "4.1.110.Final", "3.25.8", ALL),
          new VersionRow("newest, relocated", "1.85.1", SHADED, "4.2.18.Final", "4.36.2", ALL));

  /** Whether the program has {@code holdfast-grpc-netty-shaded} instead of what is inside. */
  boolean relocated() {
    return transport.equals(SHADED) && parts.equals(ALL);
  }

  @Override
  public String toString() {
    return "%s (grpc-java %s, %s, %s, protobuf %s)"
        .formatted(name, grpc, transport, transport.equals(NETTY) ? netty : "its own", protobuf);
  }
}
