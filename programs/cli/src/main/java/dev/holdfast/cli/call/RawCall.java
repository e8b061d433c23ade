package dev.holdfast.cli.call;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * A gRPC call whose messages are byte arrays. One thread may send while another thread reads. Both
 * block until the peer is ready, without limit unless the call has a deadline.
 */
final class RawCall implements AutoCloseable {
  private final ClientCall<byte[], byte[]> call;
  private final Object lock = new Object();
  private final Deque<byte[]> received = new ArrayDeque<>();
  private @Nullable Status status;
  private Metadata trailers = new Metadata();

  /** Starts the call and requests the first message. */
  RawCall(Channel channel, String fullName, CallOptions options, Metadata headers) {
    call = channel.newCall(method(fullName), options);
    call.start(new Listener(), headers);
    call.request(1);
  }

  /**
   * Sends a message as soon as the peer takes more.
   *
   * @return false when the call is over
   */
  boolean send(byte[] message) throws InterruptedException {
    synchronized (lock) {
      while (status == null && !call.isReady()) {
        lock.wait();
      }
      if (status != null) {
        return false;
      }
    }
    call.sendMessage(message);
    return true;
  }

  /** Half-closes the call: the client sends no further message. */
  void halfClose() {
    call.halfClose();
  }

  /** The next message, waited for; null when there is none any more, and then there is a status. */
  byte @Nullable [] next() throws InterruptedException {
    synchronized (lock) {
      while (received.isEmpty() && status == null) {
        lock.wait();
      }
      byte[] message = received.poll();
      if (message != null) {
        call.request(1);
      }
      return message;
    }
  }

  /** The final status of the call, which must have ended. */
  Status status() {
    synchronized (lock) {
      if (status == null) {
        throw new IllegalStateException("status: the call goes on (expected: its end)");
      }
      return status;
    }
  }

  /** The trailers of the call; empty until the call has ended. */
  Metadata trailers() {
    synchronized (lock) {
      return trailers;
    }
  }

  /** Gives the call up, if it goes on. */
  @Override
  public void close() {
    call.cancel("given up by the command", null);
  }

  private static MethodDescriptor<byte[], byte[]> method(String fullName) {
    return MethodDescriptor.<byte[], byte[]>newBuilder()
        .setFullMethodName(fullName)
        .setType(MethodDescriptor.MethodType.UNKNOWN)
        .setRequestMarshaller(new Bytes())
        .setResponseMarshaller(new Bytes())
        .build();
  }

  private final class Listener extends ClientCall.Listener<byte[]> {
    @Override
    public void onReady() {
      synchronized (lock) {
        lock.notifyAll();
      }
    }

    @Override
    public void onMessage(byte[] message) {
      synchronized (lock) {
        received.add(message);
        lock.notifyAll();
      }
    }

    @Override
    public void onClose(Status how, Metadata last) {
      synchronized (lock) {
        status = how;
        trailers = last;
        lock.notifyAll();
      }
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try (stream) {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
