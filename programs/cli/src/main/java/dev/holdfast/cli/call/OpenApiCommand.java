package dev.holdfast.cli.call;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.transcoding.http.HttpTranscoder;
import dev.holdfast.transcoding.http.openapi.DocumentTooLargeException;
import dev.holdfast.transcoding.http.openapi.OpenApiDocument;
import dev.holdfast.transcoding.http.openapi.OpenApiInfo;
import dev.holdfast.transcoding.schema.ServiceCatalog;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * The {@code openapi} command, which prints the OpenAPI document of a server's HTTP/JSON frontend.
 */
@Command(
    name = "openapi",
    description = {
      "Print the OpenAPI 3.1 document of the HTTP/JSON that the gateway makes of a server's gRPC"
          + " services, by its reflection or from a file of descriptors."
    },
    footer = {
      "",
      "Without TARGET the gateway of this machine is asked, 127.0.0.1:8080; of several services",
      "behind it --authority names one. With --descriptor-set nobody is asked; a file of protoc",
      "--include_source_info has the comments of the .proto, which become descriptions.",
      "What OpenAPI can't say is named on standard error and in the document's x-holdfast-omitted.",
      "Exit codes: 0 written, 1 the server can't be asked or the file not be written, 2 the"
          + " command",
      "line or the descriptors make no sense.",
      "",
      "  holdfast openapi 127.0.0.1:50051 -o openapi.json",
      "  holdfast openapi --descriptor-set orders.pb --server https://api.example"
    })
public final class OpenApiCommand implements Callable<Integer> {
  private static final int VERSION_DIGITS = 12;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final TargetOptions options = new TargetOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "TARGET",
      description =
          "The server: host:port, a service of the registry or a target of one, as resolve takes"
              + " them.")
  private String target = TargetOptions.GATEWAY;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "Where the document is written instead of standard output.")
  private @Nullable Path output;

  @Option(
      names = "--title",
      paramLabel = "TEXT",
      description = "The API's title; the names of its services by default.")
  private @Nullable String title;

  @Option(
      names = "--api-version",
      paramLabel = "TEXT",
      description = "The API's version; the beginning of its schema's hash by default.")
  private @Nullable String version;

  @Option(
      names = "--server",
      paramLabel = "URL",
      description = "Where the API is served, such as https://api.example; none by default.")
  private String server = "";

  @Option(
      names = "--annotated-only",
      description =
          "Leave POST /package.Service/Method out for methods that have google.api.http; it is"
              + " served either way.")
  private boolean annotatedOnly;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    if (!server.isEmpty() && !server.matches("(https?://[^/?#\\s]+[^?#\\s]*|/[^?#\\s]*)")) {
      throw UserError.usage(
          "server: \"" + server + "\" (expected: a URL such as https://api.example/v2, or a path)");
    }
    ServerSchema schema = options.schema(target);
    HttpTranscoder transcoder = HttpTranscoder.of(schema.catalog());
    OpenApiDocument document = document(transcoder);
    write(document.json());
    PrintWriter err = common.commandContext().err();
    transcoder.rejected().forEach(each -> err.println("holdfast: left out: " + each));
    document.omitted().forEach(each -> err.println("holdfast: left out: " + each));
    schema
        .undescribed()
        .forEach(
            name ->
                err.println("holdfast: " + name + ": offered, but the server has no descriptor"));
    return ExitCode.OK;
  }

  private OpenApiDocument document(HttpTranscoder transcoder) {
    ServiceCatalog catalog = transcoder.catalog();
    if (catalog.services().isEmpty()) {
      throw UserError.failed("openapi: no service (expected: at least one with its descriptor)");
    }
    String name = title == null ? String.join(", ", catalog.services()) : title;
    String hash = catalog.hash().substring(0, VERSION_DIGITS);
    OpenApiInfo info =
        OpenApiInfo.of(name, version == null ? hash : version)
            .withServer(server)
            .withByName(!annotatedOnly);
    try {
      return OpenApiDocument.of(transcoder, info);
    } catch (DocumentTooLargeException e) {
      throw UserError.usage("openapi: " + e.getMessage());
    }
  }

  private void write(byte[] json) {
    Path file = output;
    if (file == null) {
      common.commandContext().out().println(new String(json, StandardCharsets.UTF_8));
      return;
    }
    try {
      Files.write(file, json);
    } catch (IOException e) {
      throw UserError.failed(
          "output: " + file + ": " + IoErrorText.of(e) + " (expected: a file that can be written)");
    }
  }
}
