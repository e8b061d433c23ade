package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * The two requests that are made to an API server. On the scheduler only, and so are the answers;
 * none follows a close.
 */
interface ApiTransport {

  /**
   * One page of a list.
   *
   * @param version no list older than this one; "" for the most recent of all
   * @param next where an earlier page ended, or "" for the first one
   * @param limit slices at most
   */
  record ListQuery(Scope scope, String version, String next, int limit) {}

  /**
   * A watch.
   *
   * @param version from where on
   * @param timeout after what time the server is to end it
   */
  record WatchQuery(Scope scope, String version, Duration timeout) {}

  /** Exactly one of the two is called, unless it is closed before. */
  Subscription list(ListQuery query, Consumer<SlicePage> onPage, Consumer<ApiFailure> onFailure);

  /** Goes on until it ends, fails or is closed. */
  Subscription watch(WatchQuery query, WatchReceiver receiver);

  /** The connection may be dead without knowing it: the next request gets a new one. */
  void doubtConnection();

  /** Ends everything that is under way. */
  void close();

  /** Hears of a watch. */
  interface WatchReceiver {
    /** The server accepted it. */
    void onOpen();

    /** What came, in order; never empty. */
    void onEvents(List<SliceEvent> events);

    /** The server ended it in good order. The last call. */
    void onEnd();

    /** It broke. The last call. */
    void onFailure(ApiFailure failure);
  }
}
