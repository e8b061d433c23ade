package dev.holdfast.spring.boot.starter.actuator;

import dev.holdfast.spring.boot.starter.actuator.ApplicationStatus.ServerStatus;
import dev.holdfast.spring.boot.starter.actuator.ApplicationStatus.ServiceList;
import java.util.List;
import java.util.Map;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;

/**
 * The actuator endpoint {@code holdfast}: lists, servers, connections, streams and close reasons.
 */
@Endpoint(id = "holdfast")
public final class HoldfastEndpoint {
  private static final String CONNECTIONS = "holdfast.liveness.connections";
  private static final String CLOSED = "holdfast.liveness.closed";
  private static final String SUSPECTED = "holdfast.liveness.suspected";

  private final ApplicationStatus status;
  private final MeterTotals meters;

  HoldfastEndpoint(ApplicationStatus status, MeterTotals meters) {
    this.status = status;
    this.meters = meters;
  }

  /**
   * The answer of the endpoint.
   *
   * @param streams numbers of resumable streams since the start
   */
  record HoldfastStatus(
      List<ServiceList> lists,
      List<ServerStatus> servers,
      ConnectionTotals clientConnections,
      ConnectionTotals serverConnections,
      StreamTotals streams) {}

  /**
   * The connections of one role.
   *
   * @param open those that are open, by state
   * @param suspected how many became suspect since the start, by the code of the reason
   * @param closed how many ended since the start, by the code of the reason
   */
  record ConnectionTotals(
      Map<String, Long> open, Map<String, Long> suspected, Map<String, Long> closed) {}

  /**
   * The resumable streams.
   *
   * @param sessions those of this process's servers, by state
   * @param attachments the physical calls for them since the start, by side
   * @param ended how many ended since the start, by how
   * @param refused how many physical calls were refused since the start, by code
   */
  record StreamTotals(
      Map<String, Long> sessions,
      Map<String, Long> attachments,
      Map<String, Long> ended,
      Map<String, Long> refused) {}

  @ReadOperation
  HoldfastStatus status() {
    return new HoldfastStatus(
        status.lists(),
        status.servers(),
        connections("client"),
        connections("server"),
        new StreamTotals(
            meters.by("state", "holdfast.streams.sessions"),
            meters.by("side", "holdfast.streams.attachments"),
            meters.by("kind", "holdfast.streams.ended"),
            meters.by("code", "holdfast.streams.refused")));
  }

  private ConnectionTotals connections(String role) {
    return new ConnectionTotals(
        meters.by("state", CONNECTIONS, "role", role),
        meters.by("code", SUSPECTED, "role", role),
        meters.by("code", CLOSED, "role", role));
  }
}
