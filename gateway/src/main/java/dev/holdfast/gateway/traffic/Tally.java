package dev.holdfast.gateway.traffic;

import dev.holdfast.transcoding.http.StatusCode;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Calls or attempts by the status they ended with. Written by one thread, read by any. */
final class Tally {
  private final AtomicReferenceArray<Ended> byStatus =
      new AtomicReferenceArray<>(StatusCode.values().length);

  private static final class Ended {
    final Histogram nanos = new Histogram(Histogram.TIMES);
    final Histogram sentBytes = new Histogram(Histogram.SIZES);
    final Histogram receivedBytes = new Histogram(Histogram.SIZES);
  }

  /**
   * One more ended.
   *
   * @param requestBytes that the client sent
   * @param answerBytes that the client was sent
   */
  void record(StatusCode status, long nanos, long requestBytes, long answerBytes) {
    Ended ended = byStatus.getPlain(status.number());
    if (ended == null) {
      ended = new Ended();
      byStatus.set(status.number(), ended);
    }
    ended.nanos.record(nanos);
    ended.sentBytes.record(requestBytes);
    ended.receivedBytes.record(answerBytes);
  }

  /** Adds what was counted to the sums of several. */
  void addTo(Outcomes sums) {
    for (StatusCode status : StatusCode.values()) {
      @Nullable Ended ended = byStatus.get(status.number());
      if (ended != null) {
        Outcomes.Of sum = sums.of(status);
        ended.nanos.addTo(sum.nanos());
        ended.sentBytes.addTo(sum.requestBytes());
        ended.receivedBytes.addTo(sum.answerBytes());
      }
    }
  }
}
