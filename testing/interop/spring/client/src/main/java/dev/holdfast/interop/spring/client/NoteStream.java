package dev.holdfast.interop.spring.client;

import dev.holdfast.interop.spring.v1.Note;
import dev.holdfast.interop.spring.v1.OrdersGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** One bidirectional stream, opened by its first message. Orders come from one thread. */
@Component
class NoteStream {
  private final OrdersGrpc.OrdersStub orders;
  private @Nullable StreamObserver<Note> stream;

  NoteStream(OrdersGrpc.OrdersStub orders) {
    this.orders = orders;
  }

  void send(String text) {
    StreamObserver<Note> open = stream;
    if (open == null) {
      open = orders.withWaitForReady().follow(new Replies());
      stream = open;
    }
    open.onNext(Note.newBuilder().setText(text).build());
  }

  private static final class Replies implements StreamObserver<Note> {
    @Override
    public void onNext(Note note) {
      System.out.println("HEARD " + note.getText());
    }

    @Override
    public void onError(Throwable failure) {
      System.out.println("HEARD failed " + Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      System.out.println("HEARD end");
    }
  }
}
