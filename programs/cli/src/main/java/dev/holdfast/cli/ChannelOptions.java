package dev.holdfast.cli;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.grpc.HoldfastChannelBuilder;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that call a server: TLS, and the authority of the server. */
public final class ChannelOptions {
  @Mixin private final TlsOptions tls = new TlsOptions();

  @Option(
      names = "--tls-name",
      paramLabel = "HOST",
      description =
          "Whom the server's certificate must be for, also asked for by SNI, where that is not the"
              + " authority: a gateway of several services. Implies --tls.")
  private @Nullable String tlsName;

  /**
   * A channel to a server, which connects with its first call: in plaintext, unless one of these
   * options asks for TLS. Without {@code --ca} the authorities of Java are trusted.
   *
   * @throws UserError when the files are not what they should be
   */
  public ManagedChannel channel(HostPort server) {
    return named(Grpc.newChannelBuilderForAddress(server.host(), server.port(), credentials()));
  }

  /**
   * A channel to the endpoints of a service, as {@link #channel(HostPort)}.
   *
   * @throws UserError when the files are not what they should be
   */
  public ManagedChannel channel(ServiceTarget service, RegistryContext context) {
    return named(
        HoldfastChannelBuilder.forTarget(
            service.toString(), credentials(), new Registries(context)));
  }

  private ManagedChannel named(ManagedChannelBuilder<?> builder) {
    tls.authority().ifPresent(builder::overrideAuthority);
    if (tlsName != null) {
      // A channel has one name for both; that of a call may be another.
      builder.overrideAuthority(tlsName);
      tls.authority().ifPresent(authority -> builder.intercept(new CallsOf(authority)));
    }
    return builder.build();
  }

  private ChannelCredentials credentials() {
    tls.requirePair();
    if (!tls.isTlsRequested() && !tls.hasFiles() && tlsName == null) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (tls.ca().isPresent()) {
        credentials.trustManager(tls.ca().get().toFile());
      }
      if (tls.certificate().isPresent() && tls.key().isPresent()) {
        Path key = tls.key().get();
        credentials.keyManager(tls.certificate().get().toFile(), key.toFile());
      }
    } catch (IOException e) {
      throw UserError.usage("ca, cert, key: " + e + " (expected: readable PEM files)");
    }
    return credentials.build();
  }

  /** Calls for somebody else than the channel is named after. */
  private record CallsOf(String authority) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return next.newCall(method, options.withAuthority(authority));
    }
  }
}
