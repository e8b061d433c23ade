package dev.holdfast.cli;

import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import io.grpc.stub.StreamObserver;

/** A service that answers each reading with a receipt. */
final class AcknowledgingTelemetry extends TelemetryGrpc.TelemetryImplBase {
  @Override
  public StreamObserver<Reading> report(StreamObserver<Receipt> receipts) {
    return new StreamObserver<>() {
      @Override
      public void onNext(Reading reading) {
        receipts.onNext(Receipt.newBuilder().setNumber(reading.getNumber()).build());
      }

      @Override
      public void onError(Throwable failure) {}

      @Override
      public void onCompleted() {
        receipts.onCompleted();
      }
    };
  }

  /** A caller that does nothing with its receipts. */
  static final class Ignoring implements StreamObserver<Receipt> {
    @Override
    public void onNext(Receipt receipt) {}

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
  }
}
