package dev.holdfast.bench.gateway;

import dev.holdfast.bench.fuzz.FuzzClients;
import dev.holdfast.bench.fuzz.FuzzUpstream;
import dev.holdfast.bench.load.EchoServers;
import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.process.BenchTls;
import dev.holdfast.bench.process.ProcessMemory;
import dev.holdfast.bench.run.Comparison;
import dev.holdfast.bench.run.Option;
import dev.holdfast.bench.run.Options;
import dev.holdfast.bench.run.Report;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.run.ScratchFolder;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.core.local.FreePort;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * The benchmark of hostile and random bytes against the gateway, beside a client of the same
 * endpoint.
 */
public final class GatewayFuzz extends Comparison {
  private static final Option CONNECTIONS =
      new Option("--connections", 50_000, 2_000, 100, 1_000_000, "how many are made");
  private static final Option SEED =
      new Option("--seed", 0, 0, 0, Integer.MAX_VALUE, "of a run to be played again; 0: a new one");
  private static final Option RETAINED_SECONDS =
      new Option("--retained-seconds", 60, 1, 0, 600, "from the end to the measurement of memory");

  private static final int BATCH = 1_000;
  private static final long BATCH_LIMIT_S = 600;
  private static final long CLOSED_LIMIT_S = 60;
  private static final long RETAINED_MB_BOUND = 64;
  private static final long PAUSE_MILLIS = 20;
  private static final long DEADLINE_S = 20;
  private static final int CHANNELS = 2;
  private static final int SHOWN_LINES = 40;
  private static final double BYTES_PER_MB = 1_048_576;

  @Override
  public String name() {
    return "gateway-fuzz";
  }

  @Override
  public String summary() {
    return "hostile and random bytes against the gateway: nobody else notices, nothing is left";
  }

  @Override
  public List<Option> options() {
    return List.of(CONNECTIONS, SEED, RETAINED_SECONDS);
  }

  @Override
  protected List<String> method() {
    return List.of(
        "Connections with seeded bytes: mutated and random HTTP/2, HPACK, HTTP/1.1, chunks,"
            + " WebSocket, gRPC-Web, Connect,",
        "JSON, TLS on plaintext and the other way round, PROXY headers, and calls whose upstream is"
            + " the fuzzer. A bystander",
        "calls the same endpoint all the time. The gateway's log is searched for stack traces and"
            + " connection_fault, its",
        "descriptors are counted before and after, its resident memory is that after a tenth of the"
            + " run and at the end.");
  }

  @Override
  protected List<String> unfair() {
    return List.of("the order of bytes on different connections is not the seed's");
  }

  @Override
  protected void measure(Options options, RunResources runResources, Report report)
      throws Exception {
    int seed = options.get(SEED);
    if (seed == 0) {
      seed = 1 + (int) (System.nanoTime() & (Integer.MAX_VALUE >> 1));
    }
    report.say("seed %d; again with: bench/run gateway-fuzz --seed %d", seed, seed);
    Path folder = runResources.own(ScratchFolder.create("holdfast-bench-fuzz")).path();
    int[] ports = {FreePort.find(), FreePort.find(), FreePort.find()};
    int echo = EchoServers.ports(EchoServers.startSilent(runResources, 1, folder)).get(0);
    FuzzUpstream hostile = runResources.own(new FuzzUpstream(seed));
    Path file = configuration(folder, ports, echo, hostile.port());
    GatewayProxy gateway =
        runResources.own(new GatewayPrograms(folder).holdfastWith(file, ports[0]));
    gateway.awaitServing();
    Bystander bystander = new Bystander(gateway.channels(runResources, CHANNELS));
    runResources.own(bystander);
    long fdsBefore = descriptors(gateway.pid());
    FuzzClients clients = new FuzzClients(seed, ports[0], ports[1], ports[2]);
    int all = options.get(CONNECTIONS);
    int warm = all / 10;
    clients.run(0, warm, BATCH_LIMIT_S);
    long before = ProcessMemory.resident(gateway.pid());
    for (int from = warm; from < all; from += BATCH) {
      clients.run(from, Math.min(all, from + BATCH), BATCH_LIMIT_S);
      report.say("%d connections, %d calls", clients.made(), bystander.served.get());
    }
    long leaked = leaked(gateway.pid(), fdsBefore);
    TimeUnit.SECONDS.sleep(options.get(RETAINED_SECONDS));
    double retained = (ProcessMemory.resident(gateway.pid()) - before) / BYTES_PER_MB;
    bystander.close();
    List<String> traces = traces(folder);
    traces.stream().limit(SHOWN_LINES).forEach(line -> report.print("    " + line));
    if (!bystander.failures.isEmpty()) {
      report.print("  failed: " + bystander.failures);
    }
    report
        .figure("connections", clients.made())
        .none("bystander_failed", bystander.failed.get())
        .none("stack_traces", traces.size())
        .none("fds_leaked", leaked)
        .atMost("retained_mb", retained, RETAINED_MB_BOUND)
        .figure("seed", seed)
        .bound(clients.made() == all, "%d connections (expected: %d)", clients.made(), all)
        .bound(bystander.served.get() > 0, "the bystander was never served");
  }

