package dev.holdfast.gateway.traffic;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.util.EnumMap;
import java.util.Map;

/** The calls or attempts of one kind, by the status that they ended with. Not thread-safe. */
public final class Outcomes {
  private final Map<GrpcStatusCode, OutcomeDistributions> byStatus =
      new EnumMap<>(GrpcStatusCode.class);

  /**
   * The distributions of the calls or attempts with one status.
   *
   * @param nanos their durations
   * @param requestBytes of the DATA from the client
   * @param answerBytes of the DATA for the client
   */
  public record OutcomeDistributions(
      Distribution nanos, Distribution requestBytes, Distribution answerBytes) {
    private void add(OutcomeDistributions other) {
      nanos.add(other.nanos);
      requestBytes.add(other.requestBytes);
      answerBytes.add(other.answerBytes);
    }

    private void subtract(OutcomeDistributions other) {
      nanos.subtract(other.nanos);
      requestBytes.subtract(other.requestBytes);
      answerBytes.subtract(other.answerBytes);
    }
  }

  /** The distributions of a status, created if there are none. */
  OutcomeDistributions of(GrpcStatusCode status) {
    return byStatus.computeIfAbsent(
        status,
        s ->
            new OutcomeDistributions(
                Distribution.ofTimes(), Distribution.ofSizes(), Distribution.ofSizes()));
  }

  /** The distributions by status; without the statuses that did not occur. */
  public Map<GrpcStatusCode, OutcomeDistributions> byStatus() {
    return byStatus;
  }

  /** Adds other outcomes to these. */
  public void add(Outcomes others) {
    others.byStatus.forEach((status, each) -> of(status).add(each));
  }

  /** Subtracts an earlier sum of the same kind. */
  void subtract(Outcomes earlier) {
    earlier.byStatus.forEach((status, each) -> of(status).subtract(each));
    byStatus.values().removeIf(each -> each.nanos().count() <= 0);
  }

  /** The number of calls or attempts that ended. */
  public long count() {
    return byStatus.values().stream().mapToLong(each -> each.nanos().count()).sum();
  }

  /** The durations of all statuses together. */
  public Distribution nanos() {
    Distribution all = Distribution.ofTimes();
    byStatus.values().forEach(each -> all.add(each.nanos()));
    return all;
  }
}
