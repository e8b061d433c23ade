package dev.holdfast.gateway.traffic;

import dev.holdfast.transcoding.http.StatusCode;
import java.util.EnumMap;
import java.util.Map;

/** The calls or attempts of some kind by the status they ended with. For one thread. */
public final class Outcomes {
  private final Map<StatusCode, Of> byStatus = new EnumMap<>(StatusCode.class);

  /**
   * Those of one status.
   *
   * @param nanos how long they took
   * @param requestBytes of the DATA from the client
   * @param answerBytes of the DATA for the client
   */
  public record Of(Distribution nanos, Distribution requestBytes, Distribution answerBytes) {
    private void add(Of other) {
      nanos.add(other.nanos);
      requestBytes.add(other.requestBytes);
      answerBytes.add(other.answerBytes);
    }

    private void subtract(Of other) {
      nanos.subtract(other.nanos);
      requestBytes.subtract(other.requestBytes);
      answerBytes.subtract(other.answerBytes);
    }
  }

  /** Those of a status; made when there are none. */
  Of of(StatusCode status) {
    return byStatus.computeIfAbsent(
        status,
        s -> new Of(Distribution.ofTimes(), Distribution.ofSizes(), Distribution.ofSizes()));
  }

  /** All, by the statuses that came. */
  public Map<StatusCode, Of> byStatus() {
    return byStatus;
  }

  /** Adds others. */
  public void add(Outcomes others) {
    others.byStatus.forEach((status, each) -> of(status).add(each));
  }

  /** Takes away what was counted earlier. */
  void subtract(Outcomes earlier) {
    earlier.byStatus.forEach((status, each) -> of(status).subtract(each));
    byStatus.values().removeIf(each -> each.nanos().count() <= 0);
  }

  /** How many ended. */
  public long count() {
    return byStatus.values().stream().mapToLong(each -> each.nanos().count()).sum();
  }

  /** The times of all of them. */
  public Distribution nanos() {
    Distribution all = Distribution.ofTimes();
    byStatus.values().forEach(each -> all.add(each.nanos()));
    return all;
  }
}
