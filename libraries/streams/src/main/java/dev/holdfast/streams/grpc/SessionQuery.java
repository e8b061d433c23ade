package dev.holdfast.streams.grpc;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.streams.SessionState;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * A query for a page of sessions, in the order of their ids, so that sessions that come and go
 * between two pages do not shift others.
 *
 * @param limit sessions on the page
 * @param after the id behind which the page begins; "" for the first page
 * @param method "" for any, as are the following
 */
record SessionQuery(int limit, String after, String method, String state, String principal) {
  @Limit(of = "sessions on one page of StreamsAdmin", then = "a request for more is refused")
  static final int MAX_PAGE = 1_000;

  private static final int DEFAULT_PAGE = 100;

  /**
   * The result of a query.
   *
   * @param totals of the method and the principal, whatever the state
   * @param next the id to go on after; "" at the end
   */
  record Page(List<SessionView> sessions, Map<SessionState, Long> totals, String next) {}

  SessionQuery {
    if (limit < 0 || limit > MAX_PAGE) {
      throw new IllegalArgumentException(
          "limit: " + limit + " (expected: 1 to " + MAX_PAGE + ", or 0 for " + DEFAULT_PAGE + ")");
    }
    limit = limit == 0 ? DEFAULT_PAGE : limit;
    String wanted = state;
    if (!state.isEmpty()
        && Arrays.stream(SessionState.values()).noneMatch(known -> known.name().equals(wanted))) {
      throw new IllegalArgumentException(
          "state: " + state + " (expected: one of " + List.of(SessionState.values()) + ")");
    }
  }

  /** Goes once over all sessions and keeps no more than a page of them. */
  Page over(Iterable<SessionView> sessions) {
    Comparator<SessionView> byId = Comparator.comparing(SessionView::id);
    PriorityQueue<SessionView> page = new PriorityQueue<>(limit + 1, byId.reversed());
    Map<SessionState, Long> totals = new EnumMap<>(SessionState.class);
    boolean more = false;
    for (SessionView session : sessions) {
      if (!isAny(method, session.method()) || !isAny(principal, session.principal())) {
        continue;
      }
      totals.merge(session.state(), 1L, Long::sum);
      if (isAny(state, session.state().name()) && session.id().compareTo(after) > 0) {
        page.add(session);
        if (page.size() > limit) {
          page.remove();
          more = true;
        }
      }
    }
    List<SessionView> ordered = page.stream().sorted(byId).toList();
    return new Page(ordered, totals, more ? ordered.get(ordered.size() - 1).id() : "");
  }

  private static boolean isAny(String wanted, String actual) {
    return wanted.isEmpty() || wanted.equals(actual);
  }
}
