package dev.holdfast.cli.gateway;

import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.RequestTimeoutOption;
import dev.holdfast.cli.UserError;
import dev.holdfast.cli.control.AdminTokenOption;
import dev.holdfast.core.HostPort;
import dev.holdfast.core.IoErrorText;
import dev.holdfast.gateway.admin.AdminServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The {@code gateway status} command, which shows the services of a gateway and their calls. */
@Command(
    name = "status",
    description = {
      "Show the clusters, endpoints and routes of a running gateway, with rates and latencies."
    },
    footer = {
      "",
      "Rates and latencies are of the last ten seconds while the admin page is open somewhere,"
          + " else",
      "since the gateway began. Exit codes: 0 shown, 1 the gateway can't be asked, 2 the command"
          + " line",
      "makes no sense.",
      "",
      "  holdfast gateway status",
      "  holdfast gateway status 127.0.0.1:18002 --json"
    })
public final class GatewayStatusCommand implements Callable<Integer> {
  private static final int OK = 200;

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Parameters(
      arity = "0..1",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:" + AdminServer.PORT,
      description = "Its --admin address; ${DEFAULT-VALUE} by default.")
  private String target = "127.0.0.1:" + AdminServer.PORT;

  @Mixin private final AdminTokenOption token = new AdminTokenOption();

  @Mixin private final RequestTimeoutOption requestTimeout = new RequestTimeoutOption();

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    String state = ask(HostPort.parse(target), token.authorization(), requestTimeout.value());
    if (common.json()) {
      common.commandContext().out().println(state);
    } else {
      common.commandContext().out().print(GatewayStatusText.of(state));
    }
    return ExitCode.OK;
  }

  private static String ask(
      HostPort address, Optional<String> authorization, Duration requestTimeout)
      throws InterruptedException {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(URI.create("http://" + address + "/api/state"))
            .timeout(requestTimeout);
    authorization.ifPresent(value -> builder.header("authorization", value));
    HttpRequest request = builder.build();
    try {
      HttpResponse<String> answer =
          HttpClient.newBuilder()
              .connectTimeout(requestTimeout)
              .build()
              .send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != OK) {
        throw UserError.failed(
            "status: "
                + address
                + " answered "
                + answer.statusCode()
                + ": "
                + answer.body().strip());
      }
      return answer.body();
    } catch (ConnectException e) {
      // The client of the JDK gives no reason; this is the one that there nearly always is.
      throw UserError.failed(
          "status: "
              + address
              + ": nobody listens there (expected: the --admin address of a gateway)");
    } catch (IOException e) {
      throw UserError.failed(
          "status: "
              + address
              + ": "
              + IoErrorText.of(e)
              + " (expected: the --admin address of a gateway)");
    }
  }
}
