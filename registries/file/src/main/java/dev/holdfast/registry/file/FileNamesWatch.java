package dev.holdfast.registry.file;

import dev.holdfast.core.Registry.ServiceNamesListener;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watch of the service names of a namespace. A service counts if its directory has a static
 * list, or a record whose owner is not known to be gone. Runs on the scheduler, except for file
 * reads.
 */
final class FileNamesWatch implements Subscription {
  private static final Logger log = LoggerFactory.getLogger(FileNamesWatch.class);

  private final RegistryDirectory registry;
  private final FileRegistryContext surroundings;
  private final ServiceNamesListener listener;
  private final Scheduler scheduler;
  private final DirectoryPathWatch sentry;
  private final ScanSchedule rhythm;
  private @Nullable Set<String> last;
  private boolean failing;
  private boolean closed;
  private @Nullable Subscription timer;

  FileNamesWatch(
      RegistryDirectory registry, FileRegistryContext surroundings, ServiceNamesListener listener) {
    this.registry = registry;
    this.surroundings = surroundings;
    this.listener = listener;
    scheduler = surroundings.context().scheduler();
    Path above = Optional.ofNullable(registry.path().getParent()).orElse(registry.path());
    sentry =
        new DirectoryPathWatch(
            registry.path(),
            above,
            surroundings.events(),
            () -> scheduler.execute(this::onChangeReported));
    rhythm = new ScanSchedule(surroundings.options().poll(), surroundings.nowNanos());
  }

  void begin() {
    arm();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    disarm();
    surroundings.io().run("stop listening to " + registry.path(), sentry::close);
  }

  private void onChangeReported() {
    rhythm.onChange(surroundings.nowNanos());
    arm();
  }

  private void arm() {
    disarm();
    if (closed || rhythm.isScanning()) {
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
    surroundings
        .io()
        .submit("list " + registry.path(), this::listOnIo, this::onNames, this::onFailure);
  }

  // The next scan is scheduled before listeners are called: a listener that throws must not end the
  // scans.

  private void onNames(Set<String> names) {
    rhythm.onEnd(surroundings.nowNanos());
    arm();
    if (!closed && (failing || !names.equals(last))) {
      failing = false;
      last = names;
      listener.onNames(names);
    }
  }

  private void onFailure(RegistryException cause) {
    rhythm.onFailed(surroundings.nowNanos());
    arm();
    if (!closed && !failing) {
      failing = true;
      listener.onFailure(cause);
    }
  }

  private Set<String> listOnIo() {
    sentry.ensure();
    registry.require(surroundings.nowNanos());
    Set<String> names = new TreeSet<>();
    try (DirectoryStream<Path> directories = Files.newDirectoryStream(registry.path())) {
      for (Path directory : directories) {
        String name = directory.getFileName().toString();
        if (!name.startsWith(".")
            && ServiceName.isName(name)
            && Files.isDirectory(directory)
            && hasInstance(directory)) {
          names.add(name);
        }
      }
    } catch (NoSuchFileException e) {
      // Empty, unless it was there before: the next line knows.
      names.clear();
    } catch (DirectoryIteratorException e) {
      throw FileFailure.of("list", registry.path(), new IOException(e));
    } catch (IOException e) {
      throw FileFailure.of("list", registry.path(), e);
    }
    registry.require(surroundings.nowNanos());
    return Collections.unmodifiableSet(names);
  }

  private boolean hasInstance(Path directory) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (RecordFileName.isList(name) || (RecordFileName.isRecord(name) && mayLive(file))) {
          return true;
        }
      }
      return false;
    } catch (NoSuchFileException | NotDirectoryException e) {
      return false;
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private boolean mayLive(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    try {
      return surroundings
          .store()
          .read(file)
          .map(FileRecord::owner)
          .map(
              recordOwner ->
                  surroundings.processes().stateOf(recordOwner) != LocalProcesses.ProcessState.DEAD)
          .orElse(true);
    } catch (MalformedFileException e) {
      log.debug("event=file_malformed file={} problem=\"{}\"", file, e.getMessage());
      return false;
    }
  }
}
