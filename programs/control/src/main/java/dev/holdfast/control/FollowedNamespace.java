package dev.holdfast.control;

import dev.holdfast.control.internal.xds.XdsSnapshot;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.EndpointsListener;
import dev.holdfast.core.LogEscaper;
import dev.holdfast.core.Registry;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryException;
import dev.holdfast.core.ServiceName;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The watches of all services of a namespace, or of a given list: the imperative shell around
 * {@link KnownServices}, which passes changes to the publisher. Confined to the scheduler; files
 * are read and written on another thread.
 */
final class FollowedNamespace implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(FollowedNamespace.class);

  @Limit(
      of = "time between two writes of the list of services to disk, at least",
      then = "changes are written together")
  private static final Duration WRITE_INTERVAL = Duration.ofSeconds(1);

  /** After what time services of which nothing is known are named in the log. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Registries.Handle handle;
  private final RegistryContext context;
  private final ControlOptions options;
  private final SnapshotPublisher snapshotPublisher;
  private final Executor disk;
  private final Optional<ServicesFile> file;

  private final KnownServices services = new KnownServices();
  private final Map<String, Subscription> following = new HashMap<>();
  private final List<Subscription> gauges = new ArrayList<>();
  private Subscription names = () -> {};
  private Subscription timer = () -> {};
  private Map<String, Integer> written = Map.of();
  private boolean writing;
  private boolean troubled;
  private boolean closed;
  private volatile StatusService.ServicesStatus status =
      new StatusService.ServicesStatus(false, 0, XdsSnapshot.UnknownServices.NONE);

  FollowedNamespace(
      Registries.Handle handle,
      RegistryContext context,
      ControlOptions options,
      SnapshotPublisher snapshotPublisher,
      Executor disk) {
    this.handle = handle;
    this.context = context;
    this.options = options;
    this.snapshotPublisher = snapshotPublisher;
    this.disk = disk;
    this.file =
        Optional.ofNullable(context.environment().get(EndpointDirectory.SNAPSHOT_VARIABLE))
            .filter(text -> !text.isBlank())
            .map(
                text ->
                    ServicesFile.of(
                        Path.of(text), handle.registry().describe(), handle.uri().namespace()));
  }

  /** Begins with what is on the disk, if there is something. */
  void start() {
    disk.execute(
        () -> {
          Optional<Map<String, Integer>> found = file.flatMap(ServicesFile::read);
          context.scheduler().execute(() -> begin(found));
        });
  }

  private void begin(Optional<Map<String, Integer>> remembered) {
    if (closed) {
      return;
    }
    remembered.ifPresent(
        sizes -> {
          log.info("event=services_remembered services={}", sizes.size());
          services.onRemembered(nowNanos(), sizes);
          written = sizes;
        });
    openGauges();
    if (options.services().isEmpty()) {
      names = handle.directory().subscribeNames(handle.uri().namespace(), new Names());
    } else {
      services.onNames(nowNanos(), options.services());
    }
    settle();
    var unused = context.scheduler().schedule(PATIENCE, this::nameTheUnknown);
  }

  private void openGauges() {
    gauges.add(ControlMeter.SERVICES.gauge(context.meters(), services::served, "served"));
    gauges.add(
        ControlMeter.SERVICES.gauge(context.meters(), () -> services.pending().size(), "pending"));
    gauges.add(ControlMeter.SERVICES.gauge(context.meters(), services::skipped, "skipped"));
  }

  private final class Names implements Registry.ServiceNamesListener {
    @Override
    public void onNames(Set<String> present) {
      if (troubled) {
        troubled = false;
        log.info("event=names_restored registry={}", handle.registry().describe());
      }
      services.onNames(nowNanos(), present);
      if (services.skipped() > 0) {
        log.warn(
            "event=services_skipped skipped={} served={}",
            services.skipped(),
            KnownServices.MAX_SERVICES);
      }
      settle();
    }

    @Override
    public void onFailure(RegistryException cause) {
      if (!troubled) {
        troubled = true;
        log.warn(
            "event=names_failed registry={} kept=last_good cause=\"{}\"",
            handle.registry().describe(),
            LogEscaper.escape(cause.getMessage()));
      }
    }
  }

  /** How the services stand. May be asked from any thread. */
  StatusService.ServicesStatus status() {
    return status;
  }

  /** Updates the set of watched services, and reports changes to the publisher. */
  private void settle() {
    Set<String> wanted = services.followed();
    for (String gone : new HashSet<>(following.keySet())) {
      if (!wanted.contains(gone)) {
        Subscription subscription = following.remove(gone);
        if (subscription != null) {
          subscription.close();
        }
        log.info("event=service_removed service={}", gone);
      }
    }
    for (String name : wanted) {
      if (!following.containsKey(name)) {
        follow(name);
      }
    }
    tell();
  }

  private void follow(String name) {
    ServiceName service = ServiceName.parse(name).inside(handle.uri().namespace());
    // Before the subscription, which may deliver a list at once.
    following.put(name, () -> {});
    following.put(name, handle.directory().subscribe(service, new Endpoints(name)));
  }

  private final class Endpoints implements EndpointsListener {
    private final String name;

    Endpoints(String name) {
      this.name = name;
    }

    @Override
    public void onEndpoints(EndpointSet endpoints) {
      services.onEndpoints(nowNanos(), name, endpoints);
      // Who is followed does not depend on lists: so this costs the same with any number.
      tell();
    }

    @Override
    public void onFailure(RegistryException cause) {
      boolean senseless =
          switch (cause.kind()) {
            case MALFORMED, UNSUPPORTED -> true;
            case UNAVAILABLE,
                UNAUTHENTICATED,
                PERMISSION_DENIED,
                LEASE_LOST,
                RECORD_DELETED,
                TAKEN_OVER,
                WIPED,
                CLOSED ->
                false;
          };
      if (services.onWatchFailed(nowNanos(), name, senseless)) {
        rearm();
        log.warn(
            "event={} service={} cause=\"{}\"",
            senseless ? "service_malformed" : "service_unreachable",
            name,
            LogEscaper.escape(cause.getMessage()));
      }
    }
  }

  private void tell() {
    rearm();
    XdsSnapshot.UnknownServices unknownServices = services.unknownServices();
    status =
        new StatusService.ServicesStatus(services.isKnown(), services.served(), unknownServices);
    Set<String> changed = services.takeChanged();
    if (!services.isKnown()) {
      return;
    }
    Map<String, Optional<EndpointSet>> lists = new LinkedHashMap<>();
    changed.forEach(name -> lists.put(name, services.list(name)));
    snapshotPublisher.changed(lists, unknownServices);
    if (!changed.isEmpty()) {
      writeSoon();
    }
  }

  private void rearm() {
    timer.close();
    OptionalLong deadline = services.nextDeadlineNanos();
    if (deadline.isPresent()) {
      timer =
          context
              .scheduler()
              .schedule(
                  Duration.ofNanos(deadline.getAsLong() - nowNanos()),
                  () -> {
                    services.onTimeout(nowNanos());
                    settle();
                    // Nobody waits any more for what makes no sense, the disk neither.
                    writeSoon();
                  });
    }
  }

  /**
   * Schedules a write of the services file, unless one is pending. An incomplete set of services is
   * not written, because a reader must be able to rely on knowing all services.
   */
  private void writeSoon() {
    if (file.isEmpty() || writing || closed) {
      return;
    }
    writing = true;
    var unused =
        context
            .scheduler()
            .schedule(
                WRITE_INTERVAL,
                () -> {
                  writing = false;
                  Map<String, Integer> sizes = services.sizes();
                  if (!closed && services.isComplete() && !sizes.equals(written)) {
                    written = sizes;
                    disk.execute(() -> file.get().write(sizes));
                  }
                });
  }

  private void nameTheUnknown() {
    if (!closed && !services.isKnown()) {
      log.warn(
          "event=services_unknown registry={} answered=nobody reason=\"the registry has not said"
              + " which services there are\"",
          handle.registry().describe());
    } else if (!closed && !services.pending().isEmpty()) {
      log.warn(
          "event=services_pending services=\"{}\" answered=nobody_who_asks_for_them",
          LogEscaper.escape(services.pending().toString()));
    }
  }

  private long nowNanos() {
    return context.scheduler().clock().nanoTime();
  }

  @Override
  public void close() {
    context
        .scheduler()
        .execute(
            () -> {
              closed = true;
              timer.close();
              names.close();
              following.values().forEach(Subscription::close);
              following.clear();
              gauges.forEach(Subscription::close);
            });
  }
}
