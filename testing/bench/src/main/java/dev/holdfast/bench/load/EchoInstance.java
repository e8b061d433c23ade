package dev.holdfast.bench.load;

import dev.holdfast.bench.v1.EchoGrpc;
import dev.holdfast.bench.v1.EchoReply;
import dev.holdfast.bench.v1.EchoRequest;
import io.grpc.stub.StreamObserver;

/** An echo service whose answers carry its name, if it has one. */
public final class EchoInstance extends EchoGrpc.EchoImplBase {
  private final String name;

  /**
   * @param name said in every answer; "" for answers of the payload alone
   */
  public EchoInstance(String name) {
    this.name = name;
  }

  @Override
  public void call(EchoRequest request, StreamObserver<EchoReply> responses) {
    responses.onNext(
        EchoReply.newBuilder().setPayload(request.getPayload()).setInstance(name).build());
    responses.onCompleted();
  }

  @Override
  public void callIdempotent(EchoRequest request, StreamObserver<EchoReply> responses) {
    call(request, responses);
  }
}
