package dev.holdfast.duplex.conformance;

import dev.holdfast.duplex.conformance.reference.PeerRole;
import dev.holdfast.duplex.conformance.reference.ReferenceAdapter;
import dev.holdfast.duplex.conformance.reference.ReferenceServer;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** The main class of the kit, for implementations that live elsewhere. */
public final class ConformanceKit {
  private static final String USAGE =
      """
      usage: test 'NAME ROLES COMMAND..' .. [--only PART]
             peer ROLE PORT
             adapter
        test     runs the scenarios against implementations
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
      serve(PeerRole.of(words.get(1)), Integer.parseInt(words.get(2)));
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
    System.out.println("standard error of the implementations: " + log);
    ConformanceRun run = new ConformanceRun(candidates, only, log, System.out);
    long failed = ConformanceRun.count(run.run(), ScenarioRunner.Outcome.FAILED);
    System.out.println(run.resultLine());
    return failed == 0 ? 0 : 1;
  }

  private static void serve(PeerRole role, int port) throws IOException {
    try (ReferenceServer server = role.serve(port)) {
      System.out.println("serving on 127.0.0.1:" + server.port());
      while (System.in.read() >= 0) {
        // Only its end means something.
      }
    }
  }
}
