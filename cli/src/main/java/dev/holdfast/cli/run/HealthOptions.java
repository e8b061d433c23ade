package dev.holdfast.cli.run;

import java.time.Duration;
import java.util.List;

/**
 * How the health of a program is found out.
 *
 * @param hosts where its port is tried, in this order
 * @param port the port it listens on
 * @param mode what is asked
 * @param service the service whose health is asked for; "" for the whole server
 * @param probeInterval time between probes while nothing is heard; zero for none
 */
public record HealthOptions(
    List<String> hosts, int port, Mode mode, String service, Duration probeInterval) {

  /** What is asked. */
  public enum Mode {
    /** grpc.health.v1 if the program serves it, else the port alone. */
    AUTO,
    /** grpc.health.v1, which must be there. */
    GRPC,
    /** grpc.health.v1 over TLS; the certificate is not checked: it is our own child. */
    GRPC_TLS,
    /** Whether the port accepts connections. */
    TCP
  }
}
