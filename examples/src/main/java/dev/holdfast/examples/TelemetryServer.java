package dev.holdfast.examples;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.streams.grpc.ServerStreams;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import java.io.IOException;

/**
 * A service whose streams outlive their connections.
 *
 * <pre>
 * TelemetryServer [port]
 * </pre>
 *
 * <p>The service itself is as any other. A service that needs only the defaults writes {@code
 * addService(Holdfast.resumable(service))}; this one also wants to know which devices are gone.
 */
public final class TelemetryServer {
  private TelemetryServer() {}

  /** Serves until the process is stopped. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Server server = start(args.length == 0 ? 0 : Integer.parseInt(args[0]));
    System.out.println("READY " + server.getPort());
    server.awaitTermination();
  }

  static Server start(int port) throws IOException {
    ServerStreams streams =
        ServerStreams.builder()
            .onClientGone(gone -> System.out.println("gone: " + gone.peer()))
            .build();
    return Grpc.newServerBuilderForPort(port, InsecureServerCredentials.create())
        .addService(streams.resumable(new TelemetryService()))
        .build()
        .start();
  }

  /** Adds up what each stream reports; each reading counts once, whatever happens on the way. */
  static final class TelemetryService extends TelemetryGrpc.TelemetryImplBase {
    @Override
    public StreamObserver<Reading> report(StreamObserver<Receipt> receipts) {
      return new StreamObserver<>() {
        private double sum;

        @Override
        public void onNext(Reading reading) {
          sum += reading.getValue();
          receipts.onNext(Receipt.newBuilder().setNumber(reading.getNumber()).setSum(sum).build());
        }

        @Override
        public void onError(Throwable failure) {
          // The session has ended: the device cancelled, or did not come back in time.
          System.out.println("ended: " + failure.getMessage());
        }

        @Override
        public void onCompleted() {
          receipts.onCompleted();
        }
      };
    }
  }
}