  private static Path configuration(Path folder, int[] ports, int echo, int hostile)
      throws IOException, InterruptedException {
    Files.write(folder.resolve("attacked.desc"), GatewayAttacks.descriptors().toByteArray());
    BenchTls.Pem pem = BenchTls.pem(BenchTls.newKey(folder), folder);
    Path file = folder.resolve("gateway.yaml");
    return Files.writeString(
        file,
        """
        listeners:
          - address: 127.0.0.1:%d
          - address: 127.0.0.1:%d
            tls: {certificate: %s, key: %s}
          - address: 127.0.0.1:%d
            proxy-protocol: optional
            trusted: [127.0.0.1]
        admin: none
        clusters:
          attacked: {endpoints: [127.0.0.1:%d], descriptor-sets: [attacked.desc]}
          hostile: {endpoints: [127.0.0.1:%d], descriptor-sets: [attacked.desc]}
        routes:
          - {authority: hostile, cluster: hostile}
          - {cluster: attacked}
        """
            .formatted(
                ports[0],
                ports[1],
                pem.certificate().getFileName(),
                pem.key().getFileName(),
                ports[2],
                echo,
                hostile));
  }

  private static long descriptors(long pid) throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
      return open.count();
    }
  }

  /** Open files that stay although nobody is connected but the bystander. */
  private static long leaked(long pid, long before) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSED_LIMIT_S);
    long now = descriptors(pid);
    while (now > before && System.nanoTime() < end) {
      TimeUnit.MILLISECONDS.sleep(100);
      now = descriptors(pid);
    }
    return Math.max(0, now - before);
  }

  private static List<String> traces(Path folder) throws IOException {
    try (Stream<String> lines =
        Files.lines(
            folder.resolve(GatewayPrograms.HOLDFAST + ".log"), StandardCharsets.ISO_8859_1)) {
      return lines
          .filter(
              line ->
                  line.matches("\\s+at [\\w.$/]+\\(.*")
                      || line.contains("event=connection_fault")
                      || line.contains("LEAK:")
                      || line.startsWith("Exception in thread"))
          .toList();
    }
  }

  /** A client that makes one call after the other. */
  private static final class Bystander implements AutoCloseable {
    private final List<ManagedChannel> channels;
    private final AtomicLong served = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final Map<String, Integer> failures = new TreeMap<>();
    private final AtomicBoolean done = new AtomicBoolean();
    private final Thread thread = new Thread(this::run, "bystander");

    Bystander(List<ManagedChannel> channels) {
      this.channels = channels;
      thread.start();
    }

    @Override
    public void close() throws InterruptedException {
      done.set(true);
      thread.join();
    }

    private void run() {
      try {
        for (int i = 0; !done.get(); i++) {
          call(channels.get(i % channels.size()));
          TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void call(ManagedChannel channel) {
      try {
        var unused =
            EchoGrpc.newBlockingStub(channel)
                .withDeadlineAfter(DEADLINE_S, TimeUnit.SECONDS)
                .call(GatewayWork.SMALL.request());
        served.incrementAndGet();
      } catch (StatusRuntimeException e) {
        failed.incrementAndGet();
        failures.merge(e.getStatus().toString(), 1, Integer::sum);
      }
    }
  }
}
