package dev.holdfast.cli.run;

import java.time.Duration;
import java.util.List;

/**
 * The options of a program's health check.
 *
 * @param hosts the hosts at which the port is tried, in this order
 * @param port the port that the program listens on
 * @param mode the kind of check
 * @param service the service whose health is asked for; "" for the whole server
 * @param healthTimeout the time that the program may take for its first answer in gRPC, from the
 *     moment its port is open
 * @param probeInterval the time without a message after which the health is checked; zero for none
 */
public record ProgramHealthOptions(
    List<String> hosts,
    int port,
    Mode mode,
    String service,
    Duration healthTimeout,
    Duration probeInterval) {

  /** The kind of a health check. */
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
