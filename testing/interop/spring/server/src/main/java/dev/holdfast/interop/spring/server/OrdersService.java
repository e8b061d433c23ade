package dev.holdfast.interop.spring.server;

import dev.holdfast.interop.spring.v1.FindReply;
import dev.holdfast.interop.spring.v1.FindRequest;
import dev.holdfast.interop.spring.v1.Note;
import dev.holdfast.interop.spring.v1.OrdersGrpc;
import io.grpc.stub.StreamObserver;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.grpc.server.service.GrpcService;

/** The gRPC service of the application, one bean. */
@GrpcService
class OrdersService extends OrdersGrpc.OrdersImplBase {
  private final String instance;

  OrdersService(@Value("${orders.instance}") String instance) {
    this.instance = instance;
  }

  @Override
  public void find(FindRequest request, StreamObserver<FindReply> reply) {
    reply.onNext(FindReply.newBuilder().setInstance(instance).build());
    reply.onCompleted();
  }

  @Override
  public StreamObserver<Note> follow(StreamObserver<Note> replies) {
    return new StreamObserver<>() {
      @Override
      public void onNext(Note note) {
        replies.onNext(note);
      }

      @Override
      public void onError(Throwable failure) {
        // The client has gone: nobody is left to be answered.
      }

      @Override
      public void onCompleted() {
        replies.onCompleted();
      }
    };
  }
}
