package dev.holdfast.gateway.traffic;

import dev.holdfast.transcoding.status.GrpcStatusCode;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The histograms of calls or attempts by the status that they ended with. Written by one thread,
 * read by any.
 */
final class StatusHistograms {
  private final AtomicReferenceArray<Ended> byStatus =
      new AtomicReferenceArray<>(GrpcStatusCode.values().length);

  private static final class Ended {
    final Histogram nanos = new Histogram(Histogram.TIMES);
    final Histogram sentBytes = new Histogram(Histogram.SIZES);
    final Histogram receivedBytes = new Histogram(Histogram.SIZES);
  }

  /**
   * Counts the end of a call or attempt.
   *
   * @param nanos its duration
   * @param requestBytes that the client sent
   * @param answerBytes that were sent to the client
   */
  void record(GrpcStatusCode status, long nanos, long requestBytes, long answerBytes) {
    Ended ended = byStatus.getPlain(status.number());
    if (ended == null) {
      ended = new Ended();
      byStatus.set(status.number(), ended);
    }
    ended.nanos.record(nanos);
    ended.sentBytes.record(requestBytes);
    ended.receivedBytes.record(answerBytes);
  }

  /** Adds these histograms to a sum. */
  void addTo(Outcomes sums) {
    for (GrpcStatusCode status : GrpcStatusCode.values()) {
      @Nullable Ended ended = byStatus.get(status.number());
      if (ended != null) {
        Outcomes.OutcomeDistributions sum = sums.of(status);
        ended.nanos.addTo(sum.nanos());
        ended.sentBytes.addTo(sum.requestBytes());
        ended.receivedBytes.addTo(sum.answerBytes());
      }
    }
  }
}
