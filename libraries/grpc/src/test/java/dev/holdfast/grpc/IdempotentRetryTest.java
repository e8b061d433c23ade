package dev.holdfast.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IdempotentRetryTest {
  private final LoopbackTopology loopbackTopology = new LoopbackTopology();
  private final List<ResettingTcpRelay> wires = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (ResettingTcpRelay wire : wires) {
      wire.close();
    }
    loopbackTopology.close();
  }

  @Test
  void aCallOfAnIdempotentMethodIsSentAgainWhenItsConnectionDies() throws Exception {
    WordsService doomed = silent("doomed");
    ResettingTcpRelay wire = serveBehindWire(doomed);
    ManagedChannel channel = loopbackTopology.channel();
    Future<String> answer = callLater(channel, WordsService.GET);
    await().until(() -> doomed.gets.get() == 1);
    WordsService other = new WordsService("other");
    loopbackTopology.serve(other);
    wire.cut();
    assertThat(answer.get(40, TimeUnit.SECONDS)).isEqualTo("other");
    assertThat(doomed.gets.get()).isEqualTo(1);
    assertThat(count("holdfast.grpc.calls.retried")).isEqualTo(1);
  }

  @Test
  void aCallOfAnotherMethodIsNeverRepeatedAndTakesEffectOnce() throws Exception {
    WordsService doomed = silent("doomed");
    ResettingTcpRelay wire = serveBehindWire(doomed);
    ManagedChannel channel = loopbackTopology.channel();
    Future<String> answer = callLater(channel, WordsService.PLACE);
    await().until(() -> doomed.places.get() == 1);
    WordsService other = new WordsService("other");
    loopbackTopology.serve(other);
    wire.cut();
    assertThat(failure(answer).getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(doomed.places.get() + other.places.get()).isEqualTo(1);
    assertThat(count("holdfast.grpc.retries")).isZero();
  }

  @Test
  void aServerThatAnswersUnavailableIsNotAskedAgain() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) ->
            responses.onError(Status.UNAVAILABLE.withDescription("busy").asRuntimeException());
    loopbackTopology.serve(wordsService);
    assertThat(
            failure(callLater(loopbackTopology.channel(), WordsService.GET))
                .getStatus()
                .getDescription())
        .isEqualTo("busy");
    assertThat(wordsService.gets.get()).isEqualTo(1);
  }

  @Test
  void aServerThatAsksForItByPushbackIsAskedAgain() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) -> {
          if (wordsService.gets.get() == 1) {
            responses.onError(pushback("20"));
          } else {
            wordsService.answer(request, responses);
          }
        };
    loopbackTopology.serve(wordsService);
    assertThat(LoopbackTopology.call(loopbackTopology.channel(), WordsService.GET)).isEqualTo("a");
    assertThat(wordsService.gets.get()).isEqualTo(2);
  }

  @Test
  void aServerThatForbidsItByPushbackIsNotAskedAgain() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("-1"));
    loopbackTopology.serve(wordsService);
    assertThat(
            failure(callLater(loopbackTopology.channel(), WordsService.GET)).getStatus().getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(wordsService.gets.get()).isEqualTo(1);
    assertThat(refused("pushback")).isEqualTo(1);
  }

  @Test
  void attemptsAreCountedForTheServerAndBounded() throws Exception {
    WordsService wordsService = new WordsService("a");
    List<String> previous = new CopyOnWriteArrayList<>();
    wordsService.handler = (request, responses) -> responses.onError(pushback("0"));
    loopbackTopology.serve(wordsService, loopbackTopology.server().intercept(recording(previous)));
    assertThat(
            failure(callLater(loopbackTopology.channel(), WordsService.GET)).getStatus().getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(previous).containsExactly("none", "1", "2", "3");
    assertThat(refused("attempts")).isEqualTo(1);
  }

  @Test
  void aDeadlineThatIsTooNearForThePauseEndsTheCallAtOnce() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("60000"));
    loopbackTopology.serve(wordsService);
    assertThat(
            failure(callLater(loopbackTopology.channel(), WordsService.GET)).getStatus().getCode())
        .as("the server's word, not DEADLINE_EXCEEDED after a wait")
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(refused("deadline")).isEqualTo(1);
  }

  @Test
  void anOutageIsNotAmplifiedBeyondTheBudget() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("0"));
    loopbackTopology.serve(wordsService);
    RetryOptions options =
        new RetryOptions(
            2, new Backoff.BackoffOptions(Duration.ofMillis(1), Duration.ofMillis(1)), 5, 0.1);
    ManagedChannel channel =
        loopbackTopology.channel(loopbackTopology.builder().retryOptions(options));
    for (int i = 0; i < 100; i++) {
      assertThat(failure(callLater(channel, WordsService.GET)).getStatus().getCode())
          .isEqualTo(Status.Code.UNAVAILABLE);
    }
    assertThat(wordsService.gets.get()).isBetween(105, 116);
    assertThat(refused("budget")).isGreaterThan(80);
  }

  @Test
  void retriesCanBeSwitchedOff() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("0"));
    loopbackTopology.serve(wordsService);
    ManagedChannel channel =
        loopbackTopology.channel(loopbackTopology.builder().retryIdempotent(false));
    assertThat(failure(callLater(channel, WordsService.GET)).getStatus().getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(wordsService.gets.get()).isEqualTo(1);
  }

  @Test
  void cancellingDuringThePauseEndsTheCallAtOnce() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("60000"));
    loopbackTopology.serve(wordsService);
    PausedCall paused = pausedCall();

    paused.call().cancel("enough", null);

    assertThat(paused.end().get(60, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.CANCELLED);
    assertThat(wordsService.gets.get()).isEqualTo(1);
    assertThat(count("holdfast.grpc.retries")).isZero();
  }

  @Test
  void cancelledCallIsNotSentAgainAndEndsAsCancelledWhereNoConnectionIsLeft() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler = (request, responses) -> responses.onError(pushback("60000"));
    HoldfastServer server = loopbackTopology.serve(wordsService);
    PausedCall paused = pausedCall();
    server.shutdownNow().awaitTermination();
    await()
        .untilAsserted(
            () ->
                assertThat(
                        failure(callLater(paused.channel(), WordsService.PLACE))
                            .getStatus()
                            .getCode())
                    .isEqualTo(Status.Code.UNAVAILABLE));

    paused.call().cancel("enough", null);

    Status end = paused.end().get(60, TimeUnit.SECONDS);
    assertThat(end.getCode()).as("%s", end).isEqualTo(Status.Code.CANCELLED);
    assertThat(end.getDescription()).isEqualTo("enough");
  }

  @Test
  void theNextAttemptRunsInTheContextOfTheCaller() throws Exception {
    WordsService wordsService = new WordsService("a");
    wordsService.handler =
        (request, responses) -> {
          if (wordsService.gets.get() == 1) {
            responses.onError(pushback("1"));
          } else {
            wordsService.answer(request, responses);
          }
        };
    loopbackTopology.serve(wordsService);
    Context.Key<String> key = Context.key("user");
    List<String> users = new CopyOnWriteArrayList<>();
    ManagedChannel channel =
        loopbackTopology.channel(
            loopbackTopology
                .builder()
                .intercept(
                    new ClientInterceptor() {
                      @Override
                      public <Q, A> ClientCall<Q, A> interceptCall(
                          MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
                        users.add(String.valueOf(key.get()));
                        return next.newCall(method, options);
                      }
                    }));
    String answer =
        Context.current()
            .withValue(key, "jo")
            .call(() -> LoopbackTopology.call(channel, WordsService.GET));
    assertThat(answer).isEqualTo("a");
    assertThat(users).containsExactly("jo", "jo");
  }

  /**
   * A call whose first attempt has ended; the next one waits for what the server's pushback asks.
   */
  private record PausedCall(
      ManagedChannel channel, ClientCall<String, String> call, CompletableFuture<Status> end) {}

  private PausedCall pausedCall() throws Exception {
    CountDownLatch firstEnded = new CountDownLatch(1);
    ManagedChannel channel =
        loopbackTopology.channel(loopbackTopology.builder().intercept(new EndWatch(firstEnded)));
    // A list that a busy machine brings late would fail the call before its server can.
    var unused = channel.getState(true);
    await().until(() -> channel.getState(false) == ConnectivityState.READY);
    ClientCall<String, String> call = channel.newCall(WordsService.GET, CallOptions.DEFAULT);
    CompletableFuture<Status> end = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            end.complete(status);
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage("word");
    call.halfClose();
    assertThat(firstEnded.await(60, TimeUnit.SECONDS)).isTrue();
    return new PausedCall(channel, call, end);
  }

  private ResettingTcpRelay serveBehindWire(WordsService wordsService) throws Exception {
    return serveBehindWire(wordsService, loopbackTopology.server());
  }

  private ResettingTcpRelay serveBehindWire(
      WordsService wordsService, HoldfastServerBuilder builder) throws Exception {
    HoldfastServer server = loopbackTopology.serveUnregistered(wordsService, builder);
    ResettingTcpRelay wire = new ResettingTcpRelay(server.getPort());
    wires.add(wire);
    loopbackTopology.store.put(LoopbackTopology.WORDS, Endpoint.of("127.0.0.1:" + wire.port()));
    await().until(() -> !loopbackTopology.store.truth(LoopbackTopology.WORDS).isEmpty());
    return wire;
  }

  private static WordsService silent(String name) {
    WordsService wordsService = new WordsService(name);
    wordsService.handler = (request, responses) -> {};
    return wordsService;
  }

  /** Sees attempts end, beneath the retries. */
  private record EndWatch(CountDownLatch ended) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
        @Override
        public void start(Listener<A> listener, Metadata headers) {
          super.start(
              new SimpleForwardingClientCallListener<>(listener) {
                @Override
                public void onClose(Status status, Metadata trailers) {
                  super.onClose(status, trailers);
                  ended.countDown();
                }
              },
              headers);
        }
      };
    }
  }

  private static StatusRuntimeException pushback(String millis) {
    Metadata trailers = new Metadata();
    trailers.put(RetryDecision.PUSHBACK_MILLIS, millis);
    return Status.UNAVAILABLE.asRuntimeException(trailers);
  }

  private static ServerInterceptor recording(List<String> previous) {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String attempts = headers.get(RetriedCall.PREVIOUS_ATTEMPTS);
        previous.add(attempts == null ? "none" : attempts);
        return next.startCall(call, headers);
      }
    };
  }

  private static Future<String> callLater(
      ManagedChannel channel, MethodDescriptor<String, String> method) {
    return ClientCalls.futureUnaryCall(
        channel.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS)),
        "word");
  }

  private static StatusRuntimeException failure(Future<String> answer) throws Exception {
    try {
      throw new AssertionError("answered " + answer.get(40, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      return (StatusRuntimeException) Objects.requireNonNull(e.getCause());
    }
  }

  private double count(String meter) {
    return loopbackTopology.meters.find(meter).counters().stream()
        .mapToDouble(c -> c.count())
        .sum();
  }

  private double refused(String reason) {
    return loopbackTopology
        .meters
        .find("holdfast.grpc.retries.refused")
        .tag("reason", reason)
        .counters()
        .stream()
        .mapToDouble(c -> c.count())
        .sum();
  }
}
