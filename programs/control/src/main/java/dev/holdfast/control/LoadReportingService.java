package dev.holdfast.control;

import com.google.protobuf.Duration;
import dev.holdfast.core.annotation.Limit;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadReportingServiceGrpc;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsResponse;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** The load reporting service (LRS): receives the load reports of clients. */
final class LoadReportingService extends LoadReportingServiceGrpc.LoadReportingServiceImplBase {
  /** The reporting interval requested from clients, in seconds. */
  private static final int INTERVAL_SECONDS = 10;

  @Limit(of = "streams of load reports in one control plane", then = "further ones are refused")
  private static final int MAX_STREAMS = 20_000;

  private final LoadTable table;
  private final MeterRegistry meters;
  private final AtomicInteger open = new AtomicInteger();

  LoadReportingService(LoadTable table, MeterRegistry meters) {
    this.table = table;
    this.meters = meters;
  }

  /** Streams that are open now. */
  int open() {
    return open.get();
  }

  @Override
  public StreamObserver<LoadStatsRequest> streamLoadStats(
      StreamObserver<LoadStatsResponse> responses) {
    Reporter reporter = new Reporter((ServerCallStreamObserver<LoadStatsResponse>) responses);
    if (open.incrementAndGet() > MAX_STREAMS) {
      ControlMeter.STREAMS_REFUSED.counter(meters, "streams").increment();
      reporter.end();
      responses.onError(
          Status.RESOURCE_EXHAUSTED
              .withDescription("streams of load reports (expected: <= " + MAX_STREAMS + ")")
              .asRuntimeException());
    }
    return reporter;
  }

  /** The load report stream of one client. gRPC calls it from one thread at a time. */
  private final class Reporter implements StreamObserver<LoadStatsRequest> {
    private final ServerCallStreamObserver<LoadStatsResponse> responses;
    private boolean told;
    private boolean over;

    Reporter(ServerCallStreamObserver<LoadStatsResponse> responses) {
      this.responses = responses;
      responses.setOnCancelHandler(this::end);
    }

    @Override
    public void onNext(LoadStatsRequest request) {
      if (over) {
        return;
      }
      if (!told) {
        told = true;
        responses.onNext(
            LoadStatsResponse.newBuilder()
                .setSendAllClusters(true)
                .setLoadReportingInterval(Duration.newBuilder().setSeconds(INTERVAL_SECONDS))
                .build());
      }
      for (ClusterStats stats : request.getClusterStatsList()) {
        ControlMeter.LOAD_REPORTS.counter(meters).increment();
        table.add(this, stats);
      }
    }

    @Override
    public void onError(Throwable cause) {
      end();
    }

    @Override
    public void onCompleted() {
      if (!over) {
        end();
        responses.onCompleted();
      }
    }

    private void end() {
      if (!over) {
        over = true;
        open.decrementAndGet();
        table.remove(this);
      }
    }
  }
}
