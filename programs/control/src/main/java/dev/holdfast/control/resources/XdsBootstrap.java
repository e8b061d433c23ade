package dev.holdfast.control.resources;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.JsonTextWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The file that tells a client of xDS where its control planes are: what GRPC_XDS_BOOTSTRAP names.
 *
 * @param servers the control planes, the preferred one first
 * @param nodeId how the client is called in what a control plane shows
 * @param locality where the client is
 * @param tls how it connects; in plain text when empty
 */
public record XdsBootstrap(
    List<HostPort> servers, String nodeId, Locality locality, Optional<BootstrapTls> tls) {

  private static final int SERVERS_INDENT = 4;

  public XdsBootstrap {
    if (servers.isEmpty()) {
      throw new IllegalArgumentException("server: none (expected: at least one HOST:PORT)");
    }
    if (nodeId.isBlank()) {
      throw new IllegalArgumentException("node-id: \"" + nodeId + "\" (expected: a name)");
    }
    servers = List.copyOf(servers);
  }

  /**
   * The location of a process; each part may be "".
   *
   * @param region such as {@code eu-west-1}
   * @param zone such as {@code a}: what a registry calls a zone
   * @param subZone a part of a zone
   */
  public record Locality(String region, String zone, String subZone) {
    /** The unknown locality: all parts are "". */
    public static final Locality UNKNOWN = new Locality("", "", "");

    private static final int PARTS = 3;

    /**
     * Parses {@code ZONE}, {@code REGION/ZONE} or {@code REGION/ZONE/SUB_ZONE}.
     *
     * @throws IllegalArgumentException naming what was given
     */
    public static Locality parse(String text) {
      List<String> parts = List.of(text.split("/", -1));
      return switch (parts.size()) {
        case 1 -> new Locality("", parts.get(0), "");
        case 2 -> new Locality(parts.get(0), parts.get(1), "");
        case PARTS -> new Locality(parts.get(0), parts.get(1), parts.get(2));
        default ->
            throw new IllegalArgumentException(
                "locality: " + text + " (expected: ZONE, REGION/ZONE or REGION/ZONE/SUB_ZONE)");
      };
    }
  }

  /**
   * The TLS files of a client: the authorities that it trusts, and its own certificate.
   *
   * @param ca certificates of those who sign; those of the system when empty
   * @param certificate the client's own, with its key; both or none
   */
  public record BootstrapTls(
      Optional<String> ca, Optional<String> certificate, Optional<String> privateKey) {

    public BootstrapTls {
      if (certificate.isPresent() != privateKey.isPresent()) {
        throw new IllegalArgumentException(
            "tls: a certificate without its key, or a key alone (expected: both or none)");
      }
    }

    private String json() {
      List<String> fields = new ArrayList<>();
      ca.ifPresent(file -> fields.add(field("ca_certificate_file", file)));
      certificate.ifPresent(file -> fields.add(field("certificate_file", file)));
      privateKey.ifPresent(file -> fields.add(field("private_key_file", file)));
      return fields.isEmpty()
          ? "{\"type\": \"tls\"}"
          : "{\"type\": \"tls\", \"config\": {" + String.join(", ", fields) + "}}";
    }
  }

  /** The text of the bootstrap file, as JSON. */
  public String json() {
    String credentials = tls.map(BootstrapTls::json).orElse("{\"type\": \"insecure\"}");
    String planes =
        servers.stream()
            .map(
                server ->
                    """
                    {
                      %s,
                      "channel_creds": [%s],
                      "server_features": ["xds_v3"]
                    }\
                    """
                        .formatted(field("server_uri", server.toString()), credentials)
                        .indent(SERVERS_INDENT)
                        .stripTrailing())
            .collect(Collectors.joining(",\n"));
    // grpc-js wants a locality, be it an empty one.
    return """
    {
      "xds_servers": [
    %s
      ],
      "node": {
        %s,
        "locality": {%s, %s, %s}
      }
    }
    """
        .formatted(
            planes,
            field("id", nodeId),
            field("region", locality.region()),
            field("zone", locality.zone()),
            field("sub_zone", locality.subZone()));
  }

  private static String field(String name, String value) {
    return '"' + name + "\": " + JsonTextWriter.quoted(value);
  }
}
