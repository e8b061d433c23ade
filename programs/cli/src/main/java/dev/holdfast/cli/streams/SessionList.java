package dev.holdfast.cli.streams;

import dev.holdfast.admin.v1.ListRequest;
import dev.holdfast.admin.v1.ListResponse;
import dev.holdfast.admin.v1.Session;
import dev.holdfast.admin.v1.StateCount;
import dev.holdfast.admin.v1.StreamsGrpc;
import dev.holdfast.cli.CallFailureText;
import dev.holdfast.cli.UserError;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The sessions of a server at one moment.
 *
 * @param sessions in the order of their ids, at most as many as were asked for
 * @param totals number of sessions of the method and principal asked for, by state, including those
 *     not in the list
 * @param more whether the server has more matching sessions than the list
 */
record SessionList(List<Session> sessions, Map<String, Long> totals, boolean more) {
  private static final int PAGE = 1_000;

  SessionList {
    sessions = List.copyOf(sessions);
  }

  /** The number of sessions of the method and principal asked for, over all states. */
  long total() {
    return totals.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Asks a server, page after page.
   *
   * @param filter method, state and principal
   * @param limit the most sessions
   * @param requestTimeout how long the answer with one page may take
   * @throws UserError when it has no admin service, or does not answer
   */
  static SessionList of(
      Channel channel, String server, ListRequest filter, int limit, Duration requestTimeout) {
    List<Session> sessions = new ArrayList<>();
    Map<String, Long> totals = new LinkedHashMap<>();
    String next = "";
    do {
      ListRequest request =
          filter.toBuilder()
              .setLimit(Math.min(PAGE, limit - sessions.size()))
              .setAfter(next)
              .build();
      ListResponse page = page(channel, server, request, requestTimeout);
      sessions.addAll(page.getSessionsList());
      totals.clear();
      for (StateCount count : page.getTotalsList()) {
        totals.put(count.getState(), count.getSessions());
      }
      next = page.getNext();
    } while (!next.isEmpty() && sessions.size() < limit);
    return new SessionList(sessions, totals, !next.isEmpty());
  }

  private static ListResponse page(
      Channel channel, String server, ListRequest request, Duration requestTimeout) {
    try {
      return StreamsGrpc.newBlockingStub(channel)
          .withDeadlineAfter(requestTimeout.toMillis(), TimeUnit.MILLISECONDS)
          .list(request);
    } catch (StatusRuntimeException e) {
      throw failure(server, e.getStatus());
    }
  }

  private static UserError failure(String server, Status status) {
    String why = CallFailureText.of(status);
    return switch (status.getCode()) {
      case UNIMPLEMENTED ->
          UserError.failed(
              server
                  + ": the server has no admin service for its streams; add it there with:"
                  + " builder.addService(StreamsAdmin.of(streams))");
      case UNAUTHENTICATED, PERMISSION_DENIED ->
          UserError.failed(server + ": the server does not show its streams to us: " + why);
      case INVALID_ARGUMENT -> UserError.usage(why);
      default -> UserError.failed(server + ": " + why);
    };
  }
}
