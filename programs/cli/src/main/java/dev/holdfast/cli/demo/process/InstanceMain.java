package dev.holdfast.cli.demo.process;

import dev.holdfast.core.HostPort;
import dev.holdfast.examples.OrdersService;
import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.examples.v1.ServedBy;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main class of an instance process of the sample service; not for direct use.
 *
 * <p>Arguments: the target to register as, and the instance's name. The process warms up, listens,
 * registers, and prints {@code listening HOST:PORT} on standard output. SIGTERM drains the
 * instance; the exit code is 0 when all its calls could end. The end of standard input means that
 * the parent is gone; the process then exits at once.
 */
public final class InstanceMain {
  private static final Logger log = LoggerFactory.getLogger(InstanceMain.class);
  private static final int WARM_UP_CALLS = 300;
  private static final long WARM_UP_MILLIS = 8_000;
  private static final int PARENT_GONE = 3;

  private InstanceMain() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    PrintStream parent = System.out;
    // Nothing else may write between the lines that the parent reads.
    System.setOut(System.err);
    watchParent();
    ScrapeTargets.serveAsChild();
    String target = args[0];
    String name = args[1];
    warmUp();
    AtomicReference<ServedBy> self =
        new AtomicReference<>(ServedBy.newBuilder().setInstance(name).build());
    HoldfastServer server =
        DemoAdmin.asChild(
                HoldfastServerBuilder.forAddress(loopback(), InsecureServerCredentials.create()))
            .addService(new OrdersService(self::get))
            // The gateway learns from it what JSON means.
            .addService(ProtoReflectionServiceV1.newInstance())
            .register(target)
            // All processes of the demo are on this machine, wherever the registry is.
            .advertise("127.0.0.1")
            .build();
    drainOnSigterm(server);
    server.start();
    HostPort address = new HostPort("127.0.0.1", server.getPort());
    self.updateAndGet(known -> known.toBuilder().setAddress(address.toString()).build());
    parent.println(InstanceProcess.LISTENING + address);
    parent.flush();
    log.info("event=instance_started name={} address={} target={}", name, address, target);
    server.awaitTermination();
    // The hook ends the process; this thread must not end it first.
    Thread.currentThread().join();
  }

  /** Ends this process when the pipe that only the parent holds is closed. */
  public static void watchParent() {
    Thread watch =
        new Thread(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  log.debug("event=unexpected_input");
                }
              } catch (IOException e) {
                log.warn("event=parent_pipe_broken", e);
              }
              log.warn("event=parent_gone");
              Runtime.getRuntime().halt(PARENT_GONE);
            },
            "parent-watch");
    watch.setDaemon(true);
    watch.start();
  }

  /**
   * Calls a server of its own in the same process: a JVM answers its first calls slowly, and those
   * should not be a client's. On a machine that is too busy for that, an instance starts cold.
   */
  private static void warmUp() throws IOException, InterruptedException {
    HoldfastServer server =
        HoldfastServerBuilder.forAddress(loopback(), InsecureServerCredentials.create())
            .addService(new OrdersService("warm-up", "127.0.0.1:1", ""))
            .build()
            .start();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();
    try {
      // One deadline for all of them together.
      OrdersGrpc.OrdersBlockingStub orders =
          OrdersGrpc.newBlockingStub(channel)
              .withDeadlineAfter(WARM_UP_MILLIS, TimeUnit.MILLISECONDS);
      for (int i = 0; i < WARM_UP_CALLS; i++) {
        var unused = orders.get(GetRequest.newBuilder().setId("warm-up-" + i).build());
      }
    } catch (StatusRuntimeException e) {
      log.warn("event=warm_up_cut_short", e);
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  private static void drainOnSigterm(HoldfastServer server) {
    Thread hook =
        new Thread(
            () -> {
              boolean ended = false;
              try {
                long patienceMillis = DrainOptions.DEFAULT.total().toMillis();
                ended = server.shutdown().awaitTermination(patienceMillis, TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                log.warn("event=drain_interrupted", e);
              }
              log.info("event=instance_ended drained={}", ended);
              // A JVM that SIGTERM ends says 143 whatever happened; the parent wants to know.
              Runtime.getRuntime().halt(ended ? 0 : 1);
            },
            "drain");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private static InetSocketAddress loopback() throws IOException {
    return new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0);
  }
}
