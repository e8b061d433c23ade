package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.process.DemoConsole;
import dev.holdfast.cli.demo.process.DemoResources;
import dev.holdfast.cli.demo.process.DemoTarget;
import dev.holdfast.cli.demo.process.PollingWait;
import dev.holdfast.cli.demo.registry.DemoFileRegistry;
import dev.holdfast.cli.demo.registry.DemoRegistry;
import dev.holdfast.cli.demo.registry.RegistryView;
import dev.holdfast.cli.demo.report.DemoDisplay;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.ServiceName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The run of {@code demo streams}. {@link DemoResources} closes everything that a run started. */
public final class StreamsDemo {
  private static final int SERVERS = 3;
  private static final long FIRST_ANSWERS_MILLIS = 60_000;
  private static final long STOCK_END_MILLIS = 30_000;
  private static final int SLOTS = 50;
  private static final long SLOT_MILLIS = 1_000 / SLOTS;
  private static final long PICTURE_MILLIS = 1_000;
  private static final int KEY_BYTES = 32;
  private static final int FAILURES_SHOWN = 5;

  private final StreamsDemoOptions options;
  private final DemoDisplay display;
  private final DemoResources resources;

  public StreamsDemo(StreamsDemoOptions options, DemoDisplay display, DemoResources resources) {
    this.options = options;
    this.display = display;
    this.resources = resources;
  }

  /** Runs to the end; what was started still runs then. */
  public StreamsDemoResult run() throws IOException, InterruptedException {
    HostPort here = resources.admin().startHere();
    String store = DemoRedis.open(options.redis(), resources);
    display.say("store: " + DemoRedis.shown(store));
    DemoRegistry registry =
        resources.own(DemoFileRegistry.inside(resources.runDirectory().directory()));
    RegistryUri uri = registry.uri();
    ServiceName service = ServiceName.of("", "devices-" + resources.runId());
    String target = DemoTarget.of(uri, service);
    RegistryView view = resources.own(new RegistryView(uri, service));
    DeviceServers servers =
        resources.own(
            new DeviceServers(
                new DeviceServers.DeviceServerOptions(
                    target,
                    store,
                    tokenKey(),
                    resources.runDirectory().logs(),
                    resources.scrapeTargets(),
                    resources.admin())));
    display.say("registry: " + uri + "; starting " + SERVERS + " servers as processes ...");
    startServers(servers, view);
    display.say(
        "look at it all in a browser:  "
            + resources
                .own(DemoConsole.open(uri, service, here, List.of(), resources.admin()))
                .link());
    DemoFaultInjector faults =
        resources.own(
            new DemoFaultInjector(
                new DemoFaultSchedule(new Random(options.seed()), SERVERS),
                () -> servers.middleboxes()));
    DurableDevices devices = resources.own(new DurableDevices(target, options.devices()));
    StockDevices stock = resources.own(new StockDevices(options.devices()));
    stock.addresses().update(servers.addresses());
    stock.open();
    display.say(
        options.devices()
            + " devices with durable streams, a reading a second each; beside them as many on stock"
            + " grpc-java with hand-written re-opening; seed "
            + options.seed());
    return runScenario(new StreamsScenario.StreamsTopology(servers, view, faults, devices), stock);
  }

