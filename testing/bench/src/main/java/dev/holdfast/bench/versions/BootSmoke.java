package dev.holdfast.bench.versions;

import dev.holdfast.bench.process.EtcdStub;
import dev.holdfast.bench.process.LocalEtcd;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.bench.spring.BootProcess;
import dev.holdfast.bench.spring.BootPrograms;
import dev.holdfast.core.local.FreePort;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Real Spring Boot applications with the starter on a real etcd: two servers that register
 * themselves behind relays, and a client that finds and calls both, keeps a stream over a cut and
 * does not see a server that leaves.
 */
final class BootSmoke {
  /** The parts, in the order in which they are shown. */
  static final List<String> PARTS = List.of("server", "etcd", "channels", "policy", "streams");

  private static final String NAMESPACE = "versions";
  private static final String SERVICE = "orders";
  private static final String STREAMS = "holdfast.interop.spring.v1.Orders/Follow=resume";
  private static final int CALLS = 40;
  private static final int PATIENCE_SECONDS = 180;

  private final BootRow row;
  private final BootPrograms programs;
  private final RunResources runResources;
  private final LocalEtcd etcd;
  private final EtcdStub stub;
  private final List<String> shown = new ArrayList<>();
  private final List<BootProcess> processes = new ArrayList<>();
  private final List<CuttableRelay> relays = new ArrayList<>();

  BootSmoke(
      BootRow row,
      BootPrograms programs,
      RunResources runResources,
      LocalEtcd etcd,
      EtcdStub stub) {
    this.row = row;
    this.programs = programs;
    this.runResources = runResources;
    this.etcd = etcd;
    this.stub = stub;
  }

  /** The parts that worked so far. */
  List<String> shown() {
    return List.copyOf(shown);
  }

  /** What the applications said last, for a part that failed. */
  List<String> lastLines() {
    return processes.stream().flatMap(process -> process.lastLines().stream()).toList();
  }

  /**
   * Shows all parts; the processes are gone afterwards.
   *
   * @throws IllegalStateException at the first that does not work
   */
  void run() throws Exception {
    try {
      show();
    } finally {
      for (BootProcess process : processes) {
        process.close();
      }
      for (CuttableRelay relay : relays) {
        relay.close();
      }
    }
  }

  private void show() throws Exception {
    BootProcess first = server("first");
    BootProcess second = server("second");
    int unused = first.awaitReady() + second.awaitReady();
    shown.add("server");
    awaitRecords(2);
    shown.add("etcd");
    BootProcess client = client();
    unused = client.awaitReady();
    Set<String> answers = new TreeSet<>();
    for (int i = 0; i < CALLS; i++) {
      answers.add(client.ask("CALL", "CALLED"));
    }
    require(
        answers.stream().noneMatch(answer -> answer.startsWith("failed")), "answers " + answers);
    shown.add("channels");
    require(answers.equals(Set.of("first", "second")), "answers of " + answers);
    shown.add("policy");
    require(client.ask("NOTE before", "HEARD").equals("before"), "another note");
    relays.forEach(CuttableRelay::cut);
    String after = client.ask("NOTE after", "HEARD");
    require(after.equals("after"), "after the cut: " + after);
    shown.add("streams");
    first.terminate();
    first.awaitEnd();
    awaitRecords(1);
    for (int i = 0; i < CALLS; i++) {
      String answer = client.ask("CALL", "CALLED");
      require(answer.equals("second"), "an answer of " + answer);
    }
    for (BootProcess process : processes) {
      require(process.linkageErrors().isEmpty(), process.name() + ": " + process.linkageErrors());
    }
  }

  private BootProcess server(String name) throws IOException {
    int port = FreePort.find();
    CuttableRelay relay = new CuttableRelay(port);
    relays.add(relay);
    return start(
        name,
        BootPrograms.Application.SERVER,
        List.of(
            "orders.instance=" + name,
            "spring.grpc.server.address=127.0.0.1",
            "spring.grpc.server.port=" + port,
            "holdfast.server.registry=etcd://" + etcd.address() + "/" + namespace(),
            "holdfast.server.service=" + SERVICE,
            "holdfast.server.advertise=127.0.0.1:" + relay.port()));
  }

  private BootProcess client() throws IOException {
    return start(
        "client",
        BootPrograms.Application.CLIENT,
        List.of(
            "spring.grpc.client.channel.orders.target=etcd://"
                + etcd.address()
                + "/"
                + namespace()
                + "/"
                + SERVICE));
  }

  private BootProcess start(
      String name, BootPrograms.Application application, List<String> properties)
      throws IOException {
    BootProcess process =
        runResources.own(
            BootProcess.start(
                name,
                programs.command(
                    application,
                    true,
                    row.java(),
                    List.of("-Dholdfast.streams=" + STREAMS),
                    properties)));
    processes.add(process);
    return process;
  }

  private void awaitRecords(int expected) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    int records = -1;
    while (records != expected) {
      require(System.nanoTime() - end < 0, records + " records (expected: " + expected + ")");
      TimeUnit.MILLISECONDS.sleep(5);
      records = stub.records(namespace() + "/" + SERVICE).size();
    }
  }

  /** A namespace for each row: records of the last one may still stand. */
  private String namespace() {
    return NAMESPACE + "-" + row.boot() + "-" + row.jdk();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalStateException(otherwise);
    }
  }
}
