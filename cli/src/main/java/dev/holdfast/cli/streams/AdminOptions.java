package dev.holdfast.cli.streams;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.HostPort;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a server with an admin service is reached. */
// picocli fills the fields.
@SuppressWarnings("UnusedVariable")
final class AdminOptions {
  @Option(
      names = "--tls",
      description = "Speak TLS; the server's certificate is checked. Default: plaintext.")
  private boolean tls;

  @Option(
      names = "--ca",
      paramLabel = "FILE",
      description = "PEM file of the authorities to trust instead of Java's; implies --tls.")
  private @Nullable File ca;

  @Option(
      names = "--cert",
      paramLabel = "FILE",
      description = "PEM file with the client's certificate; with --key; implies --tls.")
  private @Nullable File certificate;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "PEM file with the client's private key; with --cert.")
  private @Nullable File key;

  @Option(
      names = "--authority",
      paramLabel = "NAME",
      description = "What calls and TLS name as the host; the target by default.")
  private @Nullable String authority;

  /** A channel to the server, which connects with its first call. */
  ManagedChannel channel(HostPort server) {
    ManagedChannelBuilder<?> builder =
        Grpc.newChannelBuilderForAddress(server.host(), server.port(), credentials());
    if (authority != null) {
      builder.overrideAuthority(authority);
    }
    return builder.build();
  }

  private ChannelCredentials credentials() {
    if ((certificate == null) != (key == null)) {
      throw UserError.usage("--cert, --key: one of them (expected: both, or none)");
    }
    if (!tls && ca == null && certificate == null) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder credentials = TlsChannelCredentials.newBuilder();
    try {
      if (ca != null) {
        credentials.trustManager(ca);
      }
      if (certificate != null && key != null) {
        credentials.keyManager(certificate, key);
      }
    } catch (IOException e) {
      throw UserError.usage("--ca, --cert, --key: " + e + " (expected: readable PEM files)");
    }
    return credentials.build();
  }
}
