package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.SystemScheduler;
import dev.holdfast.registry.etcd.proto.KVGrpc;
import dev.holdfast.registry.etcd.proto.RangeRequest;
import dev.holdfast.registry.etcd.proto.RangeResponse;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Members that hang up: before they have ever answered, and after. */
class EtcdMemberTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void aMemberThatStoppedIsNotTakenForOneThatWantsTls() throws Exception {
    try (SystemScheduler scheduler = SystemScheduler.create("etcd-member-test");
        HangingUp port = new HangingUp(0)) {
      EtcdMember plain = member(port.number(), scheduler);
      assertThat(failure(plain, scheduler).getMessage())
          .contains("127.0.0.1:" + port.number())
          .doesNotContain("TLS");

      Server server = server();
      int number = server.getPort();
      EtcdMember known = member(number, scheduler);
      assertThat(ask(known, scheduler)).isNull();
      server.shutdownNow().awaitTermination();
      try (HangingUp killed = new HangingUp(number)) {
        assertThat(failure(known, scheduler).getMessage())
            .contains("127.0.0.1:" + killed.number())
            .doesNotContain("needs tls=");
      }
    }
  }

  /** Calls that meet the end of the last connection are followed by one that meets a new one. */
  private static EtcdException failure(EtcdMember member, SystemScheduler scheduler)
      throws Exception {
    var unused = ask(member, scheduler);
    return Objects.requireNonNull(ask(member, scheduler));
  }

  /** How a request failed; null when it was answered. */
  private static @Nullable EtcdException ask(EtcdMember member, SystemScheduler scheduler)
      throws Exception {
    CompletableFuture<Optional<EtcdException>> end = new CompletableFuture<>();
    scheduler.execute(
        () ->
            member.send(
                KVGrpc.getRangeMethod(),
                RangeRequest.getDefaultInstance(),
                PATIENCE,
                new Metadata(),
                answer -> end.complete(Optional.empty()),
                failure -> end.complete(Optional.of(failure))));
    return end.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).orElse(null);
  }

  private static EtcdMember member(int port, SystemScheduler scheduler) {
    return new EtcdMember(
        HostPort.parse("127.0.0.1:" + port),
        new EtcdChannels(Optional.empty(), PATIENCE),
        Optional.empty(),
        scheduler);
  }

  private static Server server() throws IOException {
    BindableService answers =
        new KVGrpc.KVImplBase() {
          @Override
          public void range(RangeRequest request, StreamObserver<RangeResponse> to) {
            to.onNext(RangeResponse.getDefaultInstance());
            to.onCompleted();
          }
        };
    return NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .addService(answers)
        .build()
        .start();
  }

  /** Closes what it accepts at once. */
  private static final class HangingUp implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket();

    HangingUp(int port) throws IOException {
      listener.setReuseAddress(true);
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      Thread thread = new Thread(this::hangUp, "hanging-up");
      thread.setDaemon(true);
      thread.start();
    }

    int number() {
      return listener.getLocalPort();
    }

    private void hangUp() {
      try {
        while (true) {
          Socket socket = listener.accept();
          // What it says first is read, or it would hear of a reset before it has said it.
          int unused = socket.getInputStream().read();
          socket.setSoLinger(true, 0);
          socket.close();
        }
      } catch (IOException e) {
        assertThat(listener.isClosed()).isTrue();
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }
}
