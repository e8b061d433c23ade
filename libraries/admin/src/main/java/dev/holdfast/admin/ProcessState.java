package dev.holdfast.admin;

import dev.holdfast.core.Clock;
import dev.holdfast.core.Subscription;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.hooks.EndedStreamStatus;
import dev.holdfast.hooks.ProcessStreams;
import dev.holdfast.hooks.StreamSource;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The state of this process for its admin service: connections and resumable streams, open and
 * ended.
 *
 * <p>A process that has no admin service has no such state, and its connections and streams cost
 * nothing for it. Thread-safe.
 */
public final class ProcessState {
  @Limit(
      of = "open streams that the admin service lists",
      then = "further ones are left out of its answers")
  static final int MAX_STREAMS = 250_000;

  @Limit(of = "ended streams that the admin service keeps", then = "the oldest is dropped")
  static final int MAX_ENDED = 1_000;

  private static final int ID_BYTES = 8;
  private static final int SHOWN_ENDPOINTS = 5;

  private static volatile @Nullable ProcessState active;

  private final String id;
  private final Clock clock;
  private final StreamSource source;
  private final long startedMillis;
  private final ConnectionLog connections;
  private final CallFailureCounts failures = new CallFailureCounts();
  private final RecentRows<StreamRow> ended = new RecentRows<>(MAX_ENDED);
  private final List<DrainableEndpoints> servers = new CopyOnWriteArrayList<>();

  /**
   * @param source the open streams
   */
  ProcessState(Clock clock, StreamSource source) {
    byte[] random = new byte[ID_BYTES];
    new SecureRandom().nextBytes(random);
    this.id = HexFormat.of().formatHex(random);
    this.clock = clock;
    this.source = source;
    this.startedMillis = clock.wallTime().toEpochMilli();
    this.connections = new ConnectionLog(clock);
  }

  /** The state, where the process has an admin service. Costs one read. */
  public static Optional<ProcessState> active() {
    return Optional.ofNullable(active);
  }

  /** The state, which is kept from now until the process ends. */
  public static synchronized ProcessState activate() {
    ProcessState state = active;
    if (state == null) {
      state = new ProcessState(Clock.system(), ProcessStreams.all());
      var unused = ProcessStreams.onEnded(state::ended);
      active = state;
    }
    return state;
  }

  /** Drawn at random; the metadata of the process's endpoints has the same. */
  public String id() {
    return id;
  }

  /** The connections of the process. */
  public ConnectionLog connections() {
    return connections;
  }

  /** The numbers of calls that failed. */
  public CallFailureCounts failures() {
    return failures;
  }

  /** Lets readers with the right to act mark these endpoints until the subscription is closed. */
  public Subscription addServer(DrainableEndpoints server) {
    servers.add(server);
    return () -> servers.remove(server);
  }

  /**
   * Marks endpoints as draining, or takes the mark back.
   *
   * @param endpoint host:port of one; "" for all
   * @return the endpoints that it concerns
   */
  List<String> setDraining(boolean draining, String endpoint) {
    List<String> marked = new ArrayList<>();
    for (DrainableEndpoints server : servers) {
      for (String address : server.addresses()) {
        if (endpoint.isEmpty() || endpoint.equals(address)) {
          server.setDraining(address, draining);
          marked.add(address);
        }
      }
    }
    return marked;
  }

  /** The registered endpoints, for messages. */
  String registeredText() {
    String addresses =
        servers.stream()
            .flatMap(server -> server.addresses().stream())
            .limit(SHOWN_ENDPOINTS)
            .collect(Collectors.joining(", "));
    return addresses.isEmpty() ? "; it has none" : ", such as " + addresses;
  }

  void ended(EndedStreamStatus stream) {
    ended.add(StreamRow.ended(stream, clock.wallTime().toEpochMilli()));
  }

  long nowMillis() {
    return clock.wallTime().toEpochMilli();
  }

  long startedMillis() {
    return startedMillis;
  }

  int openStreamCount() {
    return source.openCount();
  }

  /**
   * The open streams. Their rows are made when the reader comes to them, because 100,000 rows that
   * outlive a collection of young objects cost more than they did to make.
   */
  Stream<StreamRow> streams() {
    return source.open().limit(MAX_STREAMS).map(StreamRow::open);
  }

  long nowNanos() {
    return clock.nanoTime();
  }

  /** The streams that have ended, the oldest first. */
  List<StreamRow> endedStreams() {
    return ended.rows();
  }

  long endedStreamCount() {
    return ended.added();
  }
}
