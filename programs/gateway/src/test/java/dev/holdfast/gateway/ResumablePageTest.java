package dev.holdfast.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.holdfast.gateway.greet.GreeterGrpc;
import dev.holdfast.gateway.greet.HelloReply;
import dev.holdfast.gateway.greet.HelloRequest;
import dev.holdfast.gateway.route.ResumePolicy;
import dev.holdfast.gateway.route.RouteOptions;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of docs/gateway/resume.md as it is written, in Node, behind a network that is cut. */
class ResumablePageTest {
  private static final Path PAGE =
      Path.of(System.getProperty("holdfast.root", "../.."), "docs/gateway/resume.md");
  private static final Pattern SCRIPT = Pattern.compile("```js\n(.*?)```", Pattern.DOTALL);
  private static final int MESSAGES = 400;
  private static final List<String> NODE =
      List.of("node", "--experimental-websocket", "--experimental-eventsource");

  @TempDir Path folder;

  private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
  private final GatewayRig rig = new GatewayRig();

  @AfterEach
  void close() {
    clock.shutdownNow();
    rig.close();
  }

  @Test
  void eachMessageIsShownOnceThroughAllCuts() throws Exception {
    assumeTrue(hasNode(), "Node with WebSocket and EventSource");
    rig.terms(RouteOptions.DEFAULT.withResume(ResumePolicy.DEFAULT)).threads(2);
    Gateway gateway =
        FrontendRig.open(rig, FrontendRig.KNOWN, rig.serve(new TickingGreetings(clock)));
    Files.writeString(folder.resolve("page.mjs"), script());
    try (InputStream harness = getClass().getResourceAsStream("/resume-page.mjs")) {
      Files.write(folder.resolve("harness.mjs"), Objects.requireNonNull(harness).readAllBytes());
    }
    String port = Integer.toString(gateway.address().getPort());
    Process node = start("harness.mjs", port, Integer.toString(MESSAGES));
    try {
      String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(node.waitFor()).as(said).isZero();
      assertThat(said).contains("RESULT lost=0 duplicated=0 begun=1 status=0 ");
    } finally {
      node.destroyForcibly();
    }
  }

  /** All scripts of the document, as one module. */
  private static String script() throws IOException {
    Matcher scripts = SCRIPT.matcher(Files.readString(PAGE));
    String all = scripts.results().map(each -> each.group(1)).collect(Collectors.joining("\n"));
    assertThat(all).contains("EventSource", "WebSocket");
    return all;
  }

  private boolean hasNode() throws InterruptedException {
    try {
      Process version = start("--version");
      version.getInputStream().readAllBytes();
      return version.waitFor() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private Process start(String... arguments) throws IOException {
    List<String> command =
        Stream.concat(NODE.stream(), Stream.of(arguments)).collect(Collectors.toList());
    return new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
  }

  /** A reply every 10 ms, and the name of each request as its reply. */
  private static final class TickingGreetings extends GreeterGrpc.GreeterImplBase {
    private final ScheduledExecutorService clock;

    TickingGreetings(ScheduledExecutorService clock) {
      this.clock = clock;
    }

    @Override
    public void sayMany(HelloRequest request, StreamObserver<HelloReply> answer) {
      ServerCallStreamObserver<HelloReply> stream = (ServerCallStreamObserver<HelloReply>) answer;
      AtomicInteger said = new AtomicInteger();
      var ticks = clock.scheduleAtFixedRate(() -> tick(stream, said), 0, 10, TimeUnit.MILLISECONDS);
      stream.setOnCancelHandler(() -> ticks.cancel(false));
    }

    private static void tick(ServerCallStreamObserver<HelloReply> stream, AtomicInteger said) {
      int number = said.incrementAndGet();
      if (number <= MESSAGES) {
        stream.onNext(HelloReply.newBuilder().setNumber(number).build());
      } else if (number == MESSAGES + 1) {
        stream.onCompleted();
      }
    }

    @Override
    public StreamObserver<HelloRequest> chat(StreamObserver<HelloReply> answer) {
      return new StreamObserver<>() {
        @Override
        public void onNext(HelloRequest request) {
          answer.onNext(HelloReply.newBuilder().setText(request.getName()).build());
        }

        @Override
        public void onError(Throwable failure) {
          // The gateway gave the stream up.
        }

        @Override
        public void onCompleted() {
          answer.onCompleted();
        }
      };
    }
  }
}
