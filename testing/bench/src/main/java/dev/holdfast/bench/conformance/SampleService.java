package dev.holdfast.bench.conformance;

import com.google.protobuf.Any;
import dev.holdfast.bench.v1.Detail;
import dev.holdfast.bench.v1.Echoed;
import dev.holdfast.bench.v1.Sample;
import dev.holdfast.bench.v1.SamplesGrpc;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;

/** A service whose answers give the called method and its request. */
final class SampleService extends SamplesGrpc.SamplesImplBase {
  @Override
  public void root(Sample request, StreamObserver<Echoed> answer) {
    echo("Root", request, answer);
  }

  @Override
  public void whole(Sample request, StreamObserver<Echoed> answer) {
    echo("Whole", request, answer);
  }

  @Override
  public void field(Sample request, StreamObserver<Echoed> answer) {
    echo("Field", request, answer);
  }

  @Override
  public void list(Sample request, StreamObserver<Echoed> answer) {
    echo("List", request, answer);
  }

  @Override
  public void query(Sample request, StreamObserver<Echoed> answer) {
    echo("Query", request, answer);
  }

  @Override
  public void drop(Sample request, StreamObserver<Echoed> answer) {
    echo("Drop", request, answer);
  }

  @Override
  public void plain(Sample request, StreamObserver<Echoed> answer) {
    echo("Plain", request, answer);
  }

  @Override
  public void resource(Sample request, StreamObserver<Echoed> answer) {
    echo("Resource", request, answer);
  }

  @Override
  public void rest(Sample request, StreamObserver<Echoed> answer) {
    echo("Rest", request, answer);
  }

  @Override
  public void update(Sample request, StreamObserver<Echoed> answer) {
    echo("Update", request, answer);
  }

  @Override
  public void tell(Sample request, StreamObserver<Echoed> answer) {
    echo("Tell", request, answer);
  }

  @Override
  public void ask(Sample request, StreamObserver<Echoed> answer) {
    echo("Ask", request, answer);
  }

  @Override
  public void fail(Sample request, StreamObserver<Echoed> answer) {
    Detail why = Detail.newBuilder().setTitle("as asked").build();
    answer.onError(
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(request.getAnInt32())
                .setMessage("as asked")
                .addDetails(Any.pack(why))
                .build()));
  }

  @Override
  public StreamObserver<Sample> gather(StreamObserver<Echoed> answer) {
    return new StreamObserver<>() {
      private Sample last = Sample.getDefaultInstance();
      private int messages;

      @Override
      public void onNext(Sample sample) {
        last = sample;
        messages++;
      }

      @Override
      public void onError(Throwable cause) {
        // Nobody is there any more to be told.
      }

      @Override
      public void onCompleted() {
        answer.onNext(echoed("Gather", last, messages));
        answer.onCompleted();
      }
    };
  }

  @Override
  public void repeat(Sample request, StreamObserver<Echoed> answer) {
    for (int i = 0; i < request.getAnInt32(); i++) {
      answer.onNext(echoed("Repeat", request, 1));
    }
    answer.onCompleted();
  }

  private static void echo(String method, Sample request, StreamObserver<Echoed> answer) {
    answer.onNext(echoed(method, request, 1));
    answer.onCompleted();
  }

  private static Echoed echoed(String method, Sample request, int messages) {
    return Echoed.newBuilder().setMethod(method).setSample(request).setMessages(messages).build();
  }
}
