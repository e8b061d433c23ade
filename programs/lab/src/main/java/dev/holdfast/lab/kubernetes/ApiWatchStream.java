package dev.holdfast.lab.kubernetes;

import dev.holdfast.core.JsonTextWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An open watch. Changes are pulled from the store when the store signals them and the client is
 * ready, so that nothing queues up behind a slow client (backpressure). All methods but {@link
 * #wake} run on the loop of its channel.
 */
final class ApiWatchStream {
  /** The real server says once more where it is, shortly before it ends a watch. */
  private static final Duration LAST_BOOKMARK_BEFORE_END = Duration.ofSeconds(2);

  /**
   * The duration of a watch without a timeout parameter, in seconds. A real server draws between
   * half an hour and an hour; here it is always half an hour.
   */
  private static final int DEFAULT_SECONDS = 1_800;

  private final ApiServer server;
  private final ApiStore store;
  private final ApiExchange apiExchange;
  private final ApiRequest request;
  private final Selector selector;
  private final Runnable wake = this::wake;
  private final AtomicBoolean woken = new AtomicBoolean();
  private long firstVersion;
  private long seenVersion;
  private boolean silent;
  private boolean ended;

  ApiWatchStream(ApiServer server, ApiExchange apiExchange, ApiRequest request)
      throws ApiException {
    this.server = server;
    store = server.store();
    this.apiExchange = apiExchange;
    this.request = request;
    selector =
        Selector.parse(request.parameter("labelSelector"), request.parameter("fieldSelector"));
  }

  /** Sends what the client asked to begin with, and goes on with changes. */
  void start() throws ApiException {
    String from = request.parameter("resourceVersion");
    if (!request.parameter("resourceVersionMatch").isEmpty()) {
      throw ApiException.invalidOptions(
          "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless"
              + " sendInitialEvents is provided");
    }
    int seconds = ListQuery.number("timeoutSeconds", request.parameter("timeoutSeconds"));
    boolean everything = from.isEmpty() || from.equals("0");
    seenVersion = everything ? store.cacheVersion() : version(from);
    firstVersion = seenVersion;
    if (server.expiresByStatus() && store.changesAfter(seenVersion) == null) {
      throw new ApiException(ApiStatus.tooOld(seenVersion, store.oldestWatchableVersion()));
    }
    server.opened(this);
    apiExchange.begin();
    if (everything) {
      sendEverything();
    }
    store.listen(wake);
    Duration limit = Duration.ofSeconds(seconds == 0 ? DEFAULT_SECONDS : seconds);
    later(limit, this::timeUp);
    String bookmarks = request.parameter("allowWatchBookmarks");
    if (bookmarks.equals("true") || bookmarks.equals("1")) {
      scheduleBookmark(server.options().bookmarkInterval());
      Duration last = limit.minus(LAST_BOOKMARK_BEFORE_END);
      if (!last.isNegative()) {
        later(last, this::bookmark);
      }
    }
    pull();
  }

  /** Signals that there may be changes. Called from any thread. */
  void wake() {
    if (woken.compareAndSet(false, true)) {
      apiExchange.loop().execute(this::pull);
    }
  }

  /** Stops sending without ending the watch, like a half-open connection. */
  void goSilent() {
    silent = true;
  }

  /** Ends the watch with 410 in an ERROR event. */
  void expire() {
    error(ApiStatus.tooOld(seenVersion, store.version()));
  }

  /** Sends a text as it is. */
  void sendRaw(String text) {
    if (!ended && !silent) {
      apiExchange.piece(bytes(text));
    }
  }

  /** Ends in good order, as at its time limit. */
  void timeUp() {
    if (!ended && !silent) {
      close();
      apiExchange.end();
    }
  }

  /** Closes the watch, because the client disconnected or the watch has ended. */
  void close() {
    ended = true;
    store.forget(wake);
    server.closed(this);
  }

  private void pull() {
    woken.set(false);
    if (ended || silent || !apiExchange.isWritable()) {
      return;
    }
    List<ApiStore.StoreChange> storeChanges = store.changesAfter(seenVersion);
    if (storeChanges == null) {
      error(ApiStatus.tooOld(seenVersion, store.oldestWatchableVersion()));
      return;
    }
    StringBuilder lines = new StringBuilder();
    for (ApiStore.StoreChange storeChange : storeChanges) {
      lines.append(event(storeChange));
      seenVersion = storeChange.version();
    }
    apiExchange.piece(bytes(lines.toString()));
  }

  private String event(ApiStore.StoreChange storeChange) {
    boolean concerned =
        storeChange.key().resource() == request.resource()
            && (request.namespace().isEmpty()
                || request.namespace().equals(storeChange.key().namespace()))
            && (request.name().isEmpty() || request.name().equals(storeChange.key().name()));
    StoredObject before = chosen(storeChange.before());
    StoredObject after = chosen(storeChange.after());
    if (!concerned || (before == null && after == null)) {
      return "";
    }
    if (after == null && before != null) {
      // Deleted, or not chosen any more: for the watcher it is the same.
      return ApiFault.event("DELETED", before.deleted(storeChange.version()).alone());
    }
    String type = before == null ? "ADDED" : "MODIFIED";
    return after == null ? "" : ApiFault.event(type, after.alone());
  }

  private @Nullable StoredObject chosen(@Nullable StoredObject object) {
    return object != null && selector.matches(object) ? object : null;
  }

  private void sendEverything() {
    List<StoredObject> all = store.list(request.resource(), seenVersion);
    if (all == null) {
      return;
    }
    StringBuilder lines = new StringBuilder();
    for (StoredObject object : all) {
      boolean inNamespace =
          request.namespace().isEmpty() || request.namespace().equals(object.key().namespace());
      if (inNamespace && selector.matches(object)) {
        lines.append(ApiFault.event("ADDED", object.alone()));
      }
    }
    apiExchange.piece(bytes(lines.toString()));
  }

  private void scheduleBookmark(Duration interval) {
    later(
        interval,
        () -> {
          bookmark();
          if (!ended) {
            scheduleBookmark(interval);
          }
        });
  }

  private void later(Duration delay, Runnable action) {
    var unused = apiExchange.loop().schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /**
   * Where the watch stands, if that is further than where it began: as the real server, this one
   * sends no bookmark while nothing has become of the kind in the whole cluster, and none to a
   * client that is ahead of a store that was lost.
   */
  private void bookmark() {
    if (ended || silent || !apiExchange.isWritable()) {
      return;
    }
    pull();
    long now = store.progress(request.resource());
    if (ended || now <= firstVersion) {
      return;
    }
    seenVersion = Math.max(seenVersion, now);
    ApiResource resource = request.resource();
    String text =
        new JsonTextWriter()
            .object()
            .with("kind", resource.kind())
            .with("apiVersion", resource.apiVersion())
            .object("metadata")
            .with("resourceVersion", Long.toString(now))
            .endObject()
            .json(resource.emptyContent())
            .endObject()
            .toString();
    apiExchange.piece(bytes(ApiFault.event("BOOKMARK", text)));
  }

  private void error(ApiStatus status) {
    if (!ended && !silent) {
      close();
      apiExchange.piece(bytes(ApiFault.event("ERROR", status.json())));
      apiExchange.end();
    }
  }

  private static long version(String text) throws ApiException {
    try {
      return Long.parseUnsignedLong(text);
    } catch (NumberFormatException e) {
      throw new ApiException(
          ApiStatus.of(
              500,
              "",
              "resourceVersion: Invalid value: \""
                  + text
                  + "\": strconv.ParseUint: parsing \""
                  + text
                  + "\": invalid syntax"));
    }
  }

  private static ByteBuf bytes(String text) {
    return Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8));
  }
}
