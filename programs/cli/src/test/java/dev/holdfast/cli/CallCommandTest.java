package dev.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.rpc.ErrorInfo;
import dev.holdfast.core.testkit.TestCertificate;
import dev.holdfast.examples.v1.FollowRequest;
import dev.holdfast.examples.v1.GetRequest;
import dev.holdfast.examples.v1.Order;
import dev.holdfast.examples.v1.OrderEvent;
import dev.holdfast.examples.v1.OrdersGrpc;
import dev.holdfast.examples.v1.OrdersOuterClass;
import dev.holdfast.examples.v1.Reading;
import dev.holdfast.examples.v1.Receipt;
import dev.holdfast.examples.v1.TelemetryGrpc;
import io.grpc.BindableService;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.TlsServerCredentials;
import io.grpc.protobuf.StatusProto;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.stub.StreamObserver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code call} and {@code ls-methods} against stock servers. */
class CallCommandTest {
  private static final String GET = "holdfast.examples.v1.Orders/Get";
  private static final String ID_7 = "{\"id\":\"7\"}";

  @TempDir Path folder;

  private final List<Server> servers = new ArrayList<>();
  private final ConcurrentLinkedQueue<Metadata> headers = new ConcurrentLinkedQueue<>();

  private final ConcurrentLinkedQueue<String> authorities = new ConcurrentLinkedQueue<>();

  @AfterEach
  void stop() {
    servers.forEach(Server::shutdownNow);
  }

  @Test
  void methodsAreListedByReflection() throws Exception {
    String server = reflecting();

    CommandRun all = CommandRun.of("ls-methods", server);
    CommandRun one = CommandRun.of("ls-methods", server, "holdfast.examples.v1.Telemetry");
    CommandRun json =
        CommandRun.of("ls-methods", server, "holdfast.examples.v1.Telemetry", "--json");

    assertThat(all.code()).as(all.err()).isZero();
    assertThat(all.out())
        .contains(
            "holdfast.examples.v1.Orders/Follow  holdfast.examples.v1.FollowRequest -> stream"
                + " holdfast.examples.v1.OrderEvent\n");
    assertThat(one.out())
        .isEqualTo(
            "holdfast.examples.v1.Telemetry/Report  stream holdfast.examples.v1.Reading -> stream"
                + " holdfast.examples.v1.Receipt\n");
    assertThat(json.out())
        .isEqualTo(
            "{\"target\":\""
                + server
                + "\",\"methods\":[{\"method\":\"holdfast.examples.v1.Telemetry/Report\",\"request\":\"holdfast.examples.v1.Reading\",\"response\":\"holdfast.examples.v1.Receipt\",\"clientStreams\":true,\"serverStreams\":true,\"idempotency\":\"IDEMPOTENCY_UNKNOWN\"}],\"undescribed\":[]}\n");
  }

