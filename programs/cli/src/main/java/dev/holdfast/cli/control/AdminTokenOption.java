package dev.holdfast.cli.control;

import dev.holdfast.admin.AdminAccess;
import dev.holdfast.cli.TokenFile;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option with the token for the admin address of another process. */
public final class AdminTokenOption {
  @Option(
      names = "--admin-token-file",
      paramLabel = "FILE",
      description = "A file with the token that it wants beyond loopback.")
  private @Nullable Path file;

  /**
   * The value of the header {@code authorization}; empty without a token.
   *
   * @throws dev.holdfast.cli.UserError when the file can't be read
   */
  public Optional<String> authorization() {
    return Optional.ofNullable(file)
        .map(path -> AdminAccess.SCHEME + TokenFile.read("admin-token-file", path));
  }

  /** Adds the header to calls, if there is a token. */
  ClientInterceptor interceptor() {
    Metadata headers = new Metadata();
    authorization().ifPresent(value -> headers.put(AdminAccess.AUTHORIZATION, value));
    return MetadataUtils.newAttachHeadersInterceptor(headers);
  }
}
