package dev.holdfast.cli.fleet;

import com.google.protobuf.Message;
import dev.holdfast.admin.AdminAddress;
import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.ConnectionsPage;
import dev.holdfast.admin.rpc.DrainingReport;
import dev.holdfast.admin.rpc.DrainingRequest;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.admin.rpc.ProcessRequest;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamsPage;
import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.FutureCall;
import dev.holdfast.core.annotation.Limit;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The admin service of one process, with what is known of it. One that does not answer is probed
 * until it does, beside the questions to the others. Not thread-safe, but for the answers.
 */
public final class FleetInstance {
  @Limit(
      of = "time for the answer of an admin service to `top` and `console`",
      then = "it is shown as silent, unless others still answer")
  static final Duration PATIENCE = Duration.ofSeconds(2);

  private final String key;
  private final AdminAddress address;
  private final ManagedChannel channel;
  private final LongSupplier nanoTime;
  private final long knownNanos;
  private @Nullable Long silentSinceNanos;
  private @Nullable ProcessReport report;
  private @Nullable CompletableFuture<ProcessReport> probe;
  private String cause = "";

  FleetInstance(String key, AdminAddress address, ManagedChannel channel, LongSupplier nanoTime) {
    this.key = key;
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
   * @param next the token of the page behind these; "" at the end
   */
  record InstanceRows(List<FleetRow> rows, long total, long matched, String next) {
    static final InstanceRows NONE = new InstanceRows(List.of(), 0, 0, "");
  }

  /** The answer of a process: itself and its rows. */
  record Answer(ProcessReport process, InstanceRows rows) {}

  /**
   * An instance as the display has it.
   *
   * @param silentFor since when it does not answer; empty while it does
   * @param cause why not, or why it refused what others answered; "" when neither
   * @param report its last answer; empty before the first one
   */
  public record InstanceStatus(
      String address, Optional<Duration> silentFor, String cause, Optional<ProcessReport> report) {}

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

  /** The sentence with which a process refused the query itself; empty for any other failure. */
  static Optional<String> refusal(Throwable failure) {
    return failure instanceof StatusRuntimeException status
            && status.getStatus().getCode() == Status.Code.INVALID_ARGUMENT
        ? Optional.of(String.valueOf(status.getStatus().getDescription()))
        : Optional.empty();
  }

  /**
   * Whether it answers as far as is known. One that did not is probed, without waiting for it; what
   * an earlier probe has found out counts now.
   */
  boolean isAnswering() {
    if (silentSinceNanos == null) {
      return true;
    }
    CompletableFuture<ProcessReport> probed = probe;
    if (probed != null && probed.isDone()) {
      probe = null;
      if (!probed.isCompletedExceptionally()) {
        answered(probed.join());
        return true;
      }
      var unused = probed.whenComplete((answer, failure) -> failed(FleetReader.root(failure)));
    }
    // Or a process that is back is missed for as long as the channel waits, up to two minutes.
    channel.resetConnectBackoff();
    if (probe == null) {
      probe = process(PATIENCE);
    }
    return false;
  }

  /**
   * Asks which process it is, then for its rows; fails with the call's status, and is waited for by
   * {@link AnswerWait}. A process of an earlier version that does not know such rows has none.
   */
  CompletableFuture<Answer> ask(FleetQuery query) {
    return process(AnswerWait.PATIENCE_WHILE_OTHERS_ANSWER)
        .thenCompose(
            process ->
                rows(query, query.limit())
                    .exceptionally(FleetInstance::noneIfUnknown)
                    .thenApply(rows -> new Answer(process, rows)));
  }

  private static InstanceRows noneIfUnknown(Throwable failure) {
    if (FleetReader.root(failure) instanceof StatusRuntimeException status
        && status.getStatus().getCode() == Status.Code.UNIMPLEMENTED) {
      return InstanceRows.NONE;
    }
    throw new CompletionException(failure);
  }

  /** The first rows of a page, at most so many; none of a view that no process lists. */
  CompletableFuture<InstanceRows> rows(FleetQuery query, int limit) {
    if (query.view().method().isEmpty()) {
      return CompletableFuture.completedFuture(InstanceRows.NONE);
    }
    if (query.from().ended().contains(key)) {
      // Its rows are on earlier pages; how many there are is shown on each.
      return call(query.view().method().get(), request(query, "", 1))
          .thenApply(this::rows)
          .thenApply(first -> new InstanceRows(List.of(), first.total(), first.matched(), ""));
    }
    String token = query.from().tokens().getOrDefault(key, "");
    return call(query.view().method().get(), request(query, token, limit)).thenApply(this::rows);
  }

  private static RowsRequest request(FleetQuery query, String token, int limit) {
    return RowsRequest.newBuilder()
        .setPageSize(limit)
        .setPageToken(token)
        .setSort(query.sort())
        .setAscending(query.ascending())
        .addAllFilters(query.filters())
        .build();
  }

  CompletableFuture<List<String>> setDraining(String endpoint, boolean draining) {
    DrainingRequest request =
        DrainingRequest.newBuilder().setEndpoint(endpoint).setDraining(draining).build();
    return FutureCall.of(channel, AdminGrpc.getSetDrainingMethod(), request, PATIENCE)
        .thenApply(DrainingReport::getEndpointsList);
  }

  private CompletableFuture<ProcessReport> process(Duration patience) {
    return FutureCall.of(
            channel, AdminGrpc.getGetProcessMethod(), ProcessRequest.getDefaultInstance(), patience)
        .thenApply(
            process -> {
              if (address.process().isEmpty() || address.process().equals(process.getId())) {
                return process;
              }
              throw Status.FAILED_PRECONDITION
                  .withDescription(
                      address.loopback()
                          ? "another process answers here; this one's admin service is on the"
                              + " loopback of another machine"
                          : "another process answers there now")
                  .asRuntimeException();
            });
  }

  void answered(ProcessReport process) {
    report = process;
    silentSinceNanos = null;
    cause = "";
  }

  /** A process of another version may not know what others answer: a sort key, a filter. */
  void refused(String sentence) {
    cause = sentence;
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

  private InstanceRows rows(Message page) {
    String name = address.address().toString();
    if (page instanceof ConnectionsPage connections) {
      return new InstanceRows(
          connections.getConnectionsList().stream()
              .map(row -> FleetRow.of(row, key, name))
              .toList(),
          connections.getTotal(),
          connections.getMatched(),
          connections.getNextPageToken());
    }
    StreamsPage streams = (StreamsPage) page;
    return new InstanceRows(
        streams.getStreamsList().stream().map(row -> FleetRow.of(row, key, name)).toList(),
        streams.getTotal(),
        streams.getMatched(),
        streams.getNextPageToken());
  }

  private <A> CompletableFuture<A> call(
      MethodDescriptor<RowsRequest, A> method, RowsRequest request) {
    return FutureCall.of(channel, method, request, AnswerWait.PATIENCE_WHILE_OTHERS_ANSWER);
  }
}
