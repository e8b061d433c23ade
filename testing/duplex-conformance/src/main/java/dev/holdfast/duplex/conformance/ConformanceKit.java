package dev.holdfast.duplex.conformance;

import dev.holdfast.duplex.conformance.reference.PeerRole;
import dev.holdfast.duplex.conformance.reference.ReferenceAdapter;
import dev.holdfast.duplex.conformance.reference.ReferenceServer;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/** The main class of the kit, for implementations that live elsewhere. */
public final class ConformanceKit {
  private static final String USAGE =
      """
      usage: test 'NAME ROLES COMMAND..' .. [--only PART]
             peer ROLE [HOST:]PORT
             adapter
        test     runs the scenarios against implementations
        peer     serves in a role until it is terminated
        ROLE     echo, flood, sink, fail or drain
        HOST     to listen at; without it the loopback address
        NAME     one word, for the report
        ROLES    client, server or client,server
        COMMAND  the command line of an adapter, words separated by spaces
        PART     of the names of the scenarios to run; all without it\
      """;

  private ConformanceKit() {}

  /** Runs what the first argument names; exits with 1 when a scenario failed. */
  public static void main(String[] args) throws Exception {
    int exit;
    try {
      exit = run(List.of(args));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      exit = 2;
    }
    System.exit(exit);
  }

  private static int run(List<String> words) throws IOException, InterruptedException {
    String command = words.isEmpty() ? "" : words.get(0);
    if (command.equals("test") && words.size() > 1) {
      return test(words.subList(1, words.size()));
    }
    if (command.equals("peer") && words.size() == 3) {
      serve(PeerRole.of(words.get(1)), address(words.get(2)));
    } else if (command.equals("adapter")) {
      Writer out = new OutputStreamWriter(System.out, StandardCharsets.UTF_8);
      new ReferenceAdapter(out, Set.of())
          .run(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    } else {
      System.err.println(USAGE);
      return 2;
    }
    return 0;
  }

  private static int test(List<String> arguments) throws IOException, InterruptedException {
    List<Candidate> candidates = new ArrayList<>();
    String only = "";
    for (Iterator<String> rest = arguments.iterator(); rest.hasNext(); ) {
      String each = rest.next();
      if (each.equals("--only") && rest.hasNext()) {
        only = rest.next();
      } else {
        candidates.add(Candidate.parse(each));
      }
    }
    Path log = Files.createTempFile("duplex-conformance", ".log");
    System.out.println("log of the implementations: " + log);
    ConformanceRun run = new ConformanceRun(candidates, only, log, System.out);
    long failed = ConformanceRun.count(run.run(), ScenarioRunner.Outcome.FAILED);
    System.out.println(run.resultLine());
    return failed == 0 ? 0 : 1;
  }

  private static InetSocketAddress address(String text) {
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      InetAddress host =
          colon < 0
              ? InetAddress.getLoopbackAddress()
              : InetAddress.getByName(text.substring(0, colon));
      return new InetSocketAddress(host, port);
    } catch (UnknownHostException | IllegalArgumentException e) {
      throw new IllegalArgumentException(text + " (expected: [HOST:]PORT, as in 0.0.0.0:5000)", e);
    }
  }

  private static void serve(PeerRole role, InetSocketAddress address)
      throws IOException, InterruptedException {
    try (ReferenceServer server = role.serve(address)) {
      System.out.println(
          "serving on " + address.getAddress().getHostAddress() + ":" + server.port());
      // A signal ends it. Standard input is none: in a container it is often at its end.
      new CountDownLatch(1).await();
    }
  }
}
