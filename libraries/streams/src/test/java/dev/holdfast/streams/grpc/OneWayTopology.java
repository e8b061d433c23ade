package dev.holdfast.streams.grpc;

import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import java.util.function.Function;

/** A service with a stream in each direction, as generated code makes it and calls it. */
final class OneWayTopology {
  /** Answers "n" with n messages, "0" to "n-1". */
  static final MethodDescriptor<StringValue, StringValue> COUNT =
      StreamTopology.method("test.OneWay/Count").toBuilder()
          .setType(MethodDescriptor.MethodType.SERVER_STREAMING)
          .build();

  /** Answers with the number of messages that it was sent. */
  static final MethodDescriptor<StringValue, StringValue> COLLECT =
      StreamTopology.method("test.OneWay/Collect").toBuilder()
          .setType(MethodDescriptor.MethodType.CLIENT_STREAMING)
          .build();

  private OneWayTopology() {}

  /** A server's record of what its handlers were given. */
  static final class Served {
    final List<String> requests = new CopyOnWriteArrayList<>();
    final List<String> collected = new CopyOnWriteArrayList<>();

    /** Counts to the request, and asks for room before each message. */
    void count(StringValue request, StreamObserver<StringValue> answers) {
      requests.add(request.getValue());
      int end = Integer.parseInt(request.getValue());
      ServerCallStreamObserver<StringValue> call = (ServerCallStreamObserver<StringValue>) answers;
      int[] next = {0};
      call.setOnReadyHandler(
          () -> {
            while (call.isReady() && next[0] < end) {
              call.onNext(RecordingObserver.message(String.valueOf(next[0]++)));
            }
            if (next[0] == end) {
              next[0]++;
              call.onCompleted();
            }
          });
    }

    StreamObserver<StringValue> collect(StreamObserver<StringValue> answer) {
      List<String> ofCall = new CopyOnWriteArrayList<>();
      return new StreamObserver<>() {
        @Override
        public void onNext(StringValue message) {
          ofCall.add(message.getValue());
          collected.add(message.getValue());
        }

        @Override
        public void onError(Throwable failure) {
          // The client is gone; there is nobody to tell.
        }

        @Override
        public void onCompleted() {
          answer.onNext(RecordingObserver.message(String.valueOf(ofCall.size())));
          answer.onCompleted();
        }
      };
    }

    ServerServiceDefinition service() {
      return OneWayTopology.service(this::count, this::collect);
    }
  }

  /** The definition that a generated service has. */
  static ServerServiceDefinition service(
      BiConsumer<StringValue, StreamObserver<StringValue>> count,
      Function<StreamObserver<StringValue>, StreamObserver<StringValue>> collect) {
    return ServerServiceDefinition.builder("test.OneWay")
        .addMethod(COUNT, ServerCalls.asyncServerStreamingCall(count::accept))
        .addMethod(COLLECT, ServerCalls.asyncClientStreamingCall(collect::apply))
        .build();
  }

  /** A call as a generated asynchronous stub makes it. */
  static RecordingObserver count(Channel channel, CallOptions options, int messages) {
    RecordingObserver answers = new RecordingObserver();
    ClientCalls.asyncServerStreamingCall(
        channel.newCall(COUNT, options),
        RecordingObserver.message(String.valueOf(messages)),
        answers);
    return answers;
  }

  static RecordingObserver count(Channel channel, int messages) {
    return count(channel, CallOptions.DEFAULT, messages);
  }

  static ClientCallStreamObserver<StringValue> collect(
      Channel channel, StreamObserver<StringValue> answer) {
    return (ClientCallStreamObserver<StringValue>)
        ClientCalls.asyncClientStreamingCall(channel.newCall(COLLECT, CallOptions.DEFAULT), answer);
  }
}
