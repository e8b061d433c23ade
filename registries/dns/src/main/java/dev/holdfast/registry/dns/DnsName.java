package dev.holdfast.registry.dns;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.ServiceName;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A name to be looked up.
 *
 * @param host a host name or IP literal; for SRV the name of the service's records
 * @param port the port of its addresses; 0 when unknown or said by SRV records
 */
record DnsName(String host, int port) {
  private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
  private static final Pattern DIGITS = Pattern.compile("\\d{1,5}");

  /** Parses {@code host:port} or {@code host}. */
  static DnsName parse(String text, int defaultPort) {
    if (text.startsWith("[") || text.indexOf(':') >= 0) {
      HostPort address = HostPort.parse(text);
      return new DnsName(address.host(), address.port());
    }
    // For its check of the host.
    return new DnsName(new HostPort(text, 1).host(), defaultPort);
  }

  /**
   * The name under which a service's addresses are. The namespace is the domain: {@code
   * svc.cluster.local/prod/orders} is {@code orders.prod.svc.cluster.local}.
   */
  static DnsName ofAddresses(ServiceName service, int defaultPort) {
    String port = service.portName().orElse("");
    if (!port.isEmpty() && !DIGITS.matcher(port).matches()) {
      throw new IllegalArgumentException(
          "port: " + port + " (expected: a number; names of ports are for srv:)");
    }
    return new DnsName(
        domain(service),
        port.isEmpty() ? defaultPort : new HostPort("x", Integer.parseInt(port)).port());
  }

  /**
   * The name under which a service's SRV records are. A port's name becomes the usual prefix:
   * {@code example/orders:grpc} is {@code _grpc._tcp.orders.example}.
   */
  static DnsName ofServices(ServiceName service) {
    return new DnsName(
        service.portName().map(port -> "_" + port + "._tcp.").orElse("") + domain(service), 0);
  }

  static boolean isLiteral(String host) {
    return IPV4.matcher(host).matches() || host.indexOf(':') >= 0;
  }

  private static String domain(ServiceName service) {
    List<String> labels = new ArrayList<>();
    if (!service.namespace().isEmpty()) {
      Collections.addAll(labels, service.namespace().split("/", -1));
    }
    labels.add(service.name());
    Collections.reverse(labels);
    return String.join(".", labels);
  }
}
