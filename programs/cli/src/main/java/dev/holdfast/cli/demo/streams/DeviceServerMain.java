package dev.holdfast.cli.demo.streams;

import dev.holdfast.cli.demo.process.DemoAdmin;
import dev.holdfast.cli.demo.process.InstanceMain;
import dev.holdfast.cli.demo.process.InstanceProcess;
import dev.holdfast.cli.demo.process.ScrapeTargets;
import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.grpc.DrainOptions;
import dev.holdfast.grpc.HoldfastServer;
import dev.holdfast.grpc.HoldfastServerBuilder;
import dev.holdfast.streams.grpc.ServerStreams;
import dev.holdfast.streams.grpc.StreamPosition;
import dev.holdfast.streams.grpc.StreamsAdmin;
import dev.holdfast.streams.redis.RedisSessionStore;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The main class of a server process of {@code demo streams}; not for direct use.
 *
 * <p>Arguments: the target to register as, the port to listen on, the address to announce, the
 * store's URI, the file with the token key, the file for the effect log. The protocol with the
 * parent process is that of {@link InstanceMain}.
 */
final class DeviceServerMain {
  /**
   * The metadata key of a device's name. The server does not authenticate devices: the demo has no
   * secrets.
   */
  static final Metadata.Key<String> DEVICE =
      Metadata.Key.of("demo-device", Metadata.ASCII_STRING_MARSHALLER);

  private static final Logger log = LoggerFactory.getLogger(DeviceServerMain.class);
  private static final DrainOptions DRAIN =
      new DrainOptions(Duration.ofSeconds(2), Duration.ofMillis(300), Duration.ofSeconds(2));
  private static final int BIND_ATTEMPTS = 50;
  private static final long BIND_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final Duration STORE_PATIENCE = Duration.ofSeconds(20);

  private DeviceServerMain() {}

  public static void main(String[] args) throws IOException, InterruptedException {
    PrintStream parent = System.out;
    // Nothing else may write between the lines that the parent reads.
    System.setOut(System.err);
    InstanceMain.watchParent();
    ScrapeTargets.serveAsChild();
    int port = Integer.parseInt(args[1]);
    RedisSessionStore store = RedisSessionStore.open(args[3]);
    if (!store.awaitConnected(STORE_PATIENCE)) {
      throw new IOException("no connection to " + store);
    }
    EffectLog effects = new EffectLog(Path.of(args[5]));
    ServerStreams streams =
        ServerStreams.builder()
            .store(store)
            .tokenKey(Files.readAllBytes(Path.of(args[4])))
            .principal((attributes, headers) -> name(headers))
            .build();
    HoldfastServer server = started(port, args[0], args[2], streams, effects);
    drainOnSigterm(server);
    parent.println(InstanceProcess.LISTENING + args[2]);
    parent.flush();
    log.info("event=device_server_started port={} announced={}", port, args[2]);
    server.awaitTermination();
    // The hook ends the process; this thread must not end it first.
    Thread.currentThread().join();
  }

  private static String name(Metadata headers) {
    String device = headers.get(DEVICE);
    return device == null ? "" : device;
  }

  /** The port was free when the parent looked; a connection may have it for a moment. */
  private static HoldfastServer started(
      int port, String target, String announced, ServerStreams streams, EffectLog effects)
      throws IOException {
    for (int attempt = 1; true; attempt++) {
      HoldfastServer server =
          DemoAdmin.asChild(
                  HoldfastServerBuilder.forAddress(
                      new InetSocketAddress(
                          InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port),
                      InsecureServerCredentials.create()))
              .addService(streams.resumable(new Devices(effects)))
              .addService(StreamsAdmin.of(streams))
              .register(target)
              .advertise(announced)
              .drain(DRAIN)
              // The stock client beside ours sends PINGs, as a careful one does.
              .permitKeepAliveTime(5, TimeUnit.SECONDS)
              .build();
      try {
        return server.start();
      } catch (IOException e) {
        if (attempt == BIND_ATTEMPTS || !(e.getCause() instanceof BindException)) {
          throw e;
        }
        LockSupport.parkNanos(BIND_PAUSE_NANOS);
      }
    }
  }

  private static void drainOnSigterm(HoldfastServer server) {
    Thread hook =
        new Thread(
            () -> {
              boolean ended = false;
              try {
                long patienceMillis = DRAIN.total().toMillis();
                ended = server.shutdown().awaitTermination(patienceMillis, TimeUnit.MILLISECONDS);
              } catch (InterruptedException e) {
                log.warn("event=drain_interrupted", e);
              }
              log.info("event=device_server_ended drained={}", ended);
              // What is cut now goes on elsewhere: that is what is being shown.
              Runtime.getRuntime().halt(0);
            },
            "drain");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Says of each reading that it was taken into account. Knows nothing of sessions. */
  private static final class Devices extends TelemetryGrpc.TelemetryImplBase {
    private final EffectLog effects;

    Devices(EffectLog effects) {
      this.effects = effects;
    }

    @Override
    public StreamObserver<Reading> report(StreamObserver<Receipt> receipts) {
      return new StreamObserver<>() {
        @Override
        public void onNext(Reading reading) {
          effects.append(reading.getDevice(), reading.getNumber(), StreamPosition.current());
          receipts.onNext(Receipt.newBuilder().setNumber(reading.getNumber()).build());
        }

        @Override
        public void onError(Throwable failure) {
          log.debug("event=device_gone", failure);
        }

        @Override
        public void onCompleted() {
          receipts.onCompleted();
        }
      };
    }
  }
}
