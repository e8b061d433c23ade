package dev.holdfast.registry.kubernetes;

import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The slices that a {@link Reflector} knows, the version they are of, and which services have
 * changed since they were published last. It survives every list and watch.
 */
@PureCore
class SliceStore {
  @Limit(
      of = "time between two publications of changes, at least",
      then = "changes that come sooner are published together")
  static final Duration PUBLISH_SPACING = Duration.ofMillis(20);

  private Map<String, Slice> slices = new TreeMap<>();
  private String version = "";
  private final Set<String> changed = new TreeSet<>();
  private @Nullable Long publishedNanos;
  private @Nullable Long publishDueNanos;

  /** The resourceVersion up to which all is known; "" before the first list. */
  String version() {
    return version;
  }

  /** Puts one change into the slices. */
  void apply(SliceEvent event) {
    if (event instanceof SliceEvent.PutEvent putEvent) {
      replace(putEvent.slice().name(), putEvent.slice());
    } else if (event instanceof SliceEvent.DeletedEvent deletedEvent) {
      replace(deletedEvent.name(), null);
    }
    version = event.version();
  }

  /** Puts a whole list in the place of what was known. */
  void replaceAll(Map<String, Slice> list, String ofVersion) {
    slices = new TreeMap<>(list);
    version = ofVersion;
  }

  /** The slices of one service. */
  List<Slice> of(String service) {
    List<Slice> found = new ArrayList<>();
    for (Slice slice : slices.values()) {
      if (slice.service().equals(service)) {
        found.add(slice);
      }
    }
    return found;
  }

  /** All slices by their service. */
  Map<String, List<Slice>> byService() {
    Map<String, List<Slice>> found = new TreeMap<>();
    for (Slice slice : slices.values()) {
      found.computeIfAbsent(slice.service(), s -> new ArrayList<>()).add(slice);
    }
    return found;
  }

  int size() {
    return slices.size();
  }

  /** Whether something has changed since it was published last. */
  boolean hasChanges() {
    return !changed.isEmpty();
  }

  /** Whether changes are to be published now; if soon, {@link #publishDueNanos} says when. */
  boolean isPublishDue(long nowNanos) {
    if (changed.isEmpty()) {
      return false;
    }
    Long last = publishedNanos;
    if (last == null || nowNanos - last >= PUBLISH_SPACING.toNanos()) {
      return true;
    }
    publishDueNanos = last + PUBLISH_SPACING.toNanos();
    return false;
  }

  @Nullable Long publishDueNanos() {
    return publishDueNanos;
  }

  /** The services that have changed, which are published now. */
  Set<String> takeChanged(long nowNanos) {
    Set<String> taken = Set.copyOf(changed);
    changed.clear();
    publishedNanos = nowNanos;
    publishDueNanos = null;
    return taken;
  }

  private void replace(String name, @Nullable Slice slice) {
    Slice before = slice == null ? slices.remove(name) : slices.put(name, slice);
    if (before != null) {
      changed.add(before.service());
    }
    if (slice != null) {
      changed.add(slice.service());
    }
  }
}
