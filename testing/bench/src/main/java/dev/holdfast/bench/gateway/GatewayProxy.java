package dev.holdfast.bench.gateway;

import dev.holdfast.bench.load.GatewayWork;
import dev.holdfast.bench.load.WarmUpCalls;
import dev.holdfast.bench.process.ExternalTool;
import dev.holdfast.bench.process.KernelTables;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/** A proxy under measurement: its process and the processes that this one has started. */
public final class GatewayProxy implements AutoCloseable {
  /** A part of util-linux, which every system has. */
  private static final ExternalTool CHRT = new ExternalTool("chrt", "util-linux");

  private static final long START_SECONDS = 180;
  private static final long STOP_SECONDS = 15;
  private static final long CALL_SECONDS = 10;
  private static final int FIRST_CALLS = 20;
  private static final int MOST_SAID_CHARS = 4_000;

  private final String name;
  private final Process process;
  private final Path said;
  private final int port;
  private final int upstreamPort;

  /** CPU time of threads that have ended, by process, as far as it is known. */
  private final Map<Long, Double> endedMicros = new HashMap<>();

  private int tlsPort;

  private GatewayProxy(String name, Process process, Path said, int port, int upstreamPort) {
    this.name = name;
    this.process = process;
    this.said = said;
    this.port = port;
    this.upstreamPort = upstreamPort;
  }

  /**
   * Starts one; it is not ready yet.
   *
   * @param folder where what it says is kept
   * @param port where it listens
   * @param upstreamPort what it forwards to
   */
  public static GatewayProxy start(
      String name, List<String> command, Path folder, int port, int upstreamPort)
      throws IOException {
    return start(name, command, folder, port, upstreamPort, Map.of());
  }

  /** As {@link #start}, with further variables of the environment. */
  static GatewayProxy start(
      String name,
      List<String> command,
      Path folder,
      int port,
      int upstreamPort,
      Map<String, String> environment)
      throws IOException {
    Path said = folder.resolve(name + ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(said.toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    return new GatewayProxy(name, process, said, port, upstreamPort);
  }

  public String name() {
    return name;
  }

  public int port() {
    return port;
  }

  /** The port on which the proxy listens with TLS. */
  int tlsPort() {
    return tlsPort;
  }

  /** Says that it listens with TLS, too. */
  GatewayProxy withTls(int port) {
    tlsPort = port;
    return this;
  }

  public long pid() {
    return process.pid();
  }

  /**
   * Puts all its threads into one scheduling class, so that proxies are compared on equal terms;
   * threads that they start later are in it, too.
   *
   * @param batch SCHED_BATCH, otherwise SCHED_OTHER
   */
  void schedule(boolean batch) throws IOException, InterruptedException {
    for (long pid : pids()) {
      Process chrt =
          new ProcessBuilder(
                  CHRT.path(),
                  "--all-tasks",
                  batch ? "--batch" : "--other",
                  "--pid",
                  "0",
                  Long.toString(pid))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!chrt.waitFor(STOP_SECONDS, TimeUnit.SECONDS) || chrt.exitValue() != 0) {
        chrt.destroyForcibly();
        throw new IllegalStateException(name + ": its scheduling class can't be set");
      }
    }
  }

  /**
   * Waits until it forwards, then makes real gRPC calls with every kind of message: status and
   * answer must be right.
   */
  void awaitServing() throws IOException, InterruptedException {
    ManagedChannel channel = channel();
    try {
      awaitFirstAnswer(channel);
      for (GatewayWork work : GatewayWork.values()) {
        for (int i = 0; i < FIRST_CALLS; i++) {
          EchoReply reply = call(channel, work.request());
          if (!reply.getPayload().equals(work.request().getPayload())) {
            throw new IllegalStateException(name + " does not echo what was sent");
          }
        }
      }
    } finally {
      channel.shutdownNow().awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Waits until it forwards a call, whatever the answer is. */
  void awaitFirstCall() throws IOException, InterruptedException {
    ManagedChannel channel = channel();
    try {
      awaitFirstAnswer(channel);
    } finally {
      channel.shutdownNow().awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  /** Plain channels of clients, each with a connection of its own that stands. */
  List<ManagedChannel> channels(RunResources runResources, int count) {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ManagedChannel channel = channel();
      runResources.own(channel::shutdownNow);
      WarmUpCalls.make(channel, 1);
      channels.add(channel);
    }
    return channels;
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits until it ends by itself; its exit code, -1 when it stays. */
  int awaitEnd(Duration patience) throws InterruptedException {
    boolean ended = process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
    return ended ? process.exitValue() : -1;
  }

  /**
   * CPU time of all its processes so far: of the threads that run, to the nanosecond, and of those
   * that have ended, as the coarser sum of the process shows them.
   */
  double cpuMicros() throws IOException {
    double sum = 0;
    for (long pid : pids()) {
      double coarse = KernelTables.cpuMicros(pid);
      double running = KernelTables.schedulerMicros(pid);
      sum += running + endedMicros.merge(pid, Math.max(0, coarse - running), Math::max);
    }
    return sum;
  }

  /** Connections to its upstream that were closed a moment ago. */
  long timeWait() throws IOException {
    return KernelTables.timeWait(upstreamPort);
  }

  /** SIGKILL, as an out-of-memory killer would. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
  }

  /** SIGTERM, as an operator would; SIGKILL when it stays. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly().waitFor(STOP_SECONDS, TimeUnit.SECONDS);
    }
  }

  private ManagedChannel channel() {
    return NettyChannelBuilder.forAddress("127.0.0.1", port)
        .usePlaintext()
        .disableServiceConfigLookUp()
        .build();
  }

  private long[] pids() {
    return LongStream.concat(
            LongStream.of(process.pid()), process.descendants().mapToLong(ProcessHandle::pid))
        .toArray();
  }

  private void awaitFirstAnswer(ManagedChannel channel) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (true) {
      try {
        var unused = call(channel, GatewayWork.SMALL.request());
        return;
      } catch (StatusRuntimeException e) {
        if (!process.isAlive() || System.nanoTime() - end > 0) {
          throw new IllegalStateException(
              name + (process.isAlive() ? " does not serve: " : " has ended: ") + lastWords(), e);
        }
        channel.resetConnectBackoff();
        TimeUnit.MILLISECONDS.sleep(50);
      }
    }
  }

  private static EchoReply call(ManagedChannel channel, EchoRequest request) {
    return EchoGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
        .call(request);
  }

  /** The end of what it said. */
  public String lastWords() throws IOException {
    String all = Files.readString(said, StandardCharsets.UTF_8);
    return all.substring(Math.max(0, all.length() - MOST_SAID_CHARS));
  }
}
