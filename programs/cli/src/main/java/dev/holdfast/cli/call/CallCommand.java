package dev.holdfast.cli.call;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.holdfast.cli.CommandContext;
import dev.holdfast.cli.CommonOptions;
import dev.holdfast.cli.ExitCode;
import dev.holdfast.cli.UserError;
import dev.holdfast.core.DurationText;
import dev.holdfast.core.annotation.Limit;
import dev.holdfast.transcoding.json.CodecBuffer;
import dev.holdfast.transcoding.json.CodecException;
import dev.holdfast.transcoding.json.JsonCodec;
import dev.holdfast.transcoding.json.JsonOptions;
import dev.holdfast.transcoding.json.MessageType;
import dev.holdfast.transcoding.json.SchemaTypes;
import dev.holdfast.transcoding.schema.RpcMethod;
import dev.holdfast.transcoding.schema.StreamingType;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The {@code call} command, which calls one method of a server with JSON. */
@Command(
    name = "call",
    description = {
      "Call a method with JSON and print what comes back, one line of JSON for each message. The"
          + " schema is the server's own, by reflection."
    },
    footer = {
      "",
      "Without TARGET the gateway of this machine is called, 127.0.0.1:8080; of several services",
      "behind it --authority names one. A failed call prints its status and details on standard",
      "error; with --json as a last line"
          + " {\"error\":{\"code\":..,\"message\":..,\"details\":[..]}}.",
      "Where the client streams, each line of -d is a message (standard input by default). Exit",
      "codes: 0 status OK, 1 another status or no such server or method, 2 the command line or the",
      "JSON makes no sense.",
      "",
      "  holdfast call 127.0.0.1:50051 holdfast.examples.v1.Orders/Get -d '{\"id\":\"7\"}'",
      "  holdfast call etcd://h1:2379/prod/orders holdfast.examples.v1.Orders/Get -d @order.json",
      "  holdfast call --authority orders holdfast.examples.v1.Orders/Get -d '{\"id\":\"7\"}'",
      "  holdfast call gate.example:8443 --tls --tls-name gate.example --authority orders"
          + " holdfast.examples.v1.Orders/Get"
    })
public final class CallCommand implements Callable<Integer> {
  @Limit(
      of = "time for a call that `call` makes where neither side streams",
      then = "it ends with DEADLINE_EXCEEDED, unless --timeout says more")
  private static final Duration UNARY_PATIENCE = Duration.ofSeconds(60);

  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration LONGEST = Duration.ofHours(24);

  @Mixin(name = CommonOptions.MIXIN)
  private final CommonOptions common = new CommonOptions();

  @Mixin private final TargetOptions options = new TargetOptions();

  @Parameters(
      arity = "1..2",
      paramLabel = "[TARGET] METHOD",
      hideParamSyntax = true,
      description =
          "The server: host:port, a service of the registry or a target of one, as resolve takes"
              + " them; then the method, package.Service/Method.")
  private List<String> words = List.of();

  @Option(
      names = "-d",
      paramLabel = "JSON",
      description = "The message: JSON, @FILE, or - for standard input; {} by default.")
  private @Nullable String data;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      description = "The call's deadline; 60s by default, none where a side streams.")
  private @Nullable String timeout;

  @Override
  public Integer call() throws InterruptedException {
    common.startLogging("OFF");
    String target = words.size() == 1 ? TargetOptions.GATEWAY : words.get(0);
    MethodName name = MethodName.parse(words.get(words.size() - 1));
    Optional<Duration> said = said();
    ManagedChannel channel = options.channel(target);
    try {
      ServerSchema schema = options.schema(channel, target);
      RpcMethod method = name.in(schema, target);
      Optional<Duration> patience =
          method.streamingType() == StreamingType.UNARY
              ? said.or(() -> Optional.of(UNARY_PATIENCE))
              : said;
      return exchange(channel, schema, method, patience);
    } finally {
      channel.shutdownNow();
    }
  }

  private Optional<Duration> said() {
    return Optional.ofNullable(timeout)
        .map(text -> DurationText.parse("timeout", text, SHORTEST, LONGEST));
  }

  private int exchange(
      ManagedChannel channel, ServerSchema schema, RpcMethod method, Optional<Duration> patience)
      throws InterruptedException {
    JsonCodec codec =
        JsonCodec.of(SchemaTypes.of(schema.catalog().typeFiles()))
            .with(JsonOptions.DEFAULT.withNearestNames(true));
    RequestMessages requests =
        RequestMessages.open(
            data, System.in, codec.type(method.input()), method.streamingType().clientStreams());
    // One message is read before there is a call, so that a bad one reaches nobody.
    Optional<byte[]> only =
        method.streamingType().clientStreams() ? Optional.empty() : requests.next();
    AtomicReference<UserError> bad = new AtomicReference<>();
    // The time of the call alone, without reflection and without the time in which the user types
    // the message.
    CallOptions deadline =
        patience
            .map(time -> CallOptions.DEFAULT.withDeadlineAfter(time.toMillis(), MILLISECONDS))
            .orElse(CallOptions.DEFAULT);
    try (RawCall call = new RawCall(channel, method.fullName(), deadline, options.headers())) {
      if (only.isPresent()) {
        call.send(only.get());
        call.halfClose();
      } else {
        feed(call, requests, bad);
      }
      print(call, codec.type(method.output()));
      UserError mistake = bad.get();
      if (mistake != null) {
        throw mistake;
      }
      return ended(call.status(), call.trailers(), codec);
    }
  }

  /** On a thread of its own, which may wait for standard input longer than the call lasts. */
  private static void feed(RawCall call, RequestMessages requests, AtomicReference<UserError> bad) {
    Thread feeder =
        new Thread(
            () -> {
              try {
                Optional<byte[]> next = requests.next();
                while (next.isPresent() && call.send(next.get())) {
                  next = requests.next();
                }
                call.halfClose();
              } catch (UserError e) {
                bad.set(e);
                call.close();
              } catch (InterruptedException e) {
                call.close();
              }
            },
            "holdfast-call-input");
    feeder.setDaemon(true);
    feeder.start();
  }

  private void print(RawCall call, MessageType type) throws InterruptedException {
    CodecBuffer json = new CodecBuffer();
    byte[] message = call.next();
    while (message != null) {
      try {
        type.toJson(message, 0, message.length, json.reset());
      } catch (CodecException e) {
        throw UserError.failed("the answer does not fit the schema: " + e.getMessage());
      }
      common
          .commandContext()
          .out()
          .println(new String(json.array(), 0, json.size(), StandardCharsets.UTF_8));
      message = call.next();
    }
  }

  private int ended(Status status, Metadata trailers, JsonCodec codec) {
    if (status.isOk()) {
      return ExitCode.OK;
    }
    CommandContext commandContext = common.commandContext();
    if (common.json()) {
      commandContext.out().println(StatusText.json(status, trailers, codec));
    } else {
      List<String> lines = StatusText.lines(status, trailers, codec);
      commandContext.err().println("holdfast: " + String.join(System.lineSeparator(), lines));
    }
    return ExitCode.FAILED;
  }
}
