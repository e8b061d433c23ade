package dev.holdfast.registry.file;

import dev.holdfast.core.Registry.WatchListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistryMeter;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The directory of one service. The directory is scanned while the service is watched or announced
 * in it, once for all users.
 *
 * <p>All methods run on the scheduler; {@link ServiceScan} and {@link DirectoryPathWatch} run on
 * the I/O thread.
 */
final class ServiceDirectory {
  @Limit(
      of = "time between two words to consumers that an unchanged list still holds, at least",
      then = "they are told")
  private static final Duration CONFIRM_EVERY = Duration.ofSeconds(1);

  private static final class Watcher {
    final WatchListener listener;
    boolean failing;
    @Nullable RegistrySnapshot last;
    long confirmedNanos;

    Watcher(WatchListener listener) {
      this.listener = listener;
    }
  }

  private final Path directory;
  private final RegistryDirectory registry;
  private final FileRegistryContext surroundings;
  private final Scheduler scheduler;
  private final ServiceScan scan;
  private final DirectoryPathWatch sentry;
  private final ScanSchedule rhythm;
  private final Set<Watcher> watchers = new LinkedHashSet<>();
  private final Set<FileAnnouncement> announcements = new LinkedHashSet<>();
  private @Nullable Subscription timer;
  private volatile boolean ioBusy;

  ServiceDirectory(Path directory, RegistryDirectory registry, FileRegistryContext surroundings) {
    this.directory = directory;
    this.registry = registry;
    this.surroundings = surroundings;
    scheduler = surroundings.context().scheduler();
    scan = new ServiceScan(directory, registry, surroundings);
    sentry =
        new DirectoryPathWatch(
            directory,
            registry.path(),
            surroundings.events(),
            () -> scheduler.execute(this::onChangeReported));
    rhythm = new ScanSchedule(surroundings.options().poll(), surroundings.nowNanos());
  }

  Path directory() {
    return directory;
  }

  RegistryDirectory registry() {
    return registry;
  }

  /** Begins a watch. The first snapshot follows soon. */
  Subscription watch(WatchListener listener) {
    Watcher watcher = new Watcher(listener);
    watchers.add(watcher);
    scanSoon();
    return () -> {
      watchers.remove(watcher);
      restIfUnused();
    };
  }

  void add(FileAnnouncement announcement) {
    announcements.add(announcement);
    scanSoon();
  }

  void remove(FileAnnouncement announcement) {
    announcements.remove(announcement);
    restIfUnused();
  }

  /** A separate scan, which trusts nothing that was read before. */
  void read(Consumer<RegistrySnapshot> onResult, Consumer<RegistryException> onFailure) {
    surroundings
        .io()
        .submit(
            "read " + directory,
            () -> scan.scan(surroundings.nowNanos(), true).snapshot(),
            onResult,
            onFailure);
  }

  /** Closes the folder without notice to listeners. */
  void close() {
    watchers.clear();
    announcements.clear();
    restIfUnused();
  }

  private void scanSoon() {
    rhythm.onDemand(surroundings.nowNanos());
    arm();
  }

  private void onChangeReported() {
    rhythm.onChange(surroundings.nowNanos());
    arm();
  }

  private void restIfUnused() {
    if (!watchers.isEmpty() || !announcements.isEmpty()) {
      return;
    }
    disarm();
    surroundings.io().run("stop listening to " + directory, sentry::close);
  }

  private void arm() {
    disarm();
    if (rhythm.isScanning() || (watchers.isEmpty() && announcements.isEmpty())) {
      return;
    }
    long delayNanos = rhythm.nextDeadlineNanos() - surroundings.nowNanos();
    timer = scheduler.schedule(Duration.ofNanos(Math.max(0, delayNanos)), this::look);
  }

  private void disarm() {
    if (timer != null) {
      timer.close();
      timer = null;
    }
  }

  private void look() {
    rhythm.onBegin(surroundings.nowNanos());
    if (ioBusy) {
      // The last scan was given up and still hangs: don't queue more of them behind it.
      onFailure(
          new RegistryException(
              RegistryErrorKind.UNAVAILABLE, "the file system does not answer: read " + directory));
      return;
    }
    ioBusy = true;
    boolean taken =
        surroundings
            .io()
            .submit("read " + directory, this::lookNow, this::onScanned, this::onFailure);
    if (!taken) {
      ioBusy = false;
    }
  }

  private ScanResult lookNow() {
    try {
      if (sentry.ensure()) {
        scan.onDirectoryLost();
      }
      return scan.scan(surroundings.nowNanos(), false);
    } finally {
      ioBusy = false;
    }
  }

  // The next scan is scheduled before listeners are called: a listener that throws must not end the
  // scans.

  private void onScanned(ScanResult result) {
    rhythm.onEnd(surroundings.nowNanos());
    arm();
    for (FileAnnouncement announcement : List.copyOf(announcements)) {
      announcement.onScanned(result);
    }
    for (Watcher watcher : List.copyOf(watchers)) {
      if (watchers.contains(watcher)) {
        tell(watcher, result.snapshot());
      }
    }
  }

  private void tell(Watcher watcher, RegistrySnapshot snapshot) {
    long nowNanos = surroundings.nowNanos();
    if (watcher.failing || !snapshot.equals(watcher.last)) {
      if (watcher.failing) {
        RegistryMeter.WATCH_RESTARTS
            .counter(surroundings.context().meters(), FileRegistryProvider.SCHEME)
            .increment();
      }
      watcher.failing = false;
      watcher.last = snapshot;
      watcher.confirmedNanos = nowNanos;
      watcher.listener.onSnapshot(snapshot);
    } else if (nowNanos - watcher.confirmedNanos >= CONFIRM_EVERY.toNanos()) {
      watcher.confirmedNanos = nowNanos;
      watcher.listener.onConfirmed();
    }
  }

  private void onFailure(RegistryException cause) {
    rhythm.onFailed(surroundings.nowNanos());
    arm();
    for (FileAnnouncement announcement : List.copyOf(announcements)) {
      announcement.onRegistryFailed(cause);
    }
    for (Watcher watcher : List.copyOf(watchers)) {
      if (watchers.contains(watcher) && !watcher.failing) {
        watcher.failing = true;
        watcher.listener.onFailure(cause);
      }
    }
  }
}
