package dev.holdfast.registry.file;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.RegistryException.RegistryErrorKind;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.Scheduler;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A registry in the file system: directories are namespaces and services, files are instances.
 *
 * <p>All decisions are made on the scheduler and all files are touched on one thread of its own.
 */
final class FileRegistry implements Registry {
  /** For how long a close waits until the records of this process are deleted. */
  @Limit(
      of = "time that closing waits until records are deleted",
      then = "they are left to the readers, who see that their owner is gone")
  static final Duration CLOSE_WAIT = Duration.ofSeconds(1);

  private final RegistryUri uri;
  private final FileRegistryContext surroundings;
  private final Scheduler scheduler;
  private final AtomicBoolean closed = new AtomicBoolean();
  // These four are used on the scheduler only.
  private final Map<Path, RegistryDirectory> directories = new HashMap<>();
  private final Map<Path, ServiceDirectory> serviceDirectories = new HashMap<>();
  private final Set<FileAnnouncement> announcements = new LinkedHashSet<>();
  private final Set<Subscription> watches = new LinkedHashSet<>();

  FileRegistry(RegistryUri uri, FileOptions options, RegistryContext context) {
    this.uri = uri;
    scheduler = context.scheduler();
    surroundings =
        new FileRegistryContext(
            context,
            options,
            new FileIo(scheduler),
            new DirectoryEvents(),
            new RecordStore(scheduler.clock()),
            LocalProcesses.system());
  }

  @Override
  public String describe() {
    return uri.toString();
  }

  @Override
  public Set<Capability> capabilities() {
    return Set.of(Capability.NAMES, Capability.ANNOUNCE);
  }

  @Override
  public Subscription watch(ServiceName service, WatchListener listener) {
    return onScheduler(() -> folder(service).watch(listener));
  }

  @Override
  public CompletionStage<RegistrySnapshot> read(ServiceName service) {
    CompletableFuture<RegistrySnapshot> answer = new CompletableFuture<>();
    scheduler.execute(
        () -> {
          if (closed.get()) {
            answer.completeExceptionally(closedException());
            return;
          }
          folder(service).read(answer::complete, answer::completeExceptionally);
        });
    return answer;
  }

  @Override
  public Subscription watchNames(String namespace, ServiceNamesListener listener) {
    return onScheduler(
        () -> {
          FileNamesWatch watch =
              new FileNamesWatch(directory(Path.of("/" + namespace)), surroundings, listener);
          watch.begin();
          return watch;
        });
  }

  @Override
  public Announcement announce(
      ServiceName service, Endpoint endpoint, AnnouncementListener listener) {
    PendingAnnouncement announcement = new PendingAnnouncement(endpoint);
    scheduler.execute(
        () -> {
          if (closed.get()) {
            listener.onEnded(closedException());
          } else if (!announcement.withdrawn) {
            announcement.begin(folder(service), listener);
          }
        });
    return announcement;
  }

  @Override
  public Duration recordTtl() {
    return surroundings.options().ttl();
  }

  @Override
  public Duration requestTimeout() {
    return FileIo.TIMEOUT;
  }

  @Override
  public List<InetSocketAddress> peerAddresses() {
    return List.of();
  }

  /**
   * As the interface says; called from outside the scheduler it waits {@link #CLOSE_WAIT} at most,
   * so that a program which ends next leaves no record behind.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    CompletableFuture<Void> handedIn = new CompletableFuture<>();
    scheduler.execute(
        () -> {
          List.copyOf(announcements).forEach(FileAnnouncement::close);
          List.copyOf(watches).forEach(Subscription::close);
          serviceDirectories.values().forEach(ServiceDirectory::close);
          // Behind the work of the folders, which give their watches back.
          surroundings.io().run("stop listening", surroundings.events()::close);
          surroundings.io().close();
          handedIn.complete(null);
        });
    if (!scheduler.isCurrent()) {
      var unused =
          handedIn
              .orTimeout(CLOSE_WAIT.toMillis(), TimeUnit.MILLISECONDS)
              .handle((ok, late) -> late == null && surroundings.io().awaitEnd(CLOSE_WAIT))
              .join();
    }
  }

  private ServiceDirectory folder(ServiceName service) {
    Path path = Path.of("/" + service.path());
    return serviceDirectories.computeIfAbsent(
        path,
        p ->
            new ServiceDirectory(
                p, directory(Optional.ofNullable(p.getParent()).orElse(p)), surroundings));
  }

  private RegistryDirectory directory(Path path) {
    return directories.computeIfAbsent(
        path, p -> new RegistryDirectory(p, surroundings.options().missingDirectoryGrace()));
  }

  private static RegistryException closedException() {
    return new RegistryException(RegistryErrorKind.CLOSED, "the registry is closed");
  }

  /** Starts a watch on the scheduler; the subscription is good at once, from any thread. */
  private Subscription onScheduler(Supplier<Subscription> start) {
    if (closed.get()) {
      throw closedException();
    }
    PendingWatch watch = new PendingWatch();
    scheduler.execute(() -> watch.begin(start));
    return watch;
  }

  private final class PendingWatch implements Subscription {
    private @Nullable Subscription begun;
    private volatile boolean ended;

    void begin(Supplier<Subscription> start) {
      if (ended || closed.get()) {
        return;
      }
      begun = start.get();
      watches.add(this);
    }

    @Override
    public void close() {
      ended = true;
      if (scheduler.isCurrent()) {
        end();
      } else {
        scheduler.execute(this::end);
      }
    }

    private void end() {
      watches.remove(this);
      if (begun != null) {
        begun.close();
        begun = null;
      }
    }
  }

  private final class PendingAnnouncement implements Announcement {
    private @Nullable FileAnnouncement begun;
    private Endpoint endpoint;
    private boolean withdrawn;

    PendingAnnouncement(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    void begin(ServiceDirectory serviceDirectory, AnnouncementListener listener) {
      FileAnnouncement announcement =
          new FileAnnouncement(
              serviceDirectory,
              endpoint,
              surroundings,
              new AnnouncementListener() {
                @Override
                public void onPublished() {
                  listener.onPublished();
                }

                @Override
                public void onEnded(RegistryException cause) {
                  announcements.remove(begun);
                  listener.onEnded(cause);
                }
              });
      begun = announcement;
      announcements.add(announcement);
      announcement.begin();
    }

    @Override
    public void update(Endpoint value) {
      if (!value.address().equals(endpoint.address())) {
        throw new IllegalArgumentException(
            "address: "
                + value.address()
                + " (expected: "
                + endpoint.address()
                + ", as announced)");
      }
      scheduler.execute(
          () -> {
            endpoint = value;
            if (begun != null) {
              begun.update(value);
            }
          });
    }

    @Override
    public CompletionStage<Void> withdraw() {
      CompletableFuture<Void> done = new CompletableFuture<>();
      scheduler.execute(
          () -> {
            FileAnnouncement withdrawing = begun;
            withdrawn = true;
            if (withdrawing == null) {
              done.complete(null);
              return;
            }
            var unused =
                withdrawing
                    .withdraw()
                    .whenComplete(
                        (ok, failure) -> {
                          if (failure == null) {
                            announcements.remove(withdrawing);
                            done.complete(null);
                          } else {
                            // It may be tried again, and a close tries it once more.
                            done.completeExceptionally(failure);
                          }
                        });
          });
      return done;
    }
  }
}
