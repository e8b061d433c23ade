package dev.holdfast.examples;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import dev.holdfast.streams.grpc.Holdfast;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A device that reports over one stream and may lose its connection at any time.
 *
 * <pre>
 * TelemetryClient host:port [readings]
 * </pre>
 *
 * <p>Sends the given number of readings of 1.0, 1,000 by default, about 100 a second. Exits with 0
 * when each was counted once.
 */
public final class TelemetryClient {
  private TelemetryClient() {}

  /** Sends the readings, prints the result and exits. */
  public static void main(String[] args) throws InterruptedException {
    int readings = args.length < 2 ? 1_000 : Integer.parseInt(args[1]);
    ManagedChannel channel =
        Grpc.newChannelBuilder(args[0], InsecureChannelCredentials.create())
            .intercept(Holdfast.resumable())
            .build();
    boolean counted = report(channel, readings);
    System.out.println("RESULT readings=" + readings + " counted_once=" + counted);
    channel.shutdown();
    channel.awaitTermination(5, TimeUnit.SECONDS);
    System.exit(counted ? 0 : 1);
  }

  static boolean report(ManagedChannel channel, int readings) {
    CompletableFuture<Receipt> last = new CompletableFuture<>();
    StreamObserver<Reading> stream =
        TelemetryGrpc.newStub(channel)
            .report(
                new StreamObserver<>() {
                  private Receipt latest = Receipt.getDefaultInstance();

                  @Override
                  public void onNext(Receipt receipt) {
                    latest = receipt;
                  }

                  @Override
                  public void onError(Throwable failure) {
                    last.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    last.complete(latest);
                  }
                });
    for (int number = 1; number <= readings; number++) {
      stream.onNext(Reading.newBuilder().setDevice("d1").setNumber(number).setValue(1).build());
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    stream.onCompleted();
    Receipt receipt = last.join();
    return receipt.getNumber() == readings && Math.round(receipt.getSum()) == readings;
  }
}
