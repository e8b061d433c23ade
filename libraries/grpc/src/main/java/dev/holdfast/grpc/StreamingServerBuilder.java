package dev.holdfast.grpc;

import dev.holdfast.core.DrainSignal;
import dev.holdfast.liveness.LivenessOptions;
import io.grpc.BindableService;
import io.grpc.ForwardingServerBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import java.util.List;
import java.util.Optional;

/** A plain builder whose server has resumable streams, and tells them when it stops. */
final class StreamingServerBuilder extends ForwardingServerBuilder<StreamingServerBuilder> {
  private final NettyServerBuilder netty;
  private final Optional<LivenessOptions> path;
  private final ServedServices services = new ServedServices(System::getenv);
  private final InboundLimit messageLimit = InboundLimit.ofMessages();
  private final InboundLimit metadataLimit = InboundLimit.ofMetadata();

  StreamingServerBuilder(NettyServerBuilder netty, Optional<LivenessOptions> path) {
    this.netty = netty;
    this.path = path;
  }

  @Override
  public StreamingServerBuilder addService(ServerServiceDefinition service) {
    netty.addService(services.add(service));
    return this;
  }

  @Override
  public StreamingServerBuilder addService(BindableService service) {
    return addService(service.bindService());
  }

  @Override
  public StreamingServerBuilder maxInboundMessageSize(int bytes) {
    messageLimit.set(bytes);
    return super.maxInboundMessageSize(bytes);
  }

  @Override
  public StreamingServerBuilder maxInboundMetadataSize(int bytes) {
    metadataLimit.set(bytes);
    return super.maxInboundMetadataSize(bytes);
  }

  @Override
  public Server build() {
    HoldfastServerHooks self =
        new HoldfastServerHooks(
            new DrainSignal(),
            path.flatMap(HoldfastChannelHooks::heartbeatOf),
            List.of(),
            Optional.empty(),
            System.getenv(),
            services.marshallers());
    netty.addStreamTracerFactory(new OpenCallCounter(self, services.streams()));
    messageLimit.limit().ifPresent(n -> netty.maxInboundMessageSize(services.withHeader(n)));
    metadataLimit.limit().ifPresent(n -> netty.maxInboundMetadataSize(services.withHandshake(n)));
    return new StreamingServer(netty.build(), self);
  }

  @Override
  protected ServerBuilder<?> delegate() {
    return netty;
  }
}
