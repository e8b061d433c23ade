package dev.holdfast.lab.kubernetes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArraySet;
import org.jspecify.annotations.Nullable;

/**
 * The object store of an {@link ApiServer}, which models etcd and the watch cache in front of it.
 * Every write gets the next version of the whole store. Older versions can be listed until they are
 * compacted, and changes can be watched from any version that the cache still has.
 *
 * <p>The cache can be held back, like that of an API server without a connection to etcd: reads
 * from the cache are then stale, and watches get no events. Thread-safe; changes take effect at
 * once.
 */
public final class ApiStore {
  /** The number of changes that are kept; older ones are compacted. */
  public static final int KEPT_CHANGES = 50_000;

  /**
   * The version of an empty store. The version of a running cluster is never 1, so clients must not
   * guess it.
   */
  static final long FIRST_VERSION = 1_000;

  /** A write, with the object before and after; null before a creation, null after a deletion. */
  record StoreChange(
      long version, ObjectKey key, @Nullable StoredObject before, @Nullable StoredObject after) {}

  private final Set<Runnable> listeners = new CopyOnWriteArraySet<>();
  private TreeMap<ObjectKey, StoredObject> objects = new TreeMap<>();
  private final List<StoreChange> storeChanges = new ArrayList<>();
  private long version = FIRST_VERSION;
  private long compactedVersion;
  private long oldestWatchableVersion;
  private long heldVersion = Long.MAX_VALUE;
  private final Map<ApiResource, Long> progress = new EnumMap<>(ApiResource.class);

  /**
   * Creates or replaces an object; one that says the same already stays as it is.
   *
   * @return the version of the store
   */
  public long put(ApiObject object) {
    long written;
    synchronized (this) {
      ObjectKey key = new ObjectKey(object.resource(), object.namespace(), object.name());
      StoredObject before = objects.get(key);
      if (before != null && before.says(object)) {
        return version;
      }
      StoredObject after =
          before == null
              ? StoredObject.created(object, version + 1)
              : before.updated(object, version + 1);
      objects.put(key, after);
      written = add(new StoreChange(version + 1, key, before, after));
    }
    listeners.forEach(Runnable::run);
    return written;
  }

  /** Puts some objects, one after the other. */
  public long putAll(Collection<? extends ApiObject> some) {
    some.forEach(this::put);
    return version();
  }

  /**
   * Deletes an object, if it is there.
   *
   * @return the version of the store
   */
  public long delete(ApiResource resource, String namespace, String name) {
    long written;
    synchronized (this) {
      ObjectKey key = new ObjectKey(resource, namespace, name);
      StoredObject before = objects.remove(key);
      if (before == null) {
        return version;
      }
      written = add(new StoreChange(version + 1, key, before, null));
    }
    listeners.forEach(Runnable::run);
    return written;
  }

  /** Deletes what has this kind, namespace and name. */
  public long delete(ApiObject object) {
    return delete(object.resource(), object.namespace(), object.name());
  }

  /**
   * Raises the version, as writes to objects of other kinds do all day. No bookmark tells of it.
   *
   * @return the version of the store
   */
  public long touch() {
    synchronized (this) {
      version++;
    }
    listeners.forEach(Runnable::run);
    return version();
  }

  /** The version of the last write. */
  public synchronized long version() {
    return version;
  }

  /** How many objects of a kind there are. */
  public synchronized int count(ApiResource resource) {
    return (int) objects.keySet().stream().filter(key -> key.resource() == resource).count();
  }

  /**
   * Forgets all versions before the present one: continue tokens and watches that begin there are
   * answered with 410 from now on. Open watches that have seen everything go on.
   */
  public synchronized void compact() {
    compactedVersion = version;
    oldestWatchableVersion = version;
    storeChanges.clear();
  }

  /**
   * From now on the cache stays as it is: lists that do not ask for the newest version are old, and
   * watches get nothing, until {@link #releaseCache()}.
   */
  public synchronized void holdCache() {
    heldVersion = version;
  }

  /** The cache catches up with the store. */
  public void releaseCache() {
    synchronized (this) {
      heldVersion = Long.MAX_VALUE;
    }
    listeners.forEach(Runnable::run);
  }

  /** A new process has an empty cache: what changed before can't be watched, but be listed. */
  synchronized void forgetWatchableChanges() {
    oldestWatchableVersion = version;
    heldVersion = Long.MAX_VALUE;
    progress.clear();
  }

  /** Everything is lost, the versions too, as when etcd's directory was deleted. */
  synchronized void wipe() {
    objects = new TreeMap<>();
    storeChanges.clear();
    version = FIRST_VERSION;
    compactedVersion = 0;
    oldestWatchableVersion = 0;
    heldVersion = Long.MAX_VALUE;
    progress.clear();
  }

  /** The version that the cache has reached. */
  synchronized long cacheVersion() {
    return Math.min(version, heldVersion);
  }

  /**
   * The version that bookmarks of a kind may report: its last change, or the store's version at the
   * last consistent list of the kind.
   */
  synchronized long progress(ApiResource resource) {
    return Math.min(progress.getOrDefault(resource, 0L), heldVersion);
  }

  /** Records a consistent read of a kind, for which the cache asks etcd for its progress. */
  synchronized void progressed(ApiResource resource) {
    progress.put(resource, version);
  }

  synchronized long oldestWatchableVersion() {
    return oldestWatchableVersion;
  }

  synchronized boolean isCompacted(long at) {
    return at < compactedVersion;
  }

  /**
   * The objects of a kind as they were, in the order of their keys; null when that version is
   * compacted away or was never there.
   */
  synchronized @Nullable List<StoredObject> list(ApiResource resource, long at) {
    if (at < compactedVersion || at > version) {
      return null;
    }
    TreeMap<ObjectKey, StoredObject> then = objects;
    if (at < version) {
      then = new TreeMap<>(objects);
      for (int i = storeChanges.size() - 1; i >= 0 && storeChanges.get(i).version > at; i--) {
        StoreChange storeChange = storeChanges.get(i);
        if (storeChange.before == null) {
          then.remove(storeChange.key);
        } else {
          then.put(storeChange.key, storeChange.before);
        }
      }
    }
    return then.values().stream().filter(object -> object.key().resource() == resource).toList();
  }

  synchronized @Nullable StoredObject find(ObjectKey key) {
    return objects.get(key);
  }

  /** The changes behind a version that the cache has seen; null when it has forgotten some. */
  synchronized @Nullable List<StoreChange> changesAfter(long seen) {
    if (seen < oldestWatchableVersion) {
      return null;
    }
    int from = storeChanges.size();
    while (from > 0 && storeChanges.get(from - 1).version > seen) {
      from--;
    }
    int to = storeChanges.size();
    while (to > from && storeChanges.get(to - 1).version > heldVersion) {
      to--;
    }
    return from == to ? Collections.emptyList() : List.copyOf(storeChanges.subList(from, to));
  }

  /** Adds a listener that is called for every change, on the thread that made it. */
  void listen(Runnable listener) {
    listeners.add(listener);
  }

  void forget(Runnable listener) {
    listeners.remove(listener);
  }

  private long add(StoreChange storeChange) {
    storeChanges.add(storeChange);
    version = storeChange.version;
    progress.put(storeChange.key.resource(), version);
    if (storeChanges.size() > KEPT_CHANGES) {
      List<StoreChange> old = storeChanges.subList(0, KEPT_CHANGES / 10);
      compactedVersion = old.get(old.size() - 1).version;
      oldestWatchableVersion = Math.max(oldestWatchableVersion, compactedVersion);
      old.clear();
    }
    return version;
  }
}
