package dev.holdfast.cli;

import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.RegistryContext;
import dev.holdfast.core.ServiceTarget;
import dev.holdfast.core.discovery.Registries;
import dev.holdfast.core.tls.PemKeys;
import dev.holdfast.core.tls.ReloadableFiles;
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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.util.Base64;
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

  /** As {@link #channel(HostPort)}, with an interceptor of each call. */
  public ManagedChannel channel(HostPort server, ClientInterceptor interceptor) {
    return named(
        Grpc.newChannelBuilderForAddress(server.host(), server.port(), credentials())
            .intercept(interceptor));
  }

  /** The same in plaintext, whatever the options say. */
  public ManagedChannel plaintextChannel(HostPort server, ClientInterceptor interceptor) {
    return Grpc.newChannelBuilderForAddress(
            server.host(), server.port(), InsecureChannelCredentials.create())
        .intercept(interceptor)
        .build();
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
        byte[] signers = content("ca", tls.ca().get());
        PemKeys.certificates("ca: " + tls.ca().get(), signers);
        credentials.trustManager(new ByteArrayInputStream(signers));
      }
      if (tls.certificate().isPresent() && tls.key().isPresent()) {
        byte[] chain = content("cert", tls.certificate().get());
        PemKeys.certificates("cert: " + tls.certificate().get(), chain);
        PrivateKey key = PemKeys.key("key: " + tls.key().get(), content("key", tls.key().get()));
        credentials.keyManager(new ByteArrayInputStream(chain), pkcs8(key));
      }
    } catch (IOException e) {
      throw UserError.usage(String.valueOf(e.getMessage()));
    }
    return credentials.build();
  }

  private static byte[] content(String option, Path file) {
    try {
      return ReloadableFiles.content(file);
    } catch (IOException e) {
      throw UserError.usage(
          option + ": " + file + ": " + IoErrorText.of(e) + " (expected: a PEM file)");
    }
  }

  /** The only form that grpc-java reads. */
  private static InputStream pkcs8(PrivateKey key) {
    String text =
        "-----BEGIN PRIVATE KEY-----\n"
            + Base64.getMimeEncoder().encodeToString(key.getEncoded())
            + "\n-----END PRIVATE KEY-----\n";
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
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
