package dev.holdfast.bench.deploy;

import dev.holdfast.bench.run.RunResources;
import dev.holdfast.core.RegistrationState;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.InsecureServerCredentials;
import io.grpc.ServerServiceDefinition;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A child process with a registered server of {@link RolledService}, whose streams have sessions or
 * are those of grpc-java.
 */
final class RolledServer {
  private static final String STARTED = "STARTED";
  private static final String TAKEN_OVER = "TAKEN_OVER";
  private static final String FINISH = "FINISH";
  private static final String STOP = "STOP";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration MARGIN = Duration.ofSeconds(60);
  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");
  private static final long POLL_MILLIS = 20;
  private static final List<String> JVM_OPTIONS = List.of("-Xmx512m", "-XX:+UseSerialGC");

  /** The token key of all servers of a run. It protects nothing here. */
  private static final byte[] TOKEN_KEY =
      "the key of a benchmark's servers".getBytes(StandardCharsets.US_ASCII);

  /**
   * The settings of all servers of a fleet.
   *
   * @param target what they register at
   * @param resumable whether their streams have sessions
   * @param rate messages per second of a subscription
   * @param grace how long open calls have to end when a server stops
   */
  record Settings(String target, boolean resumable, int rate, Duration grace) {}

  private final ChildJvm child;
  private final Path ledger;
  private final Duration stopsWithin;

  private RolledServer(ChildJvm child, Path ledger, Duration stopsWithin) {
    this.child = child;
    this.ledger = ledger;
    this.stopsWithin = stopsWithin;
  }

  /**
   * Starts the process of a server, without waiting for it.
   *
   * @param build makes a command line one of the build whose server it is
   * @param ledger the file that it writes when it stops
   */
  static RolledServer launch(
      RunResources runResources,
      UnaryOperator<List<String>> build,
      String name,
      Settings settings,
      Path ledger)
      throws IOException {
    List<String> args =
        List.of(
            settings.target(),
            "" + settings.resumable(),
            "" + settings.rate(),
            "" + settings.grace().toSeconds(),
            ledger.toString());
    ChildJvm child =
        runResources.own(ChildJvm.startIn(build, name, RolledServer.class, JVM_OPTIONS, args));
    return new RolledServer(child, ledger, drain(settings.grace()).total().plus(MARGIN));
  }

  /** Waits until it is in the registry. */
  void awaitReady() throws InterruptedException {
    var unused = child.await(STARTED, PATIENCE);
  }

  /** The handlers that went on where one of another server was. */
  long takenOver() throws IOException, InterruptedException {
    child.send(TAKEN_OVER);
    return Long.parseLong(child.await(TAKEN_OVER, PATIENCE));
  }

  /** Subscriptions end from now on. */
  void finish() throws IOException {
    child.send(FINISH);
  }

  /** Tells it to leave in order, as a deploy does, and waits until its process has ended. */
  List<DeliveryLedger.Entry> stop() throws IOException, InterruptedException {
    child.send(STOP);
    if (!child.awaitEnd(stopsWithin)) {
      throw new IllegalStateException(
          "a server did not stop (expected: within " + stopsWithin.toSeconds() + " s)");
    }
    return DeliveryLedger.read(ledger);
  }

  private static DrainOptions drain(Duration grace) {
    return DrainOptions.DEFAULT.withGrace(grace);
  }

  /** The program: {@code TARGET RESUMABLE RATE GRACE_SECONDS LEDGER}. */
  public static void main(String[] args) throws Exception {
    Duration grace = Duration.ofSeconds(Long.parseLong(args[3]));
    // Streams that it cuts at the end of its grace.
    CUTS.setLevel(Level.SEVERE);
    DeliveryLedger ledger = new DeliveryLedger();
    ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
    RolledService service =
        new RolledService(ledger, clock, TimeUnit.SECONDS.toNanos(1) / Integer.parseInt(args[2]));
    ServerServiceDefinition served =
        Boolean.parseBoolean(args[1])
            ? ServerStreams.builder().tokenKey(TOKEN_KEY).build().resumable(service)
            : service.bindService();
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                InsecureServerCredentials.create())
            .drain(drain(grace))
            .addService(served)
            .register(args[0])
            .build()
            .start();
    awaitVisible(server);
    ParentLine parent = new ParentLine();
    parent.say("%s %d", STARTED, server.getPort());
    for (String asked = parent.next(); !asked.isEmpty(); asked = parent.next()) {
      switch (asked) {
        case TAKEN_OVER -> parent.say("%s %d", TAKEN_OVER, service.takenOver());
        case FINISH -> service.finish();
        case STOP -> {
          server.shutdown();
          Duration patience = drain(grace).total().plus(MARGIN);
          if (server.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            ledger.write(Path.of(args[4]));
          }
          System.exit(0);
        }
        default -> throw new IllegalArgumentException(asked);
      }
    }
    server.shutdownNow();
    System.exit(0);
  }

  /** A deploy goes on when a new instance is ready, which here means in the registry. */
  private static void awaitVisible(HoldfastServer server) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (server.registration().state() != RegistrationState.VISIBLE) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("the server was not registered");
      }
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }
}
