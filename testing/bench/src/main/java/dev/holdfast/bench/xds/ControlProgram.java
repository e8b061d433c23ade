package dev.holdfast.bench.xds;

import dev.holdfast.control.ControlOptions;
import dev.holdfast.control.ControlPlane;
import dev.holdfast.control.resources.PolicyFeed;
import dev.holdfast.control.resources.PolicyMeters;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.EndpointDirectory;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** A child process with a control plane, as {@code ./holdfast control} would run it. */
public final class ControlProgram {
  private static final String SERVES = "SERVES";
  private static final Duration START_LIMIT = Duration.ofMinutes(3);

  private ControlProgram() {}

  /**
   * Starts one and waits until it listens.
   *
   * @param port where; a restarted one is given the same
   * @param snapshots the folder in which it keeps what it knows
   * @param policy its policy file
   */
  static ChildJvm start(String registry, int port, Path snapshots, Path policy)
      throws IOException, InterruptedException {
    ChildJvm control =
        ChildJvm.start(
            "control",
            ControlProgram.class,
            CallerLanguage.QUICK_START,
            List.of(registry, Integer.toString(port), snapshots.toString(), policy.toString()));
    String unused = control.await(SERVES, START_LIMIT);
    return control;
  }

  /** The number of client streams that the control plane has. */
  static int clients(ChildJvm control) throws IOException, InterruptedException {
    return ask(control, "CLIENTS");
  }

  /** The number of responses that clients refused (NACK). */
  static int refusals(ChildJvm control) throws IOException, InterruptedException {
    return ask(control, "REFUSALS");
  }

  private static int ask(ChildJvm control, String what) throws IOException, InterruptedException {
    control.send(what);
    return (int) Double.parseDouble(control.await(what, START_LIMIT));
  }

  /** The program: {@code REGISTRY PORT SNAPSHOTS POLICY}. */
  public static void main(String[] args) throws Exception {
    MeterRegistry meters = new SimpleMeterRegistry();
    RegistryContext system = RegistryContext.system();
    RegistryContext context =
        new RegistryContext(
            system.scheduler(),
            meters,
            system.random(),
            Map.of(EndpointDirectory.SNAPSHOT_VARIABLE, args[2]));
    ControlOptions options =
        ControlOptions.DEFAULT
            .withListen(loopback(Integer.parseInt(args[1])))
            .withAdmin(loopback(0));
    ParentLine parent = new ParentLine();
    try (PolicyFeed feed =
            PolicyFeed.open(Optional.of(Path.of(args[3])), new PolicyMeters(meters));
        ControlPlane plane =
            ControlPlane.start(
                RegistryUri.parse(args[0]), new Registries(context), feed.builder(), options)) {
      feed.follow(plane::use);
      parent.say("%s %d", SERVES, plane.address().getPort());
      for (String line = parent.next(); !line.isEmpty(); line = parent.next()) {
        boolean clients = line.equals("CLIENTS");
        parent.say(
            "%s %s",
            line,
            clients
                ? sum(meters, "holdfast.control.streams", "")
                : sum(meters, "holdfast.control.acks", "rejected"));
      }
    }
    System.exit(0);
  }

  static double sum(MeterRegistry meters, String name, String tagValue) {
    return meters.getMeters().stream()
        .map(Meter::getId)
        .filter(id -> id.getName().equals(name))
        .filter(
            id ->
                tagValue.isEmpty()
                    || id.getTags().stream().anyMatch(t -> t.getValue().equals(tagValue)))
        .flatMap(id -> meters.find(name).tags(id.getTags()).meters().stream())
        .distinct()
        .flatMap(meter -> StreamSupport.stream(meter.measure().spliterator(), false))
        .mapToDouble(io.micrometer.core.instrument.Measurement::getValue)
        .sum();
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }
}
