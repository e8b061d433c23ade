package dev.holdfast.cli.call;

import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.gateway.schema.ReflectedSchema;
import dev.holdfast.gateway.schema.ReflectionException;
import dev.holdfast.gateway.schema.ReflectionException.ReflectionFailure;
import dev.holdfast.gateway.schema.ReflectionExchange;
import dev.holdfast.gateway.schema.ReflectionVersion;
import dev.holdfast.transcoding.schema.InvalidSchemaException;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The schema of a server's services.
 *
 * @param catalog the services whose descriptors are known
 * @param undescribed services that the server offers without knowing their descriptors
 */
record ServerSchema(ServiceCatalog catalog, List<String> undescribed) {
  @Limit(
      of = "time for a server's reflection, asked by `call`, `ls-methods` and `openapi`",
      then = "the command fails and says so")
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @Limit(of = "bytes of a file of --descriptor-set", then = "the file is refused")
  private static final long MAX_FILE_BYTES = 64L << 20;

  /** A schema from files that protoc wrote. */
  static ServerSchema ofFiles(List<Path> files) {
    ServiceCatalog all = ServiceCatalog.empty();
    for (Path file : files) {
      try {
        long size = Files.size(file);
        if (size > MAX_FILE_BYTES) {
          throw UserError.usage(
              "descriptor-set: %s has %d bytes (expected: <= %d)"
                  .formatted(file, size, MAX_FILE_BYTES));
        }
        all = all.with(ServiceCatalog.ofDescriptorSet(Files.readAllBytes(file)));
      } catch (IOException e) {
        throw UserError.usage(
            "descriptor-set: "
                + file
                + ": "
                + IoErrorText.of(e)
                + " (expected: a file of protoc --include_imports -o FILE)");
      } catch (InvalidSchemaException e) {
        throw UserError.usage("descriptor-set: " + file + ": " + e.getMessage());
      }
    }
    return new ServerSchema(all, List.of());
  }

  /**
   * Reads the schema of a server by gRPC server reflection.
   *
   * @param target the name of the server in error messages
   * @throws UserError when reflection fails
   */
  static ServerSchema ofServer(Channel channel, String target, Metadata headers)
      throws InterruptedException {
    try {
      ReflectedSchema reflected = ask(channel, headers);
      return new ServerSchema(reflected.catalog(), reflected.undescribed());
    } catch (ReflectionException e) {
      throw UserError.failed(target + ": " + e.getMessage());
    }
  }

  private static ReflectedSchema ask(Channel channel, Metadata headers)
      throws InterruptedException, ReflectionException {
    List<Status> refused = new ArrayList<>();
    Optional<ReflectionVersion> version = Optional.of(ReflectionVersion.V1);
    while (version.isPresent()) {
      Optional<ReflectedSchema> schema = ask(channel, version.get(), headers, refused);
      if (schema.isPresent()) {
        return schema.get();
      }
      version = version.get().older();
    }
    // What it said is shown: a gateway says that it wants to know whose reflection is meant.
    throw new ReflectionException(
        ReflectionFailure.UNSUPPORTED,
        "the server has no reflection: "
            + StatusText.line(refused.get(refused.size() - 1))
            + " (expected: its reflection service, --authority NAME of the service behind a"
            + " gateway, or --descriptor-set FILE of protoc --include_imports -o FILE)");
  }

  /**
   * Empty, with its answer added to {@code refused}, when the server does not know this version.
   */
  private static Optional<ReflectedSchema> ask(
      Channel channel, ReflectionVersion version, Metadata headers, List<Status> refused)
      throws InterruptedException, ReflectionException {
    CallOptions patience =
        CallOptions.DEFAULT.withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    ReflectionExchange exchange = new ReflectionExchange();
    try (RawCall call = new RawCall(channel, version.path().substring(1), patience, headers)) {
      Optional<byte[]> question = exchange.nextRequest();
      while (question.isPresent()) {
        boolean sent = call.send(question.get());
        byte[] answer = sent ? call.next() : null;
        if (answer == null) {
          Status status = call.status();
          if (status.getCode() == Status.Code.UNIMPLEMENTED) {
            refused.add(status);
            return Optional.empty();
          }
          throw new ReflectionException(
              ReflectionFailure.UNAVAILABLE, "reflection: " + StatusText.line(status));
        }
        exchange.onAnswer(answer);
        question = exchange.nextRequest();
      }
      call.halfClose();
      return Optional.of(exchange.schema());
    }
  }
}
