package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.gateway.access.AccessLog;
import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.listener.L4Options;
import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.ServerNames;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stands in the log of calls, and that calls don't mind when it can't be written. */
class AccessLogTest {
  private final GatewayRig rig = new GatewayRig();

  @TempDir Path folder;

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void aLineSaysWhatACallDidAndNoSecret() throws Exception {
    Path file = folder.resolve("calls.log");
    String endpoint = rig.serve(new Echo());
    Gateway gateway = rig.gateway(endpoint);
    gateway.callStatistics().setSink(rig.closing(AccessLog.open(Optional.of(file), rig.meters)));
    Metadata headers = new Metadata();
    headers.put(key("x-request-id"), "r-\"1\"");
    headers.put(key("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    headers.put(key("authorization"), "Bearer hush");
    headers.put(key("cookie"), "session=hush");
    Channel channel =
        ClientInterceptors.intercept(
            rig.channel(gateway), MetadataUtils.newAttachHeadersInterceptor(headers));

    ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[10]);
    assertThatThrownBy(
            () ->
                ClientCalls.blockingUnaryCall(
                    channel,
                    Echo.FAIL,
                    CallOptions.DEFAULT,
                    "ABORTED:x".getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(StatusRuntimeException.class);

    List<String> lines = lines(file, 2);
    assertThat(lines.get(0))
        .matches("\\{\"time\":\"20[0-9T:.-]+Z\",\"method\":\"/test.Echo/Unary\",.*}")
        .contains("\"route\":\"all\",\"cluster\":\"echo\",\"grpc\":\"OK\",\"reason\":\"answered\"")
        .contains("\"endpoint\":\"" + endpoint + "\",\"attempts\":1,")
        .contains("\"requestMessages\":1,\"answerMessages\":1,\"firstByteMillis\":")
        .contains("\"requestBytes\":15,\"answerBytes\":15,\"totalMillis\":")
        .contains(
            "\"forwardedFor\":\"127.0.0.1\",\"requestId\":\"r-\\\"1\\\"\",\"traceparent\":\"00");
    assertThat(lines.get(1)).contains("\"grpc\":\"ABORTED\",\"reason\":\"answered\"");
    assertThat(String.join("\n", lines)).doesNotContain("hush");
  }

  @Test
  void messagesAreCountedBothWaysAndEachCallHasItsClient() throws Exception {
    Path file = folder.resolve("calls.log");
    Gateway gateway = rig.gateway(rig.serve(new Echo()));
    gateway.callStatistics().setSink(rig.closing(AccessLog.open(Optional.of(file), rig.meters)));
    Channel channel = rig.channel(gateway);

    // Headers that come again are remembered; they have a client, too.
    for (int i = 0; i < 4; i++) {
      ClientCalls.blockingServerStreamingCall(
              channel, Echo.MANY, CallOptions.DEFAULT, new byte[] {7, 0, 0, 0, 0})
          .forEachRemaining(each -> {});
    }
    CollectedResponses sum = new CollectedResponses();
    StreamObserver<byte[]> count =
        ClientCalls.asyncClientStreamingCall(channel.newCall(Echo.COUNT, CallOptions.DEFAULT), sum);
    count.onNext(new byte[0]);
    count.onNext(new byte[100_000]);
    count.onNext(new byte[3]);
    count.onCompleted();

    List<String> lines = lines(file, 5);
    for (String line : lines.subList(0, 4)) {
      assertThat(line)
          .contains("\"requestMessages\":1,\"answerMessages\":7,")
          .contains("\"forwardedFor\":\"127.0.0.1\"");
    }
    assertThat(lines.get(4)).contains("\"requestMessages\":3,\"answerMessages\":1,");
  }

  @Test
  void whatIsPassedThroughOrTurnedAwayHasALine() throws Exception {
    Path file = folder.resolve("calls.log");
    try (ServerSocket server = new ServerSocket(0, 50, TlsRig.loopback().getAddress())) {
      String at = "127.0.0.1:" + server.getLocalPort();
      Cluster db =
          Cluster.fixed("db", EndpointSet.of(List.of(Endpoint.of(at))), GatewayRig.PATIENT);
      GatewaySnapshot calls = rig.snapshot("127.0.0.1:1");
      Gateway gateway =
          rig.gateway(new GatewaySnapshot(calls.router(), Map.of("db", db), calls.limits()));
      gateway.callStatistics().setSink(rig.closing(AccessLog.open(Optional.of(file), rig.meters)));
      gateway.listen(List.of(l4("db"), l4("gone")));
      try (Socket client = connected(gateway.addresses().get(0))) {
        client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
        client.shutdownOutput();
        try (Socket accepted = server.accept()) {
          accepted.getInputStream().readAllBytes();
          accepted.getOutputStream().write(new byte[7]);
        }
        assertThat(client.getInputStream().readAllBytes()).hasSize(7);
      }
      assertThat(lines(file, 1).get(0))
          .contains("\"protocol\":\"l4\",\"cluster\":\"db\",\"reason\":\"closed\"")
          .contains("\"endpoint\":\"" + at + "\",\"attempts\":1,\"requestBytes\":5,")
          .contains("\"answerBytes\":7,\"totalMillis\":")
          .contains("\"forwardedFor\":\"127.0.0.1\"}");
      try (Socket client = connected(gateway.addresses().get(1))) {
        client.getOutputStream().write("hello".getBytes(StandardCharsets.UTF_8));
        assertThat(RawTcpClient.isEnded(client)).isTrue();
      }
      assertThat(lines(file, 2).get(1))
          .contains("\"cluster\":\"gone\",\"reason\":\"no_cluster\",\"attempts\":0,");
    }
  }

  private static ListenerOptions l4(String cluster) {
    return ListenerOptions.plaintext(TlsRig.loopback())
        .withL4(new L4Options(Optional.of(cluster), new ServerNames<>(Map.of()), false));
  }

  private static Socket connected(InetSocketAddress at) throws IOException {
    Socket socket = new Socket();
    socket.connect(at);
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(GatewayRig.PATIENCE_SECONDS));
    return socket;
  }

  @Test
  void aFullDiskHarmsNoCallAndIsCounted() throws Exception {
    Path file = folder.resolve("calls.log");
    Files.createSymbolicLink(file, Path.of("/dev/full"));
    Gateway gateway = rig.gateway(rig.serve(new Echo()));
    gateway.callStatistics().setSink(rig.closing(AccessLog.open(Optional.of(file), rig.meters)));
    Channel channel = rig.channel(gateway);

    for (int i = 0; i < 3; i++) {
      ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[1]);
    }
    await().atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS).until(() -> lost("disk") == 3);

    Files.delete(file);
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(
            () -> {
              ClientCalls.blockingUnaryCall(channel, Echo.UNARY, CallOptions.DEFAULT, new byte[1]);
              return Files.exists(file) && Files.size(file) > 0;
            });
    assertThat(lost("queue")).isZero();
  }

  private double lost(String reason) {
    return rig.meters
        .get("holdfast.gateway.access.log.lost")
        .tag("reason", reason)
        .counter()
        .count();
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static List<String> lines(Path file, int count) throws IOException {
    await()
        .atMost(GatewayRig.PATIENCE_SECONDS, TimeUnit.SECONDS)
        .until(() -> Files.exists(file) && Files.readAllLines(file).size() >= count);
    return Files.readAllLines(file);
  }
}
