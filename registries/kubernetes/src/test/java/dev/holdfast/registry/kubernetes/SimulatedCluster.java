package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.registry.kubernetes.Slice.Backend;
import dev.holdfast.registry.kubernetes.Slice.EndpointPort;
import dev.holdfast.registry.kubernetes.Slice.Family;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * An API server under virtual time, its faults, and a network that is late and rude: answers come
 * even for requests that were given up.
 */
final class SimulatedCluster implements ApiTransport {
  private static final long FIRST_VERSION = 100_000;
  private static final Duration BOOKMARKS = Duration.ofSeconds(60);

  /** What is wrong now. */
  enum Fault {
    NONE,
    /** Connections are refused. */
    AWAY,
    /** Requests are accepted and never answered. */
    DEAF,
    /** Every watch ends with 410. */
    STORM,
    /** Everything is answered with 429. */
    BUSY,
    /** Watches end at once, in good order. */
    CURT
  }

  /** Hears of requests. */
  interface Observer {
    void onList(ApiListRequest query);

    void onWatch(ApiWatchRequest query);

    void onBusy(Duration retryAfter);
  }

  private final Scheduler scheduler;
  private final Random random;
  private final Observer observer;
  private final Set<OpenWatch> watches = new LinkedHashSet<>();
  private TreeMap<String, Slice> slices = new TreeMap<>();
  private TreeMap<String, Slice> saved = new TreeMap<>();
  private long version = FIRST_VERSION;
  private long compacted = FIRST_VERSION;
  private final TreeMap<Long, SliceEvent> history = new TreeMap<>();
  private final Map<String, SlicePage> pagesOf = new TreeMap<>();
  private Fault fault = Fault.NONE;
  private int doubts;
  private int restores;

  SimulatedCluster(Scheduler scheduler, Random random, Observer observer) {
    this.scheduler = scheduler;
    this.random = random;
    this.observer = observer;
  }

  Map<String, Slice> slices() {
    return Map.copyOf(slices);
  }

  void suffer(Fault next) {
    fault = next;
    switch (next) {
      case AWAY -> List.copyOf(watches).forEach(w -> w.fail(ApiError.UNREACHABLE));
      case DEAF -> watches.forEach(w -> w.silent = true);
      case STORM -> List.copyOf(watches).forEach(w -> w.fail(ApiError.GONE));
      case CURT -> List.copyOf(watches).forEach(OpenWatch::end);
      case NONE, BUSY -> {}
    }
  }

  /** Writes, replaces or deletes a slice. */
  void change() {
    String name = "slice-" + random.nextInt(6);
    version++;
    SliceEvent event;
    if (random.nextInt(4) == 0 && slices.containsKey(name)) {
      slices.remove(name);
      event = new SliceEvent.DeletedEvent(name, Long.toString(version));
    } else {
      Slice slice =
          new Slice(
              name,
              "orders",
              Long.toString(version),
              Family.IPV4,
              List.of(new EndpointPort("grpc", 50051, "")),
              List.of(
                  new Backend(
                      "10.0.0." + random.nextInt(250), true, true, false, "", "", "", List.of())));
      slices.put(name, slice);
      event = new SliceEvent.PutEvent(slice, 0);
    }
    history.put(version, event);
    for (OpenWatch watch : List.copyOf(watches)) {
      watch.tell(event);
    }
  }

  void compact() {
    compacted = version;
    history.clear();
  }

  /** What {@link #restore} goes back to. */
  void save() {
    saved = new TreeMap<>(slices);
  }

  /** The store goes back in time: it forgets writes, and their versions. */
  void restore() {
    slices = new TreeMap<>();
    history.clear();
    version = FIRST_VERSION - 1_000L * ++restores;
    saved.values().forEach(this::putBack);
    compacted = version;
    List.copyOf(watches).forEach(w -> w.fail(ApiError.UNREACHABLE));
  }

  private void putBack(Slice slice) {
    version++;
    slices.put(
        slice.name(),
        new Slice(
            slice.name(),
            slice.service(),
            Long.toString(version),
            slice.family(),
            slice.ports(),
            slice.endpoints()));
  }

  int openWatches() {
    return watches.size();
  }

  int doubts() {
    return doubts;
  }

  @Override
  public Subscription list(
      ApiListRequest query, Consumer<SlicePage> onPage, Consumer<ApiFailure> onFailure) {
    observer.onList(query);
    AtomicBoolean givenUp = new AtomicBoolean();
    later(
        () -> {
          if (answers(onFailure, givenUp.get())) {
            page(query, onPage, onFailure);
          }
        });
    // Rude: closing does not keep the answer from coming.
    return () -> givenUp.set(true);
  }

