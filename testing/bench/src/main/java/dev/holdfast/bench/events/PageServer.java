package dev.holdfast.bench.events;

import dev.holdfast.bench.gateway.PageStreamsProgram;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import io.grpc.Server;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A child process with the service of {@link PageStreamsProgram}. */
final class PageServer {
  private static final String PORT = "PORT";
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> JVM_OPTIONS = List.of("-Xmx3g", "-XX:+UseParallelGC");

  private static final Logger CUTS = Logger.getLogger("io.grpc.netty");

  private PageServer() {}

  /** Starts the process; its port. */
  static int start(RunResources runResources) throws IOException, InterruptedException {
    ChildJvm child =
        runResources.own(ChildJvm.start("pages", PageServer.class, JVM_OPTIONS, List.of()));
    return Integer.parseInt(child.await(PORT, PATIENCE));
  }

  /** The main method of the child process. */
  public static void main(String[] args) throws Exception {
    // grpc's server reports each stream of a killed gateway with a stack trace.
    CUTS.setLevel(Level.SEVERE);
    Server server = PageStreamsProgram.start();
    ParentLine parent = new ParentLine();
    parent.say("%s %d", PORT, server.getPort());
    var unused = parent.next();
    System.exit(0);
  }
}
