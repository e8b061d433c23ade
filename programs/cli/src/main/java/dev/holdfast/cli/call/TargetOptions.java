package dev.holdfast.cli.call;

import dev.holdfast.cli.ChannelOptions;
import dev.holdfast.cli.RegistryOptions;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.HostPort;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of a call's target: the server, its headers, and the source of its schema. */
final class TargetOptions {
  /** The default listening address of {@code holdfast gateway}. */
  static final String GATEWAY = "127.0.0.1:8080";

  private static final Pattern HEADER_NAME = Pattern.compile("[0-9a-z_.-]{1,200}");

  @Mixin private final RegistryOptions registry = new RegistryOptions();

  @Mixin private final ChannelOptions channels = new ChannelOptions();

  @Option(
      names = "-H",
      paramLabel = "'KEY: VALUE'",
      description =
          "A header of the call and of reflection, several times; values of keys that end with -bin"
              + " are base64.")
  private List<String> headers = List.of();

  @Option(
      names = "--descriptor-set",
      paramLabel = "FILE",
      description =
          "Schema from a file of protoc --include_imports -o FILE, several times; the server's"
              + " reflection is not asked.")
  private List<Path> descriptorSets = List.of();

  /** A channel to a host and port, a service of the registry, or a target of one. */
  ManagedChannel channel(String target) {
    boolean host = !target.contains("://") && target.contains(":");
    return host
        ? channels.channel(HostPort.parse(target))
        : channels.channel(registry.target(target), registry.context());
  }

  /**
   * The schema of the target's services, from descriptor sets if given, else by reflection over the
   * channel.
   */
  ServerSchema schema(ManagedChannel channel, String target) throws InterruptedException {
    return descriptorSets.isEmpty()
        ? ServerSchema.ofServer(channel, target, headers())
        : ServerSchema.ofFiles(descriptorSets);
  }

  /**
   * The schema of the target's services. Opens a channel for reflection only when no descriptor set
   * is given.
   */
  ServerSchema schema(String target) throws InterruptedException {
    if (!descriptorSets.isEmpty()) {
      return ServerSchema.ofFiles(descriptorSets);
    }
    ManagedChannel channel = channel(target);
    try {
      return schema(channel, target);
    } finally {
      channel.shutdownNow();
    }
  }

  /** Headers as they were given. */
  Metadata headers() {
    Metadata metadata = new Metadata();
    for (String header : headers) {
      int colon = header.indexOf(':', 1);
      String name = colon < 0 ? "" : header.substring(0, colon).strip().toLowerCase(Locale.ROOT);
      if (!HEADER_NAME.matcher(name).matches() || name.startsWith("grpc-")) {
        throw UserError.usage(
            "H: \""
                + (colon < 0 ? header : name)
                + "\" (expected: KEY: VALUE, the key of a-z 0-9 _ . - and not grpc-..)");
      }
      String value = header.substring(colon + 1).strip();
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        metadata.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), decoded(name, value));
      } else {
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
      }
    }
    return metadata;
  }

  private static byte[] decoded(String name, String value) {
    try {
      return Base64.getDecoder().decode(value);
    } catch (IllegalArgumentException e) {
      throw UserError.usage("H: " + name + ": " + e.getMessage() + " (expected: base64)");
    }
  }
}