  private void page(
      ApiListRequest query, Consumer<SlicePage> onPage, Consumer<ApiFailure> onFailure) {
    if (!query.version().isEmpty() && Long.parseLong(query.version()) > version) {
      onFailure.accept(ApiFailure.of(ApiError.VERSION_AHEAD, "ahead"));
      return;
    }
    if (!query.next().isEmpty() && versionOf(query.next()) < compacted) {
      onFailure.accept(ApiFailure.of(ApiError.GONE, "the continuation is too old"));
      return;
    }
    // Two pages; the second is of the moment when the first was read, if nothing happened since.
    List<Slice> all = new ArrayList<>(slices.values());
    boolean paged = all.size() > 2 && random.nextBoolean();
    if (query.next().isEmpty() && paged) {
      String next = version + "/" + all.get(1).name();
      later(() -> onPage.accept(new SlicePage(all.subList(0, 2), Long.toString(version), next, 0)));
      pagesOf.put(next, new SlicePage(all.subList(2, all.size()), Long.toString(version), "", 0));
      return;
    }
    SlicePage page =
        query.next().isEmpty()
            ? new SlicePage(all, Long.toString(version), "", 0)
            : pagesOf.getOrDefault(
                query.next(), new SlicePage(List.of(), Long.toString(version), "", 0));
    later(() -> onPage.accept(page));
  }

  private static long versionOf(String continuation) {
    return Long.parseLong(continuation.substring(0, continuation.indexOf('/')));
  }

  @Override
  public Subscription watch(ApiWatchRequest query, WatchReceiver receiver) {
    observer.onWatch(query);
    OpenWatch watch = new OpenWatch(Long.parseLong(query.version()), receiver);
    later(
        () -> {
          if (answers(receiver::onFailure, watch.over)) {
            watch.open(query.timeout());
          }
        });
    return watch;
  }

  @Override
  public void discardConnection() {
    doubts++;
  }

  @Override
  public void close() {
    watches.clear();
  }

  private boolean answers(Consumer<ApiFailure> onFailure, boolean givenUp) {
    switch (fault) {
      case AWAY -> onFailure.accept(ApiFailure.of(ApiError.UNREACHABLE, "away"));
      case BUSY -> {
        Duration pause = Duration.ofSeconds(1 + random.nextInt(5));
        if (!givenUp) {
          observer.onBusy(pause);
        }
        onFailure.accept(new ApiFailure(ApiError.BUSY, "busy", pause, null));
      }
      case DEAF -> {}
      case NONE, STORM, CURT -> {
        return true;
      }
    }
    return false;
  }

  /** Mostly soon; now and then so late that the request was given up meanwhile. */
  private void later(Runnable task) {
    int millis = random.nextInt(40) == 0 ? 4_000 + random.nextInt(4_000) : random.nextInt(30);
    scheduler.schedule(Duration.ofMillis(millis), task);
  }

  private final class OpenWatch implements Subscription {
    private final WatchReceiver receiver;
    private long sent;
    private boolean silent;
    private boolean over;

    OpenWatch(long from, WatchReceiver receiver) {
      this.sent = from;
      this.receiver = receiver;
    }

    void open(Duration timeout) {
      if (over) {
        return;
      }
      receiver.onOpen();
      watches.add(this);
      if (fault == Fault.STORM || sent < compacted) {
        fail(ApiError.GONE);
      } else if (fault == Fault.CURT) {
        end();
      } else {
        // A version from the future is accepted, and waited for in silence.
        history.tailMap(sent, false).values().forEach(this::tell);
        scheduler.schedule(timeout, this::timeUp);
        scheduler.schedule(BOOKMARKS, this::bookmark);
      }
    }

    void tell(SliceEvent event) {
      if (!silent && !over && Long.parseLong(event.version()) > sent) {
        sent = Long.parseLong(event.version());
        receiver.onEvents(List.of(event));
      }
    }

    void bookmark() {
      if (over) {
        return;
      }
      scheduler.schedule(BOOKMARKS, this::bookmark);
      sayVersion();
    }

    /** As a real one: nothing to who is ahead. */
    private void sayVersion() {
      if (!silent && !over && version >= sent) {
        sent = version;
        receiver.onEvents(List.of(new SliceEvent.BookmarkEvent(Long.toString(version))));
      }
    }

    private void timeUp() {
      if (!silent) {
        sayVersion();
        end();
      }
    }

    void end() {
      if (leave()) {
        receiver.onEnd();
      }
    }

    void fail(ApiError error) {
      if (leave()) {
        if (error == ApiError.GONE && random.nextBoolean()) {
          receiver.onEvents(
              List.of(new SliceEvent.ErrorEvent(ApiFailure.of(ApiError.GONE, "too old"))));
        } else {
          receiver.onFailure(ApiFailure.of(error, "broken"));
        }
      }
    }

    private boolean leave() {
      boolean was = !over;
      over = true;
      watches.remove(this);
      return was;
    }

    @Override
    public void close() {
      leave();
    }
  }
}
