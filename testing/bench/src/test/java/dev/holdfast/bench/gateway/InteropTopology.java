package dev.holdfast.bench.gateway;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import dev.holdfast.bench.clients.Ask;
import dev.holdfast.bench.clients.TalksGrpc;
import dev.holdfast.bench.clients.TalksProto;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.RegistryUri;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.gateway.DrainTimes;
import dev.holdfast.gateway.Gateway;
import dev.holdfast.gateway.GatewayOptions;
import dev.holdfast.gateway.config.GatewayConfig;
import dev.holdfast.gateway.config.LiveConfig;
import dev.holdfast.gateway.frontend.HttpFrontend;
import dev.holdfast.gateway.schema.ClusterSchemas;
import dev.holdfast.gateway.schema.ReflectionClient;
import dev.holdfast.gateway.schema.SchemaTranscoders;
import dev.holdfast.gateway.tls.TlsContexts;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/**
 * Stock servers with reflection in a registry of files, and before them a gateway made of the parts
 * of {@code ./holdfast gateway}. Everything is on loopback and in this process.
 */
final class InteropTopology implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final TalkService talks = new TalkService();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Path folder;
  private final Gateway gateway;
  private Server server;
  private AtomicBoolean served = new AtomicBoolean();

  InteropTopology(Path folder) throws Exception {
    this.folder = folder;
    server = serve();
    RegistryContext context = RegistryContext.system();
    GatewayConfig config =
        GatewayConfig.EMPTY.withRegistry(RegistryUri.parse("file://" + folder + "/registry"));
    ReflectionClient asker = closing(ReflectionClient.open(meters));
    ClusterSchemas schemas =
        closing(new ClusterSchemas(context.scheduler(), asker, context.random()));
    LiveConfig live =
        closing(
            LiveConfig.open(
                new Registries(context),
                config,
                Set.of(),
                Optional.of(schemas),
                TlsContexts.open(meters)));
    GatewayOptions options =
        GatewayOptions.listeningAt(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .withThreads(1)
            .withDrain(new DrainTimes(Duration.ZERO, Duration.ZERO, Duration.ZERO))
            .withMeters(meters)
            .withFrontend(HttpFrontend.of(new SchemaTranscoders(schemas)));
    gateway = closing(Gateway.open(options, live.snapshot()));
    live.follow(gateway::apply);
    awaitServing();
  }

  String address() {
    return "127.0.0.1:" + gateway.address().getPort();
  }

  /** Writes what protoc would, with all that is imported. */
  Path descriptors() throws IOException {
    FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
    add(TalksProto.getDescriptor(), set);
    return Files.write(folder.resolve("talks.binpb"), set.build().toByteArray());
  }

  private static void add(FileDescriptor file, FileDescriptorSet.Builder set) {
    if (set.getFileList().stream().noneMatch(known -> known.getName().equals(file.getName()))) {
      file.getDependencies().forEach(dependency -> add(dependency, set));
      set.addFile(withJsonNames(file));
    }
  }

  /** What protoc adds for its plugins and generated Java leaves out. */
  private static FileDescriptorProto withJsonNames(FileDescriptor file) {
    FileDescriptorProto.Builder names = file.toProto().toBuilder();
    for (Descriptor message : file.getMessageTypes()) {
      for (FieldDescriptor field : message.getFields()) {
        names
            .getMessageTypeBuilder(message.getIndex())
            .getFieldBuilder(field.getIndex())
            .setJsonName(field.getJsonName());
      }
    }
    return names.build();
  }

  /** Another server takes the place of the last one, which closes when it gets no more calls. */
  void replaceServer() throws IOException {
    Server before = server;
    server = serve();
    awaitServing();
    before.shutdown();
  }

  private Server serve() throws IOException {
    AtomicBoolean reached = new AtomicBoolean();
    served = reached;
    Server started =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(
                ServerInterceptors.intercept(talks, TalkService.mirror(() -> reached.set(true))))
            .addService(ProtoReflectionServiceV1.newInstance())
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build()
            .start();
    closing(started::shutdownNow);
    Path list = Files.createDirectories(folder.resolve("registry/talks")).resolve("all.list");
    Path next = Files.writeString(folder.resolve("next.list"), "127.0.0.1:" + started.getPort());
    Files.move(next, list, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    return started;
  }

  /** Until a call has found its way to the last server. */
  private void awaitServing() {
    ManagedChannel channel =
        Grpc.newChannelBuilder(address(), InsecureChannelCredentials.create()).build();
    try {
      TalksGrpc.TalksBlockingStub stub = TalksGrpc.newBlockingStub(channel).withWaitForReady();
      await()
          .atMost(PATIENCE)
          .ignoreExceptionsMatching(StatusRuntimeException.class::isInstance)
          .until(() -> stub.say(Ask.getDefaultInstance()).getText().isEmpty() && served.get());
    } finally {
      channel.shutdownNow();
    }
  }

  /** Runs a client to its end; what it said on both outputs, line by line. */
  static ClientOutput run(Path folder, List<String> command)
      throws IOException, InterruptedException {
    Path output = folder.resolve("client-" + System.nanoTime() + ".out");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return new ClientOutput(ended ? process.exitValue() : -1, Files.readAllLines(output));
    } finally {
      process.destroyForcibly();
    }
  }

  /**
   * What a client said.
   *
   * @param code its exit code, -1 if it did not end
   */
  record ClientOutput(int code, List<String> lines) {
    String text() {
      return lines.stream().collect(Collectors.joining("\n"));
    }
  }

  private <T extends AutoCloseable> T closing(T thing) {
    open.push(thing);
    return thing;
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
