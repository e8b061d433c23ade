package dev.holdfast.bench.streams;

import dev.holdfast.bench.run.Machine;
import dev.holdfast.bench.run.RunResources;
import dev.holdfast.lab.process.ChildJvm;
import dev.holdfast.lab.process.ParentLine;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A child process with one service on two stock servers: as plain streams and as resumable ones.
 */
public final class StreamServers {
  private static final String PORTS = "PORTS";
  private static final String CPU = "CPU";
  private static final String UPLOADED = "UPLOADED";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Warns of each stream that is open when a run ends, and all of them are. */
  private static final Logger OF_STREAMS = Logger.getLogger("io.grpc.netty.NettyServerHandler");

  private final ChildJvm child;
  private final int rawPort;
  private final int resumablePort;

  private StreamServers(ChildJvm child, int rawPort, int resumablePort) {
    this.child = child;
    this.rawPort = rawPort;
    this.resumablePort = resumablePort;
  }

  public static StreamServers start(RunResources runResources, List<String> jvmOptions)
      throws Exception {
    ChildJvm child =
        runResources.own(ChildJvm.start("servers", StreamServers.class, jvmOptions, List.of()));
    String[] ports = child.await(PORTS, PATIENCE).split(" ", -1);
    return new StreamServers(child, Integer.parseInt(ports[0]), Integer.parseInt(ports[1]));
  }

  public int port(boolean resumable) {
    return resumable ? resumablePort : rawPort;
  }

  /** CPU time of the servers' process so far. */
  long cpuNanos() throws IOException, InterruptedException {
    child.send(CPU);
    return Long.parseLong(child.await(CPU, PATIENCE));
  }

  /** Messages that the uploads of both servers have brought so far. */
  long uploaded() throws IOException, InterruptedException {
    child.send(UPLOADED);
    return Long.parseLong(child.await(UPLOADED, PATIENCE));
  }

  /** The main method of the child process. */
  public static void main(String[] args) throws Exception {
    OF_STREAMS.setLevel(Level.SEVERE);
    StreamService service = new StreamService();
    Server raw = start(service.bindService());
    Server resumable = start(Holdfast.resumable(service));
    ParentLine parent = new ParentLine();
    parent.say("%s %d %d", PORTS, raw.getPort(), resumable.getPort());
    for (String asked = parent.next();
        asked.equals(CPU) || asked.equals(UPLOADED);
        asked = parent.next()) {
      parent.say("%s %d", asked, asked.equals(CPU) ? Machine.cpuNanos() : service.uploaded());
    }
    raw.shutdownNow();
    resumable.shutdownNow();
    System.exit(0);
  }

  private static Server start(ServerServiceDefinition service) throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(service)
        .build()
        .start();
  }
}