  private StreamsDemoResult runScenario(
      StreamsScenario.StreamsTopology streamsTopology, StockDevices stock)
      throws IOException, InterruptedException {
    AtomicBoolean sending = new AtomicBoolean(true);
    StreamsScenario story = new StreamsScenario(streamsTopology, display, () -> sending.set(false));
    long startNanos = System.nanoTime();
    ScheduledExecutorService timer = timer();
    resources.own(timer::shutdownNow);
    int[] slot = {0};
    var unusedSending =
        timer.scheduleAtFixedRate(
            () -> {
              if (sending.get()) {
                streamsTopology.devices().send(slot[0], SLOTS);
                stock.send(slot[0], SLOTS);
                slot[0] = (slot[0] + 1) % SLOTS;
              }
              stock.addresses().update(streamsTopology.servers().addresses());
            },
            0,
            SLOT_MILLIS,
            TimeUnit.MILLISECONDS);
    var unusedPicture =
        timer.scheduleAtFixedRate(
            () -> display.snapshot(picture(streamsTopology, stock, story, startNanos)),
            PICTURE_MILLIS,
            PICTURE_MILLIS,
            TimeUnit.MILLISECONDS);
    awaitAnswers(streamsTopology.devices());
    streamsTopology
        .servers()
        .addresses()
        .forEach(
            address ->
                display.say("look at the sessions of a server:  ./holdfast streams " + address));
    int steps = story.run(options.time());
    stock.finish();
    if (!PollingWait.await(STOCK_END_MILLIS, stock::isFinished)) {
      display.say("some stock devices did not get their last stream to its end");
    }
    timer.shutdownNow();
    display.snapshot(picture(streamsTopology, stock, story, startNanos));
    streamsTopology.devices().failures().stream().limit(FAILURES_SHOWN).forEach(display::say);
    Map<String, EffectLog.Effects> effects = EffectLog.read(resources.runDirectory().logs());
    StreamsDemoResult result =
        new StreamsDemoResult(
            streamsTopology.devices().deliveryTotals(),
            streamsTopology.devices().sessionsLost() + streamsTopology.devices().failures().size(),
            durable(effects),
            streamsTopology.faults().count(),
            steps,
            stock.outcome(effects));
    say(result, stock, effects);
    return result;
  }

  /** Prints an explanation of the results that claims no more than was measured. */
  private void say(
      StreamsDemoResult result, StockDevices stock, Map<String, EffectLog.Effects> effects) {
    display.say(
        "holdfast: each answer is stored in one step with the watermark of its reading, so each"
            + " reading has one answer; handlers were given "
            + result.effects().repeated()
            + " readings again whose first answer had not been stored, under the same name"
            + " (StreamPosition), by which effects outside of the store are left out");
    display.say(
        "stock, by what the servers' handlers did: devices that take what was written for sent: "
            + stock.outcome(true, effects)
            + "; devices that send again what was not answered: "
            + stock.outcome(false, effects));
  }

  /** The effects of the devices on Holdfast. */
  private static EffectLog.Effects durable(Map<String, EffectLog.Effects> effects) {
    return effects.entrySet().stream()
        .filter(device -> device.getKey().startsWith(DurableDevices.NAME))
        .map(Map.Entry::getValue)
        .reduce(EffectLog.Effects.NONE, EffectLog.Effects::plus);
  }

  private StreamsDemoSnapshot picture(
      StreamsScenario.StreamsTopology streamsTopology,
      StockDevices stock,
      StreamsScenario story,
      long startNanos) {
    List<String> servers =
        streamsTopology.servers().all().stream()
            .map(DeviceServers.DeviceServer::process)
            .map(process -> process.name() + " " + process.state())
            .toList();
    return new StreamsDemoSnapshot(
        (System.nanoTime() - startNanos) / 1e9,
        story.current(),
        servers,
        streamsTopology.devices().states(),
        streamsTopology.faults().countsByKind(),
        streamsTopology.devices().deliveryTotals(),
        stock.deliveryTotals(),
        stock.cut());
  }

  private void startServers(DeviceServers servers, RegistryView view)
      throws IOException, InterruptedException {
    for (int i = 0; i < SERVERS; i++) {
      servers.launch();
    }
    view.awaitStart(
        SERVERS, "servers", () -> servers.addresses().size() == SERVERS, servers::crashed);
  }

  /** Waits until every device has an answer, so that faults meet open streams. */
  private static void awaitAnswers(DurableDevices devices)
      throws IOException, InterruptedException {
    if (!PollingWait.await(
        FIRST_ANSWERS_MILLIS, () -> devices.allAnswered() || !devices.failures().isEmpty())) {
      throw new IOException(
          "not every device had an answer within " + FIRST_ANSWERS_MILLIS / 1_000 + " s");
    }
  }

  private Path tokenKey() throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    Path file = resources.runDirectory().directory().resolve("token.key");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.write(file, key);
  }

  private static ScheduledExecutorService timer() {
    return Executors.newScheduledThreadPool(
        2,
        task -> {
          Thread thread = new Thread(task, "demo-streams");
          thread.setDaemon(true);
          return thread;
        });
  }
}
