package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The two requests to an API server: list and watch. Requests and callbacks run on the scheduler;
 * no callback follows a close.
 */
interface ApiTransport {

  /**
   * A request for a page of a list.
   *
   * @param version the least resourceVersion of the list; "" for the most recent state
   * @param next the continue token of the previous page, or "" for the first page
   * @param limit the largest number of slices
   */
  record ApiListRequest(SliceScope scope, String version, String next, int limit) {}

  /**
   * A request for a watch of a scope.
   *
   * @param version the resourceVersion after which events begin
   * @param timeout the time after which the server is to end the watch
   */
  record ApiWatchRequest(SliceScope scope, String version, Duration timeout) {}

  /** Exactly one of the two is called, unless it is closed before. */
  Subscription list(
      ApiListRequest query, Consumer<SlicePage> onPage, Consumer<ApiFailure> onFailure);

  /** Goes on until it ends, fails or is closed. */
  Subscription watch(ApiWatchRequest query, WatchReceiver receiver);

  /** The connection may be dead without knowing it: the next request gets a new one. */
  void discardConnection();

  /** Ends everything that is under way. */
  void close();

  /** The receiver of a watch's events and of its end. */
  interface WatchReceiver {
    /** The server has accepted the watch. */
    void onOpen();

    /** Delivers events in order; the list is never empty. */
    void onEvents(List<SliceEvent> events);

    /** The server ended the watch in good order; no further method is called. */
    void onEnd();

    /** The watch failed; no further method is called. */
    void onFailure(ApiFailure failure);
  }
}
