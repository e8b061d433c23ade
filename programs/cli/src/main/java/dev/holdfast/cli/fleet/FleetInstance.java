package dev.holdfast.cli.top;

import com.google.protobuf.Message;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.ConnectionsPage;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.admin.rpc.ProcessRequest;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamsPage;
import dev.holdfast.cli.CallFailureText;
import dev.holdfast.core.annotation.Limit;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The admin service of one process, with what is known of it. A process that does not answer is
 * asked again each time. Not thread-safe, but for the answers.
 */
final class TopInstance {
  @Limit(of = "time for the answer of an admin service to `top`", then = "it is shown as silent")
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private final AdminAddress address;
  private final ManagedChannel channel;
  private final LongSupplier nanoTime;
  private final long knownNanos;
  private @Nullable Long silentSinceNanos;
  private @Nullable ProcessReport report;
  private String cause = "";

  TopInstance(AdminAddress address, ManagedChannel channel, LongSupplier nanoTime) {
    this.address = address;
    this.channel = channel;
    this.nanoTime = nanoTime;
    this.knownNanos = nanoTime.getAsLong();
  }

  /**
   * The rows of one process.
   *
   * @param total rows there, before the filters
   * @param matched rows there, after the filters
   */
  record InstanceRows(List<TopRow> rows, long total, long matched) {
    static final InstanceRows NONE = new InstanceRows(List.of(), 0, 0);
  }

  /**
   * An instance as the display has it.
   *
   * @param silentFor since when it does not answer; empty while it does
   * @param cause why not
   * @param report its last answer; empty before the first one
   */
  record InstanceStatus(
      String address, Optional<Duration> silentFor, String cause, Optional<ProcessReport> report) {}

  AdminAddress address() {
    return address;
  }

  InstanceStatus status() {
    Long since = silentSinceNanos;
    return new InstanceStatus(
        address.address().toString(),
        since == null
            ? Optional.empty()
            : Optional.of(Duration.ofNanos(nanoTime.getAsLong() - since)),
        cause,
        Optional.ofNullable(report));
  }

  /** Whether the wish itself was wrong, so that no instance will answer it. */
  static Optional<String> refusal(Throwable failure) {
    return failure instanceof StatusRuntimeException status
            && status.getStatus().getCode() == Status.Code.INVALID_ARGUMENT
        ? Optional.of(String.valueOf(status.getStatus().getDescription()))
        : Optional.empty();
  }

  /**
   * Asks which process it is, then for its rows; completes exceptionally with the call's status.
   */
  CompletableFuture<Answer> ask(TopQuery query) {
    if (silentSinceNanos != null) {
      // Or a process that is back is missed for as long as the channel waits, up to two minutes.
      channel.resetConnectBackoff();
    }
    return call(AdminGrpc.getGetProcessMethod(), ProcessRequest.getDefaultInstance())
        .thenCompose(
            process -> {
              if (!address.process().isEmpty() && !address.process().equals(process.getId())) {
                throw Status.FAILED_PRECONDITION
                    .withDescription(
                        address.loopback()
                            ? "another process answers here; this one's admin service is on the"
                                + " loopback of another machine"
                            : "another process answers there now")
                    .asRuntimeException();
              }
              return query
                  .view()
                  .method()
                  .map(method -> rows(method, query))
                  .orElseGet(() -> CompletableFuture.completedFuture(InstanceRows.NONE))
                  .thenApply(rows -> new Answer(process, rows));
            });
  }

  /** The answer of a process: itself and its rows. */
  record Answer(ProcessReport process, InstanceRows rows) {}

  void answered(ProcessReport process) {
    report = process;
    silentSinceNanos = null;
    cause = "";
  }

  void failed(Throwable failure) {
    if (silentSinceNanos == null) {
      silentSinceNanos = report == null ? knownNanos : nanoTime.getAsLong();
    }
    cause =
        failure instanceof StatusRuntimeException status
            ? text(status.getStatus())
            : String.valueOf(failure.getMessage());
  }

  private static String text(Status status) {
    return switch (status.getCode()) {
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          "it does not show itself to us (expected: --admin-token-file with its token)";
      case UNIMPLEMENTED -> "no admin service answers there";
      case DEADLINE_EXCEEDED -> "no answer within " + PATIENCE.toSeconds() + "s";
      case FAILED_PRECONDITION -> String.valueOf(status.getDescription());
      default -> CallFailureText.of(status);
    };
  }

  private CompletableFuture<InstanceRows> rows(
      MethodDescriptor<RowsRequest, ? extends Message> method, TopQuery query) {
    RowsRequest request =
        RowsRequest.newBuilder()
            .setPageSize(query.limit())
            .setSort(query.sort())
            .setAscending(query.ascending())
            .addAllFilters(query.filters())
            .build();
    return call(method, request).thenApply(this::rows);
  }

  private InstanceRows rows(Message page) {
    String name = address.address().toString();
    if (page instanceof ConnectionsPage connections) {
      return new InstanceRows(
          connections.getConnectionsList().stream().map(row -> TopRow.of(row, name)).toList(),
          connections.getTotal(),
          connections.getMatched());
    }
    StreamsPage streams = (StreamsPage) page;
    return new InstanceRows(
        streams.getStreamsList().stream().map(row -> TopRow.of(row, name)).toList(),
        streams.getTotal(),
        streams.getMatched());
  }

  private <Q, A> CompletableFuture<A> call(MethodDescriptor<Q, A> method, Q request) {
    CompletableFuture<A> answer = new CompletableFuture<>();
    ClientCalls.asyncUnaryCall(
        channel.newCall(
            method,
            CallOptions.DEFAULT.withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)),
        request,
        new StreamObserver<>() {
          @Override
          public void onNext(A value) {
            answer.complete(value);
          }

          @Override
          public void onError(Throwable failure) {
            answer.completeExceptionally(failure);
          }

          @Override
          public void onCompleted() {}
        });
    return answer;
  }
}