  @Test
  void unaryCallPrintsItsAnswer() throws Exception {
    CommandRun run = CommandRun.of("call", reflecting(), GET, "-d", ID_7);

    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out()).isEqualTo("{\"id\":\"7\",\"item\":\"tea\"}\n");
  }

  @Test
  @SuppressWarnings("deprecation") // what older servers have
  void olderReflectionIsAskedWhereThereIsNoOther() throws Exception {
    String server =
        start(builder().addService(io.grpc.protobuf.services.ProtoReflectionService.newInstance()));

    CommandRun run = CommandRun.of("call", server, GET, "-d", ID_7);

    assertThat(run.code()).as(run.err()).isZero();
  }

  @Test
  void serverWithoutReflectionNeedsADescriptorSet() throws Exception {
    String server = start(builder());
    Path set = folder.resolve("orders.pb");
    Files.write(
        set,
        FileDescriptorSet.newBuilder()
            .addFile(OrdersOuterClass.getDescriptor().toProto())
            .build()
            .toByteArray());

    CommandRun without = CommandRun.of("call", server, GET, "-d", ID_7);
    CommandRun with =
        CommandRun.of("call", server, GET, "-d", ID_7, "--descriptor-set", set.toString());

    assertThat(without.code()).isEqualTo(ExitCode.FAILED);
    assertThat(without.err())
        .contains(
            "the server has no reflection: UNIMPLEMENTED: Method not found: grpc.reflection.v1",
            " (expected: its reflection service, --authority NAME",
            "--descriptor-set FILE");
    assertThat(with.code()).as(with.err()).isZero();
  }

  @Test
  void messagesOfStreamsAreLines() throws Exception {
    String server = reflecting();
    Path readings = folder.resolve("readings.ndjson");
    Files.writeString(
        readings, "{\"number\":1,\"value\":2.25}\n\n{\"number\":\"2\",\"value\":0.5}");

    CommandRun follow =
        CommandRun.of("call", server, "holdfast.examples.v1.Orders/Follow", "-d", ID_7);
    CommandRun report =
        CommandRun.of(
            "call", server, "holdfast.examples.v1.Telemetry.Report", "-d", "@" + readings);

    assertThat(follow.out()).isEqualTo("{\"sequence\":\"1\"}\n{\"sequence\":\"2\"}\n");
    assertThat(report.code()).as(report.err()).isZero();
    assertThat(report.out())
        .isEqualTo("{\"number\":\"1\",\"sum\":2.25}\n{\"number\":\"2\",\"sum\":2.75}\n");
  }

  @Test
  void failedCallShowsItsStatusWithDetails() throws Exception {
    String server = reflecting();

    CommandRun text = CommandRun.of("call", server, GET, "-d", "{\"id\":\"none\"}");
    CommandRun json = CommandRun.of("call", server, GET, "-d", "{\"id\":\"none\"}", "--json");

    String details =
        "\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"GONE\"}]";
    assertThat(text.code()).isEqualTo(ExitCode.FAILED);
    assertThat(text.err()).startsWith("holdfast: NOT_FOUND: no such order\n").contains(details);
    assertThat(json.code()).isEqualTo(ExitCode.FAILED);
    assertThat(json.out())
        .isEqualTo("{\"error\":{\"code\":5,\"message\":\"no such order\"," + details + "}}\n");
  }

  @Test
  void wrongNamesMeetTheNearest() throws Exception {
    String server = reflecting();

    CommandRun method = CommandRun.of("call", server, "holdfast.examples.v1.Orders/Gett");
    CommandRun service = CommandRun.of("call", server, "holdfast.example.v1.Orders/Get");
    CommandRun list = CommandRun.of("ls-methods", server, "holdfast.examples.v1.Order");

    assertThat(method.err())
        .isEqualTo(
            "holdfast: method: holdfast.examples.v1.Orders has no Gett (did you mean"
                + " holdfast.examples.v1.Orders/Get?)\n");
    assertThat(service.err()).contains("is unknown to " + server + " (did you mean " + GET + "?)");
    assertThat(list.err()).contains("(did you mean holdfast.examples.v1.Orders?)");
    assertThat(List.of(method.code(), service.code(), list.code())).containsOnly(ExitCode.FAILED);
  }

  @Test
  void badJsonIsNeverSent() throws Exception {
    String server = reflecting();
    headers.clear();

    CommandRun unknown = CommandRun.of("call", server, GET, "-d", "{\"idd\":\"7\"}");
    CommandRun second =
        CommandRun.of(
            "call",
            server,
            "holdfast.examples.v1.Telemetry/Report",
            "-d",
            "{\"number\":1}\n{\"number\":\"x\"}");

    assertThat(unknown.code()).as(unknown.err()).isEqualTo(ExitCode.USAGE);
    assertThat(unknown.err()).contains("d: message: \"idd\" ", "; did you mean id?)");
    assertThat(second.code()).as(second.err()).isEqualTo(ExitCode.USAGE);
    assertThat(second.err()).contains("d: message 2: number");
  }

  @Test
  void headersGoWithTheCallAndReflection() throws Exception {
    String server = reflecting();

    CommandRun run =
        CommandRun.of("call", server, GET, "-d", ID_7, "-H", "X-Who: me", "-H", "x-raw-bin: aGk=");

    assertThat(run.code()).as(run.err()).isZero();
    Metadata.Key<String> who = Metadata.Key.of("x-who", Metadata.ASCII_STRING_MARSHALLER);
    Metadata.Key<byte[]> raw = Metadata.Key.of("x-raw-bin", Metadata.BINARY_BYTE_MARSHALLER);
    assertThat(headers).hasSize(2);
    assertThat(headers).allSatisfy(sent -> assertThat(sent.get(who)).isEqualTo("me"));
    assertThat(headers).allSatisfy(sent -> assertThat(sent.get(raw)).containsExactly('h', 'i'));
  }

  @Test
  void deadlineOfTheCallIsKept() throws Exception {
    String slow = "{\"id\":\"slow\"}";

    CommandRun run = CommandRun.of("call", reflecting(), GET, "-d", slow, "--timeout", "100ms");

    assertThat(run.code()).isEqualTo(ExitCode.FAILED);
    assertThat(run.err()).startsWith("holdfast: DEADLINE_EXCEEDED");
  }

  @Test
  void serviceOfARegistryIsCalled() throws Exception {
    FileRegistryDirectory registry = new FileRegistryDirectory(folder);
    String port = reflecting().substring("127.0.0.1:".length());
    registry.run(
        "register",
        "--static",
        "--force",
        "--service",
        "orders",
        "--port",
        port,
        "--advertise",
        "127.0.0.1");

    CommandRun byName = registry.run("call", "orders", GET, "-d", ID_7);
    CommandRun byTarget = CommandRun.of("call", registry.uri() + "/orders", GET, "-d", ID_7);

    assertThat(byName.code()).as(byName.err()).isZero();
    assertThat(byTarget.out()).isEqualTo("{\"id\":\"7\",\"item\":\"tea\"}\n");
  }

  @Test
  void serverWithTlsIsCalled() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "orders");
    ServerBuilder<?> builder =
        Grpc.newServerBuilderForPort(
            0, TlsServerCredentials.create(certificate.certificate(), certificate.key()));
    String server = start(offering(builder).addService(ProtoReflectionServiceV1.newInstance()));

    CommandRun trusted =
        CommandRun.of(
            "call",
            server,
            GET,
            "--ca",
            certificate.certificate().toString(),
            "--authority",
            "orders");
    CommandRun plain = CommandRun.of("call", server, GET);

    assertThat(trusted.code()).as(trusted.err()).isZero();
    assertThat(plain.code()).isEqualTo(ExitCode.FAILED);
    assertThat(plain.err()).contains("reflection: UNAVAILABLE");
  }

  @Test
  void serviceBehindAGatewayHasAnotherNameThanTheGatewaysCertificate() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder, "gate.example");
    ServerBuilder<?> builder =
        Grpc.newServerBuilderForPort(
            0, TlsServerCredentials.create(certificate.certificate(), certificate.key()));
    String server = start(offering(builder).addService(ProtoReflectionServiceV1.newInstance()));
    String ca = certificate.certificate().toString();
    String[] line = {
      "call", server, GET, "-d", ID_7, "--authority", "orders", "--ca", ca, "--tls-name", "?"
    };

    line[10] = "gate.example";
    CommandRun named = CommandRun.of(line);
    line[10] = "orders";
    CommandRun other = CommandRun.of(line);

    assertThat(named.code()).as(named.err()).isZero();
    assertThat(authorities).hasSize(2).containsOnly("orders");
    assertThat(other.err())
        .contains("UNAVAILABLE: TLS: ", "no subject alternative DNS name matching orders")
        .doesNotContain("Channel Pipeline");
    assertThat(other.code()).isEqualTo(ExitCode.FAILED);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertRefused("method: \"Get\" (expected: package.Service/Method)", "call", "h:1", "Get");
    assertRefused("port: \"x\" (expected: 1 to 65535)", "call", "h:x", GET);
    assertRefused("H: \"who\" (expected: KEY: VALUE", "call", "h:1", GET, "-H", "who");
    assertRefused("timeout: \"soon\" (expected: ", "call", "h:1", GET, "--timeout", "soon");
    assertRefused("descriptor-set: ", "call", "h:1", GET, "--descriptor-set", folder + "/none.pb");
  }

  private static void assertRefused(String message, String... words) {
    CommandRun run = CommandRun.of(words);
    assertThat(run.err()).startsWith("holdfast: " + message);
    assertThat(run.code()).isEqualTo(ExitCode.USAGE);
  }

  private String reflecting() throws Exception {
    return start(builder().addService(ProtoReflectionServiceV1.newInstance()));
  }

  private ServerBuilder<?> builder() {
    return offering(Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create()));
  }

  private ServerBuilder<?> offering(ServerBuilder<?> builder) {
    List<BindableService> services = List.of(new Orders(), new Telemetry());
    services.forEach(builder::addService);
    return builder.intercept(
        new ServerInterceptor() {
          @Override
          public <Q, A> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, A> call, Metadata sent, ServerCallHandler<Q, A> next) {
            headers.add(sent);
            authorities.add(String.valueOf(call.getAuthority()));
            return next.startCall(call, sent);
          }
        });
  }

  private String start(ServerBuilder<?> builder) throws Exception {
    Server server = builder.build().start();
    servers.add(server);
    return "127.0.0.1:" + server.getPort();
  }

  private static final class Orders extends OrdersGrpc.OrdersImplBase {
    @Override
    public void get(GetRequest request, StreamObserver<Order> answer) {
      if (request.getId().equals("none")) {
        answer.onError(
            StatusProto.toStatusRuntimeException(
                com.google.rpc.Status.newBuilder()
                    .setCode(5)
                    .setMessage("no such order")
                    .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("GONE").build()))
                    .build()));
      } else if (!request.getId().equals("slow")) {
        answer.onNext(Order.newBuilder().setId(request.getId()).setItem("tea").build());
        answer.onCompleted();
      }
    }

    @Override
    public void follow(FollowRequest request, StreamObserver<OrderEvent> answer) {
      answer.onNext(OrderEvent.newBuilder().setSequence(1).build());
      answer.onNext(OrderEvent.newBuilder().setSequence(2).build());
      answer.onCompleted();
    }
  }

  private static final class Telemetry extends TelemetryGrpc.TelemetryImplBase {
    @Override
    public StreamObserver<Reading> report(StreamObserver<Receipt> answer) {
      return new StreamObserver<>() {
        private double sum;

        @Override
        public void onNext(Reading reading) {
          sum += reading.getValue();
          answer.onNext(Receipt.newBuilder().setNumber(reading.getNumber()).setSum(sum).build());
        }

        @Override
        public void onError(Throwable failure) {
          sum = Double.NaN;
        }

        @Override
        public void onCompleted() {
          answer.onCompleted();
        }
      };
    }
  }
}
